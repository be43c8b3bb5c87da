"""Beginning a procedure: everything that its scope names ends, or is suspended, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.bars import barring
from agreements.catalog import holding, withdrawing
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.clock import now, today
from agreements.core.errors import Invalid, MovedOn
from agreements.core.references import REVOCATION, free_reference
from agreements.core.wakeups import Wakeup, poke
from agreements.grants import lifecycle
from agreements.grants.grounds import Grounds
from agreements.grants.members import ending as members
from agreements.grants.models import Grant
from agreements.ledger.act import Act, new_salt, text_digest
from agreements.ledger.act import act as transaction
from agreements.ledger.kinds import Kind
from agreements.people.models import User
from agreements.revocation import hits
from agreements.revocation.hits import Hits
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, describe, normal, person_of

_AT_ONCE: Final = 500
_RECENT: Final = dt.timedelta(hours=1)
_NAMED_IN_THE_RECORD: Final[Mapping[str, str]] = {
    ScopeKind.GRANT: "grant",
    ScopeKind.PERSON: "person",
    ScopeKind.DOMAIN: "domain",
}


@dataclass(frozen=True, slots=True)
class BarWish:
    """Whom a procedure bars from applying as well, with its own reason: the person it names, or a domain."""

    person: bool = False
    domain: str = ""
    until: dt.datetime | None = None


def begin(
    *,
    scope: Scope,
    act: ProcedureAct,
    clause_id: str,
    reason: str,
    by: Actor,
    expected: int,
    bar: BarWish | None = None,
    withdraw_dataset: bool = False,
) -> Procedure:
    """Revoke or suspend everything that a scope hits, and return the procedure.

    With the commit links and passwords stop and running downloads are cut; notices are queued, bars set, and what
    everybody owes is written down. Raises NotAllowed (not a steward of the dataset, or own access among what is hit),
    Invalid (scope, clause, reason, bar), NotPossible if nothing is hit, MovedOn if it is not the `expected` number of
    hits any more; then nothing has happened.
    """
    standing = check_may(Permission.END_ACCESS, dataset=scope.dataset, by=by)
    named = _checked(scope, act, reason, bar=bar, withdraw_dataset=withdraw_dataset)
    with transaction() as record:
        found = _locked(named, act, expected=expected)
        procedure = _create(named, act, clause_id=clause_id, reason=reason.strip(), by=by)
        _grounds(procedure).check(hit.grant.terms for hit in found.grants)
        _record_begun(record, procedure, found, by=by, standing=standing)
        # The states as they were: what follows changes them.
        note(procedure, found)
        _carry_out(found, procedure, by=by)
        if bar is not None:
            _bar(named, procedure, bar, by=by)
        if withdraw_dataset and scope.dataset.withdrawn_at is None:
            withdrawing.withdraw_dataset(dataset=scope.dataset, reason=procedure.reason, by=by)
    return procedure


def note(procedure: Procedure, found: Hits) -> None:
    """Write down what a procedure reached, in which state it was, and what each person then owes."""
    affected = [
        AffectedGrant(
            procedure=procedure, grant=hit.grant, subset=hit.subset, member=hit.member, state_before=hit.grant.state
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


def _checked(scope: Scope, act: ProcedureAct, reason: str, *, bar: BarWish | None, withdraw_dataset: bool) -> Scope:
    if act not in hits.REACHED:
        raise ValueError(f"{act}: nobody begins this by a scope")
    if not reason.strip():
        raise Invalid(_("Give the reason: the researcher reads it in the notice."), field="reason")
    if withdraw_dataset and (scope.kind != ScopeKind.DATASET or act != ProcedureAct.REVOKE):
        raise Invalid(_("Only ending all access withdraws the dataset."), field="withdraw_dataset")
    if bar is not None and bar.person and scope.kind not in {ScopeKind.PERSON, ScopeKind.GRANT}:
        raise Invalid(_("No single person is named here who could be barred."), field="bar")
    return normal(scope)


def _locked(scope: Scope, act: ProcedureAct, *, expected: int) -> Hits:
    """Return the hits, their grants locked. Raises MovedOn, NotPossible."""
    holding.hold(scope.dataset.pk)
    before = hits.hit_by(scope, act=act)
    lifecycle.lock_all(before.pks)
    found = hits.hit_by(scope, act=act)
    if found.pks - before.pks or found.count != expected:
        _check_still_there(scope, found, expected)
        raise MovedOn(_("What is hit has changed since you looked."), changes=_changes(scope, found, expected))
    hits.check_any(found, scope)
    return found


def _check_still_there(scope: Scope, found: Hits, expected: int) -> None:
    """Of one access there is nothing to compare: it says by itself why it cannot be ended any more."""
    if scope.kind == ScopeKind.GRANT and expected == 1:
        hits.check_any(found, scope)


def _changes(scope: Scope, found: Hits, expected: int) -> tuple[str, ...]:
    number = ngettext(
        "%(now)d access is hit now; when you looked it was %(then)d.",
        "%(now)d accesses are hit now; when you looked it was %(then)d.",
        found.count,
    )
    changes = [number % {"now": found.count, "then": expected}]
    recent = Procedure.objects.filter(dataset=scope.dataset, begun_at__gt=now() - _RECENT)
    for procedure in recent.select_related("begun_by"):
        words = _("%(procedure)s was begun by %(who)s: %(act)s, %(scope)s.")
        changes.append(
            words
            % {
                "procedure": procedure.reference,
                "who": procedure.begun_by.display_name,
                "act": procedure.get_act_display(),
                "scope": procedure.scope_label,
            }
        )
    return tuple(changes)


def _create(scope: Scope, act: ProcedureAct, *, clause_id: str, reason: str, by: Actor) -> Procedure:
    ends = act == ProcedureAct.REVOKE
    return Procedure.objects.create(
        reference=free_reference(Procedure.objects.all(), prefix=scope.dataset.reference_prefix, kind=REVOCATION),
        dataset=scope.dataset,
        act=act,
        scope=scope.kind,
        scope_value=scope.value,
        scope_label=describe(scope)[:300],
        clause_id=clause_id,
        reason=reason,
        reason_salt=new_salt(),
        begun_by_id=by.pk,
        begun_at=now(),
        destroy_by=today() + dt.timedelta(days=scope.dataset.destroy_days) if ends else None,
    )


def _grounds(procedure: Procedure) -> Grounds:
    return Grounds(
        procedure.reference, procedure.clause_id, procedure.reason, procedure.reason_salt, procedure.destroy_by
    )


def _carry_out(found: Hits, procedure: Procedure, *, by: Actor) -> None:
    grounds = _grounds(procedure)
    whole = [hit.grant for hit in found.grants if hit.is_whole]
    if procedure.act == ProcedureAct.REVOKE:
        lifecycle.revoke_all(grants=whole, grounds=grounds, by=by)
    else:
        lifecycle.suspend_all(grants=whole, grounds=grounds, by=by)
    by_subset = [hit for hit in found.grants if hit.subset is not None]
    for subset in {hit.subset for hit in by_subset if hit.subset is not None}:
        lifecycle.take_subset(
            grants=[hit.grant for hit in by_subset], subset=subset, cause=procedure.act, grounds=grounds, by=by
        )
    parts = [hit.member for hit in found.grants if hit.member is not None]
    members.remove_all(members=parts, grounds=grounds, by=by)
    members.withdraw_all(invitations=found.invitations, procedure=procedure.reference, by=by)


def _bar(scope: Scope, procedure: Procedure, wish: BarWish, *, by: Actor) -> None:
    """Set the bars that are wished for, unless one that lasts as long is there already."""
    person = _person(scope) if wish.person else None
    domain = barring.normal_domain(wish.domain) if wish.domain else ""
    subjects: list[tuple[User | None, str]] = [(person, "")] if person is not None else []
    subjects += [(None, domain)] if domain else []
    for whom, where in subjects:
        if not barring.lasting(scope.dataset, person=whom, domain=where, until=wish.until):
            barring.set_bar(
                dataset=scope.dataset,
                person=whom,
                domain=where,
                reason=procedure.reason,
                until=wish.until,
                by=by,
                procedure=procedure.reference,
            )


def _person(scope: Scope) -> User | None:
    if scope.kind == ScopeKind.PERSON:
        return person_of(scope.value)
    return User.objects.filter(
        pk__in=Grant.objects.filter(dataset=scope.dataset, reference=scope.value).values("holder")
    ).first()


def _record_begun(record: Act, procedure: Procedure, found: Hits, *, by: Actor, standing: str) -> None:
    named = f"{procedure.scope} {procedure.scope_value}".strip()
    record.record(
        Kind.PROCEDURE_BEGUN,
        by=by,
        as_role=standing,
        subjects={"procedure": procedure.reference, "dataset": procedure.dataset.slug} | _subject(procedure),
        act=procedure.act,
        # What people wrote may hold signs that do not show; a row of the record is one plain line.
        scope="".join(filter(str.isprintable, named))[:250],
        grants=found.count,
        people=found.people,
        clause=procedure.clause_id,
        destroy_by=procedure.destroy_by.isoformat() if procedure.destroy_by else None,
        reason_digest=text_digest(procedure.reason, salt=procedure.reason_salt),
    )


def _subject(procedure: Procedure) -> dict[str, str]:
    named = _NAMED_IN_THE_RECORD.get(procedure.scope)
    return {named: procedure.scope_value} if named else {}
