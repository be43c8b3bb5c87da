"""Writing a procedure down, whoever begins it: its row, what it reached, what is then owed, its row of the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from agreements.catalog.models import Dataset
from agreements.core.actors import Actor
from agreements.core.clock import now, today
from agreements.core.references import REVOCATION, free_reference
from agreements.core.wakeups import Wakeup, poke
from agreements.ledger.act import Act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.revocation.hits import Hits
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, describe

_AT_ONCE: Final = 500
_NAMED_IN_THE_RECORD: Final[Mapping[str, str]] = {
    ScopeKind.GRANT: "grant",
    ScopeKind.PERSON: "person",
}
_AS_PEOPLE_WROTE: Final = frozenset({ScopeKind.ORGANIZATION, ScopeKind.SITE, ScopeKind.DOMAIN})
"""Their values may be a person's name: the record has a digest of them, which destroying the salt erases."""


def destroy_by(dataset: Dataset) -> dt.date:
    """Return the day by which copies have to be destroyed if access ends today."""
    return today() + dt.timedelta(days=dataset.destroy_days)


def create(scope: Scope, act: ProcedureAct, *, clause_id: str, reason: str, by: Actor) -> Procedure:
    """Return a new procedure. `scope` is one that `normal` returned; a suspension asks nobody to destroy anything."""
    return Procedure.objects.create(
        reference=free_reference(Procedure.objects.all(), prefix=scope.dataset.reference_prefix, kind=REVOCATION),
        dataset=scope.dataset,
        act=act,
        scope=scope.kind,
        scope_value=scope.value,
        scope_salt=new_salt() if scope.kind in _AS_PEOPLE_WROTE else "",
        scope_label=describe(scope)[:300],
        clause_id=clause_id,
        reason=reason,
        reason_salt=new_salt(),
        begun_by_id=by.pk,
        begun_at=now(),
        destroy_by=None if act == ProcedureAct.SUSPEND else destroy_by(scope.dataset),
    )


def write_down(procedure: Procedure, found: Hits, *, was: str = "") -> None:
    """Write down what a procedure reached and what each person then owes.

    The state that a grant has now is kept as the one before, or `was` where it has changed already.
    """
    affected = [
        AffectedGrant(
            procedure=procedure,
            grant=hit.grant,
            subset=hit.subset,
            member=hit.member,
            state_before=was or hit.grant.state,
        )
        for hit in found.grants
    ]
    AffectedGrant.objects.bulk_create(affected, batch_size=_AT_ONCE)
    if procedure.destroy_by is None:
        return
    owed = [
        Destruction(affected=reached, person=person, due_on=procedure.destroy_by)
        for reached, hit in zip(affected, found.grants, strict=True)
        for person in {each.pk: each for each in hit.people}.values()
    ]
    Destruction.objects.bulk_create(owed, batch_size=_AT_ONCE)
    poke(Wakeup.CERTIFICATES)


def record_begun(
    record: Act, procedure: Procedure, found: Hits, *, by: Actor, as_role: str, about: Mapping[str, str] | None = None
) -> None:
    """Record that it began; `about`: what the row is about beside the procedure and whom it names."""
    digested = procedure.scope in _AS_PEOPLE_WROTE
    named = procedure.scope if digested else f"{procedure.scope} {procedure.scope_value}".strip()
    record.record(
        Kind.PROCEDURE_BEGUN,
        by=by,
        as_role=as_role,
        subjects={
            "procedure": procedure.reference,
            "dataset": procedure.dataset.slug,
            **_subject(procedure),
            **(about or {}),
        },
        act=str(procedure.act),
        scope=named,
        scope_digest=text_digest(procedure.scope_value, salt=procedure.scope_salt) if digested else "",
        grants=found.count,
        people=found.people,
        clause=procedure.clause_id,
        destroy_by=procedure.destroy_by.isoformat() if procedure.destroy_by else None,
        reason_digest=text_digest(procedure.reason, salt=procedure.reason_salt),
    )


def _subject(procedure: Procedure) -> dict[str, str]:
    named = _NAMED_IN_THE_RECORD.get(procedure.scope)
    return {named: procedure.scope_value} if named else {}
