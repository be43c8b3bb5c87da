"""Access that an approval opened: the grant, its seals, its links, and every download."""

from __future__ import annotations

import uuid
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


class AnySeal(models.Model):
    """What a password and the salts of members are derived from. Nothing derived is stored."""

    seal_id = models.CharField(max_length=32, unique=True, help_text="random, 128 bits in hex; never a database key")
    number = models.PositiveIntegerField(default=1, help_text="raised only by a new password or key change")
    key_number = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Seal(AnySeal):
    """A person's own seal under a grant."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "person"], condition=models.Q(ended_at=None), name="one_running_seal"
            )
        ]

    def __str__(self) -> str:
        return f"seal of {self.grant_id}"


class GenerationState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    SEALING = "sealing", _("being sealed")
    READY = "ready", _("ready")
    FAILED = "failed", _("failed")
    RETIRED = "retired", _("retired")


class Generation(AnySeal):
    """A shared seal: one sealed object of an archive in the delivery store, under one password for all.

    `ended_at` is set when the next generation takes its place; passwords and `trace` go on knowing it.
    """

    archive = models.ForeignKey("Archive", on_delete=models.PROTECT, related_name="+")
    generation = models.PositiveIntegerField(help_text="1, 2, ... of this archive")
    state = models.CharField(max_length=10, choices=GenerationState.choices, default=GenerationState.WAITING)
    object_key = models.CharField(max_length=120, help_text="name in the delivery store")
    upload = models.TextField(blank=True, help_text="the store's name of the upload that is under way")
    done = models.BigIntegerField(default=0, help_text="bytes sealed and stored so far")
    checked = models.BigIntegerField(default=0, help_text="bytes read back and compared so far")
    sha256 = models.CharField(max_length=64, blank=True, help_text="of the sealed bytes, once they are all stored")
    trouble = models.TextField(blank=True, help_text="what went wrong, as a person should read it")
    asked_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    claimed_until = models.DateTimeField(null=True, help_text="a worker is at it until then")
    due_at = models.DateTimeField(default=now, help_text="not to be taken up before")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="tries since a part was stored last")
    ready_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True, help_text="when its object was deleted")

    class Meta:
        ordering = ["archive", "-generation"]
        constraints = [
            models.UniqueConstraint(fields=["archive", "generation"], name="generation_once"),
            models.UniqueConstraint(fields=["archive"], condition=models.Q(state="ready"), name="one_ready_generation"),
        ]

    def __str__(self) -> str:
        return f"generation {self.generation} of {self.archive_id}"


class MemberState(models.TextChoices):
    INVITED = "invited", _("invited")
    JOINED = "joined", _("joined")
    LEFT = "left", _("left")
    REMOVED = "removed", _("removed")
    WITHDRAWN = "withdrawn", _("invitation withdrawn")


class GrantMember(models.Model):
    """Someone of the holder's site who uses the data under the same grant, with a seal and links of their own."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    email = models.EmailField()
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=MemberState.choices, default=MemberState.INVITED)
    nonce = models.CharField(max_length=32, unique=True, help_text="the invitation's address carries a tag over it")
    key_number = models.PositiveSmallIntegerField()
    invited_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField(default=now)
    person = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, null=True, related_name="+", help_text="as accepted")
    joined_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True, help_text="why the member was removed, as they read it")
    reason_salt = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["grant", "invited_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "email"], condition=models.Q(ended_at=None), name="grant_member_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} under {self.grant_id}"

    @property
    def display_name(self) -> str:
        return self.name or (self.person.name if self.person else "") or self.email


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
