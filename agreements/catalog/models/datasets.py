"""What is released, and under which terms."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class Access(models.TextChoices):
    OPEN = "open", _("open")
    AGREEMENT = "agreement", _("by agreement")
    ANNOUNCED = "announced", _("announced")


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
    destroy_days = models.PositiveSmallIntegerField(default=14, help_text="copies are destroyed within, after an end")
    address_days = models.PositiveIntegerField(null=True, default=365, help_text="addresses are proven again after")
    forget_days = models.PositiveIntegerField(null=True, help_text="what led to no access is erased after; none: kept")
    copy_years = models.PositiveSmallIntegerField(null=True, help_text="signed copies are erased after; none: kept")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawal_reason = models.TextField(blank=True, help_text="why it was withdrawn, or then offered again")
    withdrawal_salt = models.CharField(max_length=32, blank=True)
    shut_at = models.DateTimeField(null=True, help_text="restored from a backup, and not reconciled by a steward yet")
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
