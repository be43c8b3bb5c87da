"""Erasing a person from procedures: what concerned them alone goes, of what concerned others too their name."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from agreements.core import erased
from agreements.core.erased import Named
from agreements.documents.models import StoredDocument
from agreements.ledger.erased import cut_texts, digests_of
from agreements.revocation.models import (
    AffectedGrant,
    Destruction,
    DestructionState,
    Procedure,
    ScopeKind,
)

# What a procedure of this scope is called names a person, or may.
_NAMES_A_PERSON = (ScopeKind.GRANT, ScopeKind.PERSON)


def awaited(person_pk: int) -> QuerySet[Destruction]:
    """Return what a person still has to destroy, or to attest."""
    due = Destruction.objects.filter(person=person_pk, state=DestructionState.DUE)
    return due.select_related("affected__grant", "affected__procedure")


def awaited_under(grant_pk: int) -> bool:
    """Return whether anybody still has to destroy copies that they had under a grant."""
    return Destruction.objects.filter(affected__grant=grant_pk, state=DestructionState.DUE).exists()


def procedures_of(person_pk: int) -> list[Procedure]:
    """Return the procedures that reached a person: their grants, or their part in others'."""
    reached = AffectedGrant.objects.filter(Q(grant__holder=person_pk) | Q(member__person=person_pk))
    owed = Destruction.objects.filter(person=person_pk)
    keys = {*reached.values_list("procedure", flat=True), *owed.values_list("affected__procedure", flat=True)}
    return list(Procedure.objects.filter(pk__in=keys).order_by("pk"))


def certificates_of(person_pk: int) -> list[StoredDocument]:
    """Return the certificates that name a person.

    Of the end of their grants or their part in others', of destruction by them and, since they name the holder, by the
    members of their grants.
    """
    ends = AffectedGrant.objects.filter(Q(grant__holder=person_pk) | Q(member__person=person_pk))
    owed = Destruction.objects.filter(Q(person=person_pk) | Q(affected__grant__holder=person_pk))
    keys = {*ends.values_list("certificate", flat=True), *owed.values_list("certificate", flat=True)}
    return list(StoredDocument.objects.filter(pk__in=keys - {None}))


def own_certificates_of(person_pk: int) -> list[StoredDocument]:
    """Return the certificates that were made for a person: of the end of what was theirs, of destruction by them."""
    ends = AffectedGrant.objects.filter(_of(person_pk)).values_list("certificate", flat=True)
    owed = Destruction.objects.filter(person=person_pk).values_list("certificate", flat=True)
    return list(StoredDocument.objects.filter(pk__in={*ends, *owed} - {None}).order_by("pk"))


def erase(procedure: Procedure, *, person_pk: int, who: Named) -> set[str]:
    """Erase a person from a procedure that reached them; return the digests that nothing opens any more."""
    digests = _cut_scope(procedure, who)
    if _reached_others(procedure, person_pk):
        return digests | _cut(procedure, who)
    digests |= digests_of((procedure.reason, procedure.reason_salt), (procedure.lift_reason, procedure.lift_salt))
    procedure.reason = procedure.reason_salt = procedure.lift_reason = procedure.lift_salt = ""
    procedure.scope_label = erased.WORD if procedure.scope in _NAMES_A_PERSON else who.cut(procedure.scope_label)
    procedure.save(update_fields=["reason", "reason_salt", "lift_reason", "lift_salt", "scope_label"])
    return digests


def cut_domains(domains: Collection[str]) -> set[str]:
    """Cut domains that are called after a person out of procedures; return the digests that nothing opens any more."""
    rows = Procedure.objects.filter(scope=ScopeKind.DOMAIN, scope_value__in=domains)
    digests = digests_of(*rows.values_list("scope_value", "scope_salt"))
    for row in rows:
        row.scope_label = row.scope_label.replace(row.scope_value, erased.WORD)
        row.scope_value, row.scope_salt = erased.WORD, ""
        row.save(update_fields=["scope_label", "scope_value", "scope_salt"])
    return digests


def erase_attestations(person_pk: int, *, who: Named) -> set[str]:
    """Erase what a person attested, and why they were excused; return the digests that nothing opens any more.

    From what the members of their grants attested, their name goes.
    """
    owed = Destruction.objects.filter(person=person_pk)
    digests = digests_of(*owed.values_list("statement", "text_salt"), *owed.values_list("remark", "text_salt"))
    owed.update(signed_name="", statement="", remark="", text_salt="")
    of_members = Destruction.objects.filter(affected__grant__holder=person_pk).exclude(person=person_pk)
    for row in of_members:
        digests |= _cut_attestation(row, who)
    return digests


def _of(person_pk: int) -> Q:
    return Q(grant__holder=person_pk, member=None) | Q(member__person=person_pk)


def _reached_others(procedure: Procedure, person_pk: int) -> bool:
    return AffectedGrant.objects.filter(procedure=procedure).exclude(_of(person_pk)).exists()


def _cut_scope(procedure: Procedure, who: Named) -> set[str]:
    """An organization and a site may be called after a person; what is stored is in small letters."""
    if procedure.scope not in {ScopeKind.ORGANIZATION, ScopeKind.SITE}:
        return set()
    value = who.cut_key(procedure.scope_value)
    if value == procedure.scope_value:
        return set()
    digests = digests_of((procedure.scope_value, procedure.scope_salt))
    procedure.scope_value, procedure.scope_salt = value, ""
    procedure.scope_label = who.cut_key(procedure.scope_label)
    procedure.save(update_fields=["scope_value", "scope_salt", "scope_label"])
    return digests


def _cut_attestation(row: Destruction, who: Named) -> set[str]:
    """One salt is for both texts: if one is cut, the digest of neither opens any more."""
    before = digests_of((row.statement, row.text_salt), (row.remark, row.text_salt))
    statement, remark = who.cut(row.statement, parts=True), who.cut(row.remark, parts=True)
    if (statement, remark) == (row.statement, row.remark):
        return set()
    row.statement, row.remark, row.text_salt = statement, remark, ""
    row.save(update_fields=["statement", "remark", "text_salt"])
    return before


def _cut(procedure: Procedure, who: Named) -> set[str]:
    digests: set[str] = set()
    for text, salt in (("reason", "reason_salt"), ("lift_reason", "lift_salt"), ("scope_label", "")):
        digests |= cut_texts([procedure], text=text, salt=salt, who=who, parts=True)
    return digests
