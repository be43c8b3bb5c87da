"""Files that are evidence: the agreements we issued and the signed copies that came back."""

from __future__ import annotations

from django.db import models

from agreements.core.clock import now


class StoredDocument(models.Model):
    """A file in the private store, byte for byte, by its SHA-256. Never presigned, never executed."""

    store_key = models.CharField(max_length=120, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="bytes")
    media_type = models.CharField(max_length=60, default="application/pdf")
    created_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.sha256[:12]


class IssuedAgreement(models.Model):
    """An agreement form filled in for an application. The number goes up each time the data changed."""

    document = models.OneToOneField(StoredDocument, on_delete=models.PROTECT, related_name="+")
    application_reference = models.CharField(max_length=40)
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, related_name="+")
    issue_number = models.PositiveIntegerField()
    page_count = models.PositiveSmallIntegerField()
    form_sha256 = models.CharField(max_length=64, help_text="of the data that it was made from")
    key_number = models.PositiveSmallIntegerField(help_text="master key of its QR codes")
    issued_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application_reference", "issue_number"], name="agreement_issue_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.application_reference} issue {self.issue_number}"


class PageImage(models.Model):
    """A page of an uploaded document as a PNG made by `inspect`, for the reviewer's eyes."""

    document = models.ForeignKey(StoredDocument, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveSmallIntegerField()
    store_key = models.CharField(max_length=120)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        ordering = ["document", "number"]
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="page_image_once")]

    def __str__(self) -> str:
        return f"page {self.number}"
