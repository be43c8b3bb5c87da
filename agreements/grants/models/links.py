"""Links, and what was refused to them."""

from __future__ import annotations

from django.db import models

from agreements.core.clock import now
from agreements.grants.models.grants import Grant
from agreements.grants.models.seals import Seal


class Link(models.Model):
    """A time-limited address for one archive and one person. The address holds `link_id` and its derived tag."""

    link_id = models.CharField(max_length=32, unique=True, help_text="random, 128 bits in hex")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="+")
    archive = models.ForeignKey("Archive", on_delete=models.PROTECT, related_name="+")
    key_number = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=now)
    first_sent_at = models.DateTimeField(null=True, help_text="the lifetime starts here when it was mailed")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["grant", "archive"])]

    def __str__(self) -> str:
        return f"link to {self.archive_id}"


class LinkRefusal(models.Model):
    """That a link was refused, and why (`downloads.refusals.Why`): what a steward answers a puzzled researcher from."""

    link = models.ForeignKey(Link, on_delete=models.CASCADE, related_name="+")
    why = models.CharField(max_length=20)
    times = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField(default=now)
    last_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "why"], name="refusal_once")]

    def __str__(self) -> str:
        return f"{self.why}, {self.times} times"
