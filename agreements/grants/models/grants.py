"""A grant, and what suspends it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class GrantState(models.TextChoices):
    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")


class Grant(models.Model):
    """`state` is written by `lifecycle.py` alone."""

    reference = models.CharField(max_length=20, unique=True)
    application = models.OneToOneField("Application", on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    holder_name = models.CharField(max_length=120, help_text="as on the agreement")
    organization = models.CharField(max_length=200)
    site: models.JSONField[dict[str, str], Any] = models.JSONField(default=dict)
    subsets: models.ManyToManyField[Any, Any] = models.ManyToManyField("Subset", related_name="+")
    state = models.CharField(max_length=10, choices=GrantState.choices, default=GrantState.ACTIVE)
    starts_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["dataset", "state"]), models.Index(fields=["state", "ends_at"])]

    def __str__(self) -> str:
        return self.reference


class Suspension(models.Model):
    """A cause for which a grant is suspended; it resumes when all are closed."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    reason_salt = models.CharField(max_length=32)
    opened_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.cause} on {self.grant_id}"
