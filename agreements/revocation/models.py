"""Ending access before its time, and following it up."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now


class ProcedureAct(models.TextChoices):
    REVOKE = "revoke", _("revocation")
    SUSPEND = "suspend", _("suspension")
    MOVE = "move", _("end after a move")
    CLOSE = "close", _("end by its holder")


class ScopeKind(models.TextChoices):
    """What a procedure names; `Procedure.scope_value` says which one."""

    GRANT = "grant", _("one access")  # its reference
    PERSON = "person", _("a person")  # their public id: grants that they hold, and memberships
    ORGANIZATION = "organization", _("an organization, by its name")  # Grant.organization_key
    DOMAIN = "domain", _("an organization, by its addresses")  # a domain: it and all below it
    SITE = "site", _("a site")  # Grant.site_key
    SUBSET = "subset", _("a subset")  # its slug
    TERMS = "terms", _("a version of the terms")  # its version
    DATASET = "dataset", _("the whole dataset")  # nothing


class Procedure(models.Model):
    """One act that ended or suspended everything that its scope named, in one transaction, and what follows from it."""

    reference = models.CharField(max_length=20, unique=True)
    dataset = models.ForeignKey("Dataset", on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=10, choices=ProcedureAct.choices)
    scope = models.CharField(max_length=14, choices=ScopeKind.choices)
    scope_value = models.CharField(max_length=253, blank=True)
    scope_salt = models.CharField(max_length=32, blank=True, help_text="of its digest in the record, if it has one")
    scope_label = models.CharField(max_length=300, blank=True, help_text="in words, as it was then")
    clause_id = models.CharField(max_length=60)
    reason = models.TextField()
    reason_salt = models.CharField(max_length=32)
    begun_by = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(default=now)
    destroy_by = models.DateField(null=True, help_text="none for a suspension")
    lifted_at = models.DateTimeField(null=True, help_text="suspensions only")
    lifted_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    lift_reason = models.TextField(blank=True)
    lift_salt = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["-begun_at", "-id"]
        indexes = [models.Index(fields=["dataset", "begun_at"])]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_in_force(self) -> bool:
        """Return whether it is a suspension that was not lifted. Agrees with `queries.IN_FORCE`."""
        return self.act == ProcedureAct.SUSPEND and self.lifted_at is None


class AffectedGrant(models.Model):
    """A grant that a procedure reached: all of it, one subset of it (`subset`), or one member's part (`member`)."""

    procedure = models.ForeignKey(Procedure, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey("Grant", on_delete=models.PROTECT, related_name="+")
    subset = models.ForeignKey("Subset", on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey("GrantMember", on_delete=models.PROTECT, null=True, related_name="+")
    state_before = models.CharField(max_length=10, help_text="the grant's state when it was reached")
    certificate = models.ForeignKey(
        "StoredDocument", on_delete=models.PROTECT, null=True, related_name="+", help_text="of the end; drawn later"
    )
    certificate_due_at = models.DateTimeField(default=now, help_text="when drawing it may be taken up (again)")

    class Meta:
        ordering = ["procedure", "grant", "id"]
        indexes = [
            models.Index(fields=["grant"]),
            models.Index(fields=["certificate_due_at"], condition=models.Q(certificate=None), name="certificate_due"),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id} under {self.procedure_id}"


class DestructionState(models.TextChoices):
    DUE = "due", _("awaited")
    ATTESTED = "attested", _("attested")
    EXCUSED = "excused", _("excused by the steward")


class Destruction(models.Model):
    """What one person owes after an end: to destroy their copies, and to say so."""

    affected = models.ForeignKey(AffectedGrant, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey("User", on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=DestructionState.choices, default=DestructionState.DUE)
    signed_name = models.CharField(max_length=200, blank=True)
    statement = models.TextField(blank=True, help_text="what was attested, word for word")
    remark = models.TextField(blank=True, help_text="what the person added, or why a steward excused them")
    text_salt = models.CharField(max_length=32, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("User", on_delete=models.PROTECT, null=True, related_name="+")
    certificate = models.ForeignKey("StoredDocument", on_delete=models.PROTECT, null=True, related_name="+")
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True, help_text="when the stewards were told that it is overdue")

    class Meta:
        ordering = ["due_on", "id"]
        indexes = [models.Index(fields=["state", "due_on"])]
        constraints = [models.UniqueConstraint(fields=["affected", "person"], name="destruction_once")]

    def __str__(self) -> str:
        return f"destruction by {self.person_id}, due {self.due_on}"
