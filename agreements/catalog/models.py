"""What is released, under which terms, and who looks after it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class Access(models.TextChoices):
    OPEN = "open", _("open")
    AGREEMENT = "agreement", _("by agreement")
    ANNOUNCED = "announced", _("announced")


class SealKind(models.TextChoices):
    NONE = "none", _("not sealed")
    PERSONAL = "personal", _("personal seal")
    SHARED = "shared", _("shared seal")


class Role(models.TextChoices):
    STEWARD = "steward", _("steward")
    REVIEWER = "reviewer", _("reviewer")
    AUDITOR = "auditor", _("auditor")


class Dataset(models.Model):
    """A dataset as its folder describes it; docs/datasets.md explains each key of `dataset.toml`."""

    slug = models.SlugField(unique=True)
    reference_prefix = models.CharField(max_length=4, unique=True, help_text="first part of references: GB")
    title = models.CharField(max_length=120)
    tagline = models.CharField(max_length=200, blank=True)
    summary = models.TextField()
    organization = models.CharField(max_length=200, help_text="the lab that releases it")
    contact_address = models.EmailField()
    copy_addresses: models.JSONField[list[str], Any] = models.JSONField(default=list)
    mail_subject = models.CharField(max_length=120, help_text="subject of mailed agreements")
    citation = models.TextField(blank=True)
    homepage = models.URLField(blank=True)
    statistics: models.JSONField[list[dict[str, str]], Any] = models.JSONField(default=list)
    annotations: models.JSONField[list[dict[str, str]], Any] = models.JSONField(default=list)
    layout = models.TextField(blank=True, help_text="the folder tree, as text")
    preview = models.CharField(max_length=200, blank=True, help_text="key of the preview picture in the vault")
    preview_alt = models.CharField(max_length=200, blank=True)
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    reviewers_decide_on_own_organization = models.BooleanField(default=True)
    link_lifetime_hours = models.PositiveIntegerField(default=168)
    grant_days = models.PositiveIntegerField(null=True, help_text="none: until the lab ends it")
    draft_days = models.PositiveIntegerField(default=90, help_text="drafts lapse after this many days")
    expected_wait_days = models.PositiveSmallIntegerField(default=7)
    max_members = models.PositiveSmallIntegerField(default=10)
    withdrawn_at = models.DateTimeField(null=True)
    source_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class Terms(models.Model):
    """One immutable version of the agreement's text. `clauses`: [{"id", "heading", "paragraphs": [...]}]."""

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    effective_from = models.DateField()
    clauses: models.JSONField[list[dict[str, Any]], Any] = models.JSONField()
    source = models.TextField(help_text="the file as loaded")
    sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["dataset", "-effective_from", "-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "version"], name="terms_version_once")]

    def __str__(self) -> str:
        return f"{self.dataset_id} terms {self.version}"

    def clause(self, clause_id: str) -> dict[str, Any]:
        """Return a clause by its id; raises KeyError."""
        by_id: dict[str, dict[str, Any]] = {clause["id"]: clause for clause in self.clauses}
        return by_id[clause_id]


class Subset(models.Model):
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="+")
    slug = models.SlugField()
    title = models.CharField(max_length=120)
    summary = models.TextField(blank=True)
    access = models.CharField(max_length=12, choices=Access.choices)
    announced_for = models.DateField(null=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["dataset", "position"]
        constraints = [models.UniqueConstraint(fields=["dataset", "slug"], name="subset_slug_once")]

    def __str__(self) -> str:
        return self.title


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
