"""Every download, who streams it, and what is kept of the tags that took a pass over a member."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now
from agreements.grants.models.grants import Grant
from agreements.grants.models.links import Link
from agreements.grants.models.seals import Generation, Seal


class DeliveryProcess(models.Model):
    """A process that streams. What it opened and did not close is settled once it has been silent for long."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    started_at = models.DateTimeField(default=now)
    seen_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"delivery {self.id}"


class DownloadOpened(models.Model):
    """Insert-only: written and committed before the first byte leaves. `link` is None for an open archive."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    process = models.UUIDField(help_text="the DeliveryProcess that streams it")
    grant = models.ForeignKey(Grant, on_delete=models.DO_NOTHING, null=True, related_name="+")
    link = models.ForeignKey(Link, on_delete=models.DO_NOTHING, null=True, related_name="+")
    archive = models.ForeignKey("Archive", on_delete=models.DO_NOTHING, related_name="+")
    generation = models.ForeignKey(Generation, on_delete=models.DO_NOTHING, null=True, related_name="+")
    at = models.DateTimeField(default=now)
    range_start = models.BigIntegerField()
    range_stop = models.BigIntegerField(help_text="exclusive")

    class Meta:
        indexes = [models.Index(fields=["grant", "at"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"download {self.id}"


class DownloadRunning(models.Model):
    """There while a download has an `opened` row and no `closed` one, so that counting those reads only them."""

    opened = models.OneToOneField(DownloadOpened, primary_key=True, on_delete=models.DO_NOTHING, related_name="+")
    process = models.UUIDField(help_text="the DeliveryProcess that streams it")
    seal = models.ForeignKey(Seal, on_delete=models.DO_NOTHING, null=True, related_name="+", help_text="whose it is")
    at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.opened_id} is running"


class DownloadEnd(models.TextChoices):
    DONE = "done", _("complete")
    CLIENT_GONE = "client-gone", _("stopped by the client")
    REVOKED = "revoked", _("cut: access ended")
    NO_DATABASE = "no-database", _("cut: the database was out of reach")
    ERROR = "error", _("failed")
    HANDED_OVER = "handed-over", _("handed over to the object store")
    UNKNOWN = "unknown", _("not known")


class DownloadClosed(models.Model):
    """Insert-only: how a download ended, and how much of it left."""

    opened = models.OneToOneField(DownloadOpened, primary_key=True, on_delete=models.DO_NOTHING, related_name="+")
    at = models.DateTimeField(default=now)
    bytes_sent = models.BigIntegerField(null=True, help_text="none: not known")
    seconds = models.FloatField(null=True, help_text="none: not known")
    how = models.CharField(max_length=12, choices=DownloadEnd.choices)

    class Meta:
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.opened_id}: {self.how}"


class StoredTag(models.Model):
    """The authentication tag of an archive's member that took a pass over it; part of the archive, not a secret."""

    seal = models.ForeignKey(Seal, on_delete=models.CASCADE, related_name="+")
    archive = models.ForeignKey("Archive", on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(help_text="the seal's number and key number when it was made: with others")
    key_number = models.PositiveSmallIntegerField(help_text="it is another tag")
    member = models.PositiveIntegerField(help_text="the member's number in the index")
    tag = models.BinaryField(max_length=10)
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seal", "archive", "member", "number", "key_number"], name="tag_once")
        ]

    def __str__(self) -> str:
        return f"tag of member {self.member}"


class TagPass(models.Model):
    """A pass over an archive's member for its tag. `bytes_read` is set when it ends.

    Each person has a budget of them under a grant, whichever seal they have had: see `downloads/quota.py`.
    """

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="+")
    process = models.UUIDField(help_text="the DeliveryProcess that makes it")
    archive = models.ForeignKey("Archive", on_delete=models.PROTECT, related_name="+")
    member = models.PositiveIntegerField()
    at = models.DateTimeField(default=now)
    bytes_planned = models.BigIntegerField()
    bytes_read = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["grant", "at"])]

    def __str__(self) -> str:
        return f"pass over member {self.member}"
