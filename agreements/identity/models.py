"""What the steward says about domains. The packaged lists are read from their packages, not stored."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class Verdict(models.TextChoices):
    ALLOW = "allow", _("institutional")
    REVIEW = "review", _("look closely")
    DENY = "deny", _("not accepted")


class DomainRule(models.Model):
    """Longest suffix wins; among equals deny beats review beats allow."""

    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    suffix = models.CharField(max_length=253)
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    reason = models.TextField()
    reason_salt = models.CharField(max_length=32)
    author = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.suffix}: {self.verdict}"
