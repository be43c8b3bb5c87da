"""Files that are evidence: the agreements we issued and the signed copies that came back."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class Form(models.TextChoices):
    PDF = "pdf", _("a PDF")
    PAPERS = "papers", _("several files as they were sent, in one archive")


class StoredDocument(models.Model):
    """A file in the private store, byte for byte, by its SHA-256. Never presigned, never executed."""

    store_key = models.CharField(max_length=120, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(help_text="bytes")
    form = models.CharField(max_length=10, choices=Form.choices, default=Form.PDF)
    created_at = models.DateTimeField(default=now)
    erased_at = models.DateTimeField(null=True, help_text="since when nobody is given it; it stays known by its hash")
    removed_at = models.DateTimeField(null=True, help_text="when its file and its pages' pictures were deleted")

    class Meta:
        indexes = [models.Index(fields=["sha256"])]

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
    certified_with = models.ForeignKey("SigningCertificate", on_delete=models.PROTECT, null=True, related_name="+")
    places: models.JSONField[dict[str, list[float]], Any] = models.JSONField(
        default=dict,
        help_text="boxes to sign and fill in, to show crops of: name to page, x, y, width, height (`places.py`)",
    )
    issued_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application_reference", "issue_number"], name="agreement_issue_once")
        ]

    def __str__(self) -> str:
        return f"{self.application_reference} issue {self.issue_number}"


class MailedPaper(models.Model):
    """A PDF that came with a message; it may become a signed copy, too."""

    document = models.OneToOneField(StoredDocument, on_delete=models.PROTECT, related_name="+")
    mail = models.ForeignKey("InboundMail", on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"paper of mail {self.mail_id}"


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


class InspectionState(models.TextChoices):
    PENDING = "pending", _("being looked at")
    OK = "ok", _("opened")
    REFUSED = "refused", _("cannot be accepted")
    FAILED = "failed", _("could not be opened")


class Inspection(models.Model):
    """What `inspect` found in an uploaded document: a due row until it is settled.

    `pages`: [{"number", "width", "height", "codes": [str]}]; `reason` is a sentence for the person who sent it.
    """

    document = models.OneToOneField(StoredDocument, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=InspectionState.choices, default=InspectionState.PENDING)
    reason = models.TextField(blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    pages: models.JSONField[list[dict[str, Any]], Any] = models.JSONField(default=list)
    flags: models.JSONField[list[str], Any] = models.JSONField(default=list)
    fields: models.JSONField[dict[str, str], Any] = models.JSONField(
        default=dict, help_text="what is typed into its form fields, by name"
    )
    judgement: models.JSONField[dict[str, Any], Any] = models.JSONField(
        default=dict, help_text="what became of our certification and who signed (see `judgement.py`)"
    )
    original = models.ForeignKey(
        StoredDocument, on_delete=models.PROTECT, null=True, related_name="+", help_text="the agreement it should be"
    )
    assembled = models.ForeignKey(
        StoredDocument, on_delete=models.PROTECT, null=True, related_name="+", help_text="several files as one PDF"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now, help_text="when it may be taken up (again)")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "due_at"])]

    def __str__(self) -> str:
        return f"inspection of {self.document_id}: {self.state}"
