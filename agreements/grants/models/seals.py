"""Seals: a person's own, and the generations of archives that are sealed once for all."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now
from agreements.grants.models.grants import Grant


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
