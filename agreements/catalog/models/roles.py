"""Who looks after a dataset."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models.datasets import Dataset
from agreements.core.clock import now


class Role(models.TextChoices):
    STEWARD = "steward", _("steward")
    REVIEWER = "reviewer", _("reviewer")
    AUDITOR = "auditor", _("auditor")


class RoleAssignment(models.Model):
    """Who holds which role for a dataset, from when to when."""

    user = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=Role.choices)
    given_at = models.DateTimeField(default=now)
    given_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "dataset", "role"], condition=models.Q(ended_at=None), name="role_held_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role}"


class StaffInvitation(models.Model):
    """An invitation to a role; the address in the mail carries a tag made from `nonce` and the master key."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices)
    nonce = models.CharField(max_length=32, unique=True)
    key_number = models.PositiveSmallIntegerField()
    invited_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    def is_open(self, at: dt.datetime) -> bool:
        return self.accepted_at is None and at < self.expires_at
