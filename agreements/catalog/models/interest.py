"""Who wants to be told when an announced subset opens, and what was decided when it did."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models.datasets import Subset
from agreements.core.clock import now


class Interest(models.Model):
    """A person's wish to be told when a subset opens. It ends when they take it back, or once they were told."""

    subset = models.ForeignKey(Subset, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subset", "person"], condition=models.Q(ended_at=None), name="one_running_interest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.subset_id}"


class OpeningChoice(models.TextChoices):
    UPGRADE = "upgrade", _("those who have access get it at once")
    ASK = "ask", _("those who have access are asked")


class Opening(models.Model):
    """An announced subset opened; what becomes of running access under the same terms waits for the steward."""

    subset = models.OneToOneField(Subset, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=now)
    choice = models.CharField(max_length=10, choices=OpeningChoice.choices, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"opening of {self.subset_id}"
