"""Beginning a procedure: everything that its scope names ends, or is suspended, in one transaction."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.bars import barring
from agreements.catalog import holding, withdrawing
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, MovedOn
from agreements.grants import lifecycle
from agreements.grants.grounds import Grounds
from agreements.grants.members import removing_many as members
from agreements.grants.models import Grant
from agreements.ledger.act import act as transaction
from agreements.people.models import User
from agreements.revocation import hits, writing
from agreements.revocation.hits import Hits
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, normal, person_of

_RECENT: Final = dt.timedelta(hours=1)


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
        procedure = writing.create(named, act, clause_id=clause_id, reason=reason.strip(), by=by)
        _grounds(procedure).check(hit.grant.terms for hit in found.grants)
        writing.record_begun(record, procedure, found, by=by, as_role=standing)
        # The states as they were: what follows changes them.
        writing.write_down(procedure, found)
        _carry_out(found, procedure, by=by)
        if bar is not None:
            _bar(named, procedure, bar, by=by)
        if withdraw_dataset and scope.dataset.withdrawn_at is None:
            withdrawing.withdraw_dataset(dataset=scope.dataset, reason=procedure.reason, by=by)
    return procedure


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
    before = hits.keys_hit_by(scope, act=act)
    lifecycle.lock_all(before)
    found = hits.hit_by(scope, act=act)
    if found.pks - before or found.count != expected:
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
