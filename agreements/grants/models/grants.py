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


class ClosedFor(models.TextChoices):
    """Why an expired grant can never be renewed."""

    MOVED = "moved", _("the holder moved to another institution")
    DECLINED = "declined", _("the holder no longer uses it")


class Grant(models.Model):
    """`state` is written by `lifecycle.py` alone."""

    reference = models.CharField(max_length=20, unique=True)
    application = models.OneToOneField("Application", on_delete=models.PROTECT, related_name="+")
    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, related_name="+")
    holder = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    holder_name = models.CharField(max_length=120, help_text="as on the agreement")
    organization = models.CharField(max_length=200)
    organization_key = models.CharField(max_length=200, default="", db_index=True, help_text="see `places.py`")
    site_key = models.CharField(max_length=200, default="", db_index=True, help_text="see `places.py`")
    site: models.JSONField[dict[str, str], Any] = models.JSONField(default=dict)
    subsets: models.ManyToManyField[Any, Any] = models.ManyToManyField("Subset", related_name="+")
    state = models.CharField(max_length=10, choices=GrantState.choices, default=GrantState.ACTIVE)
    starts_at = models.DateTimeField(default=now)
    ends_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    closed_for = models.CharField(max_length=10, choices=ClosedFor.choices, blank=True)
    address_proven_at = models.DateTimeField(default=now, help_text="when the holder's mailbox was last proven for it")
    imported_at = models.DateTimeField(null=True, help_text="brought in from the time before this portal")
    confirmed_at = models.DateTimeField(null=True, help_text="when an imported holder accepted the terms here")

    class Meta:
        ordering = ["-starts_at"]
        indexes = [models.Index(fields=["dataset", "state"]), models.Index(fields=["state", "ends_at"])]

    def __str__(self) -> str:
        return self.reference


class Cause(models.TextChoices):
    """What suspends a grant by a known word; a steward's own word is stored as it is."""

    ADDRESS = "address"
    """Until the holder proves the address again."""
    UNCONFIRMED = "unconfirmed"
    """Until the holder of what was brought in confirms it."""
    TERMS = "terms"
    """Until the holder agrees to the new terms."""
    PROCEDURE = "procedure"
    """Until the procedure, which says why, is lifted."""


class Suspension(models.Model):
    """A cause for which a grant is suspended; it resumes when all are closed."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=40)
    reason = models.TextField(blank=True)
    reason_salt = models.CharField(max_length=32)
    procedure = models.CharField(max_length=20, blank=True, help_text="reference of the procedure that it is part of")
    opened_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True)
    close_reason = models.TextField(blank=True)
    close_salt = models.CharField(max_length=32, blank=True)

    class Meta:
        indexes = [models.Index(fields=["procedure"])]

    def __str__(self) -> str:
        return f"{self.cause} on {self.grant_id}"


class TakenSubset(models.Model):
    """A subset that a procedure took from a grant that keeps others; the grant's `subsets` no longer has it."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    subset = models.ForeignKey("Subset", on_delete=models.PROTECT, related_name="+")
    procedure = models.CharField(max_length=20, help_text="reference of the procedure that took it")
    taken_at = models.DateTimeField(default=now)
    given_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["procedure"])]
        constraints = [
            models.UniqueConstraint(
                fields=["grant", "subset"], condition=models.Q(given_back_at=None), name="subset_taken_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subset_id} taken from {self.grant_id}"


class SubsetOffer(models.Model):
    """A subset that opened later, offered to the holder of a running grant: theirs once they accept."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    subset = models.ForeignKey("Subset", on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(default=now)
    answered_at = models.DateTimeField(null=True)
    is_accepted = models.BooleanField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant", "subset"], name="subset_offered_once")]

    def __str__(self) -> str:
        return f"{self.subset_id} offered to {self.grant_id}"


class Renewal(models.Model):
    """A grant's time was prolonged, by its holder, who said what for. `use` is read by the dataset's staff."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    renewed_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    renewed_at = models.DateTimeField(default=now)
    previous_end = models.DateTimeField()
    new_end = models.DateTimeField(null=True)
    use = models.TextField()
    use_salt = models.CharField(max_length=32)

    class Meta:
        ordering = ["grant", "renewed_at"]

    def __str__(self) -> str:
        return f"renewal of {self.grant_id}"


class GrantNotice(models.Model):
    """That a notice was mailed once: which kind of mail, and about which end or due date."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    about = models.CharField(max_length=40, help_text="the moment that it tells of, in ISO 8601")
    sent_at = models.DateTimeField(default=now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["grant", "kind", "about"], name="notice_once")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.grant_id}"
