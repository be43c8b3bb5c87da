"""A person's request for a dataset, what they submitted, and what was decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class State(models.TextChoices):
    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("in review")
    RETURNED = "returned", _("returned for changes")
    APPROVED = "approved", _("approved")
    DECLINED = "declined", _("declined")
    WITHDRAWN = "withdrawn", _("withdrawn")
    LAPSED = "lapsed", _("lapsed")


class Application(models.Model):
    """`state` is written by `transition.py` alone."""

    reference = models.CharField(max_length=20, unique=True)
    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, related_name="+")
    applicant = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    name = models.CharField(_("full name"), max_length=120, blank=True)
    organization = models.CharField(_("organization"), max_length=200, blank=True)
    position = models.CharField(_("position"), max_length=120, blank=True)
    email = models.EmailField(_("institutional e-mail address"))
    address_line1 = models.CharField(_("address"), max_length=200, blank=True)
    address_line2 = models.CharField(_("address, second line"), max_length=200, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text="ISO 3166-1 alpha-2")
    site_department = models.CharField(_("department or laboratory"), max_length=200, blank=True)
    site_city = models.CharField(_("city of the site"), max_length=120, blank=True)
    site_country = models.CharField(_("country of the site"), max_length=2, blank=True)
    intended_use = models.TextField(_("intended use"), blank=True)
    created_at = models.DateTimeField(default=now)
    updated_at = models.DateTimeField(default=now)
    submitted_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    imported_at = models.DateTimeField(null=True, help_text="brought in from the time before this portal")
    erased_at = models.DateTimeField(null=True, help_text="when what the applicant wrote was erased")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["dataset", "state", "submitted_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "applicant"],
                condition=models.Q(state__in=["draft", "submitted", "returned"]),
                name="one_running_application",
            )
        ]

    def __str__(self) -> str:
        return self.reference


class ApplicationMember(models.Model):
    """A colleague at the same site who is to work with the data and is bound by the terms."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["application", "email"], name="member_once")]

    def __str__(self) -> str:
        return self.name


class SignedCopy(models.Model):
    """The agreement as it came back. A newer one replaces it; none is ever deleted by that."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    document = models.ForeignKey("StoredDocument", on_delete=models.PROTECT, related_name="+")
    original_name = models.CharField(max_length=200)
    mail = models.ForeignKey(
        "InboundMail", on_delete=models.PROTECT, null=True, related_name="+", help_text="the message that brought it"
    )
    received_at = models.DateTimeField(default=now)
    replaced_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.original_name


class Manner(models.TextChoices):
    DRAWN = "drawn", _("drawn")
    TYPED = "typed", _("typed")


class BrowserSignature(models.Model):
    """How a signed copy was signed in the browser. `strokes`: [[[x, y], ...], ...] in a box of 1000 by 300."""

    signed_copy = models.OneToOneField(SignedCopy, on_delete=models.PROTECT, related_name="+")
    issued = models.ForeignKey("IssuedAgreement", on_delete=models.PROTECT, related_name="+")
    manner = models.CharField(max_length=10, choices=Manner.choices)
    name = models.CharField(max_length=120, help_text="as printed under the signature")
    strokes: models.JSONField[list[list[list[int]]], Any] = models.JSONField(default=list)
    clauses: models.JSONField[list[str], Any] = models.JSONField(help_text="ids of the clauses that were ticked")
    email = models.EmailField(help_text="to which the code went that confirmed it")
    network_address = models.GenericIPAddressField(null=True)
    signed_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return f"{self.manner} signature of copy {self.signed_copy_id}"

    @property
    def moment(self) -> str:
        """When it was signed, in words: in UTC, as on the signature page."""
        return gettext("%(moment)s UTC") % {"moment": date_format(self.signed_at.astimezone(dt.UTC), "j F Y, H:i")}

    @property
    def in_words(self) -> str:
        """Who signed when and how, as a sentence; the name may have been erased since."""
        said = {"name": self.name, "moment": self.moment}
        if self.manner == Manner.DRAWN:
            return gettext("Signed in the browser by %(name)s on %(moment)s, drawn.") % said
        return gettext("Signed in the browser by %(name)s on %(moment)s, typed.") % said


class Submission(models.Model):
    """What was handed in, frozen: the form, the signed copy, the terms."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    form: models.JSONField[dict[str, Any], Any] = models.JSONField()
    form_sha256 = models.CharField(max_length=64)
    signed_copy = models.ForeignKey(SignedCopy, on_delete=models.PROTECT, related_name="+")
    terms = models.ForeignKey("Terms", on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["application", "number"]
        constraints = [models.UniqueConstraint(fields=["application", "number"], name="submission_number_once")]

    def __str__(self) -> str:
        return f"submission {self.number}"


class EvidenceState(models.TextChoices):
    PENDING = "pending", _("being gathered")
    COMPLETE = "complete", _("complete")
    UNKNOWN = "unknown", _("could not be gathered")


class EvidenceRun(models.Model):
    """One gathering of evidence for a submission. Running again makes a new row; the earlier one stays.

    `findings`: [{"check", "outcome", "summary", "details"}]; `digest` is over them and names what a reviewer saw.
    """

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=EvidenceState.choices, default=EvidenceState.PENDING)
    findings: models.JSONField[list[dict[str, Any]], Any] = models.JSONField(default=list)
    sources: models.JSONField[dict[str, str], Any] = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=now, help_text="when it may be taken up (again)")
    created_at = models.DateTimeField(default=now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["submission", "number"]
        indexes = [models.Index(fields=["state", "due_at"])]
        constraints = [models.UniqueConstraint(fields=["submission", "number"], name="evidence_run_once")]

    def __str__(self) -> str:
        return f"evidence {self.number} of submission {self.submission_id}"


class DecisionKind(models.TextChoices):
    APPROVE = "approve", _("approve")
    RETURN = "return", _("return for changes")
    DECLINE = "decline", _("decline")


class Decision(models.Model):
    """What one reviewer decided on one submission, with the evidence that was on the screen.

    Approvals are rows: where a dataset asks for two, the first leaves the application in review, and its author
    may still return or decline.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=DecisionKind.choices)
    reviewer = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    reason_salt = models.CharField(max_length=32)
    evidence_digest = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "reviewer"], condition=models.Q(kind="approve"), name="one_approval_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.application_id}"


class Visibility(models.TextChoices):
    APPLICANT = "applicant", _("the applicant and reviewers")
    REVIEWERS = "reviewers", _("reviewers only")


class Remark(models.Model):
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    text_salt = models.CharField(max_length=32)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.REVIEWERS)
    written_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"remark on {self.application_id}"
