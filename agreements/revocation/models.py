"""The ending of a grant before its time."""

from __future__ import annotations

from django.db import models

from agreements.core.clock import now


class Revocation(models.Model):
    """Which clause, why, by whom, when, and until when the copies must be destroyed."""

    reference = models.CharField(max_length=20, unique=True)
    grant = models.OneToOneField("Grant", on_delete=models.PROTECT, related_name="+")
    clause_id = models.CharField(max_length=60)
    reason = models.TextField()
    reason_salt = models.CharField(max_length=32)
    revoked_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(default=now)
    destroy_by = models.DateField()

    def __str__(self) -> str:
        return self.reference
