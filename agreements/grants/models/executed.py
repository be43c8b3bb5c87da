"""The agreement that both sides signed: made once for each grant, after the approval."""

from __future__ import annotations

from django.db import models

from agreements.core.clock import now


class ExecutedAgreement(models.Model):
    """A due row until its document is drawn; then never drawn again."""

    grant = models.OneToOneField("Grant", on_delete=models.PROTECT, related_name="+")
    document = models.OneToOneField("StoredDocument", on_delete=models.PROTECT, null=True, related_name="+")
    original_sha256 = models.CharField(max_length=64, blank=True, help_text="of the signed copy as it came")
    certified_with = models.ForeignKey("SigningCertificate", on_delete=models.PROTECT, null=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now, help_text="when it may be taken up (again)")
    made_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["made_at", "due_at"])]

    def __str__(self) -> str:
        return f"executed agreement of {self.grant_id}"
