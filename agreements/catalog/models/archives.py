"""Archives, and how they come to be published."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models.datasets import Subset
from agreements.core.clock import now


class SealKind(models.TextChoices):
    NONE = "none", _("not sealed")
    PERSONAL = "personal", _("personal seal")
    SHARED = "shared", _("shared seal")


class Archive(models.Model):
    """One version of a downloadable file. `digest` is the SHA-256 of its canonical index (see `sealing.index`)."""

    subset = models.ForeignKey(Subset, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120, help_text="file name as downloaded, such as train40.zip")
    version = models.PositiveIntegerField()
    seal = models.CharField(max_length=10, choices=SealKind.choices, default=SealKind.PERSONAL)
    digest = models.CharField(max_length=64)
    pack_key = models.CharField(max_length=120, help_text="vault key of the pack")
    index_key = models.CharField(max_length=120, help_text="vault key of the index")
    pack_sha256 = models.CharField(max_length=64)
    pack_size = models.BigIntegerField()
    plain_size = models.BigIntegerField()
    sealed_size = models.BigIntegerField()
    member_count = models.PositiveIntegerField()
    published_at = models.DateTimeField(default=now)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.TextField(blank=True)
    withdrawal_salt = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["subset", "name", "-version"]
        constraints = [models.UniqueConstraint(fields=["subset", "name", "version"], name="archive_version_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Upload(models.Model):
    """A zip that a steward's browser sends piece by piece; the bytes lie in the inbox under `id` until published."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    subset = models.ForeignKey(Subset, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=255)
    size = models.BigIntegerField(help_text="bytes, as the browser announced")
    received = models.BigIntegerField(default=0)
    created_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=now)
    touched_at = models.DateTimeField(default=now)
    removed_at = models.DateTimeField(null=True, help_text="when its bytes were deleted")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name


class JobState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    STOPPED = "stopped", _("stopped")


class PublishJob(models.Model):
    """A publishing asked for on the desk; a worker does it. `source` is a name in the inbox unless `upload` is set."""

    subset = models.ForeignKey(Subset, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=255, blank=True)
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120, help_text="file name as downloaded")
    seal = models.CharField(max_length=10, choices=SealKind.choices)
    previewed = models.CharField(max_length=64, blank=True, help_text="digest of what the asker was shown")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.WAITING)
    phase = models.CharField(max_length=20, blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    trouble = models.TextField(blank=True, help_text="what went wrong, as a person should read it")
    stop_asked = models.BooleanField(default=False)
    asked_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=now)
    claimed_until = models.DateTimeField(null=True, help_text="a worker is at it until then")
    attempts = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True)
    archive = models.ForeignKey(Archive, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"publishing {self.name}"
