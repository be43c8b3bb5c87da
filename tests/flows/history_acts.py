"""What random acts do to the world of `history.py`, through the domain's own functions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

from agreements.applications.form import form_of, form_sha256
from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog import shutting, withdrawing
from agreements.catalog.models import Dataset, Terms
from agreements.core import clock
from agreements.core.errors import DomainError
from agreements.flows import accounts, restore_watch
from agreements.grants import issuing, lifecycle
from agreements.grants.imported import confirming, importing
from agreements.grants.members import invitations, membership
from agreements.grants.models import ClosedFor, Grant, GrantMember, MemberState, Suspension
from agreements.grants.offered import offers
from agreements.grants.running import is_running
from agreements.ledger.act import act
from agreements.people.models import User
from agreements.revocation import beginning, hits, lifting
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.revoking import revoke
from agreements.revocation.scope import Scope
from tests.flows.history import World
from tests.flows.scene import SETUP

T = TypeVar("T")


def step(world: World, verb: str, choice: int, hours: int) -> None:
    """Let time pass, noting on the way what the live system says, and do one thing if it can be done."""
    for passed in (hours // 2, hours - hours // 2):
        world.at += dt.timedelta(hours=passed)
        world.note()
    with clock.frozen(world.at), suppress(DomainError):
        VERBS[verb](world, choice)
    world.note()


def pick(items: Sequence[T], choice: int) -> T:
    if not items:
        raise DomainError("there is none")
    return items[choice % len(items)]


def _grant(world: World, choice: int) -> Grant:
    return pick(list(Grant.objects.select_related("dataset", "holder", "terms").order_by("pk")), choice)


def _issue(world: World, choice: int) -> None:
    dataset, holder = world.dataset, pick(world.holders, choice)
    dataset.grant_days = (None, 2, 9)[choice % 3]
    dataset.save(update_fields=["grant_days"])
    submission = _handed_in(world, holder, _terms_of(world, choice))
    issuing.issue(submission=submission, by=world.dan.actor, as_role="steward")


def _terms_of(world: World, choice: int) -> Terms:
    return pick(world.terms, choice // 3)


def _handed_in(world: World, holder: User, terms: Terms) -> Submission:
    dataset = world.dataset
    application = Application.objects.create(
        reference=f"GB-A-{next(world.numbers):06}",
        dataset=dataset,
        terms=terms,
        applicant=holder,
        state=State.APPROVED,
        name="Alice",
        organization="HKUST",
        email=holder.email,
        site_city="Hong Kong",
        site_country="HK",
    )
    form = form_of(application)
    copy = SignedCopy.objects.create(application=application, document=world.document, original_name="signed.pdf")
    return Submission.objects.create(
        application=application,
        number=1,
        form=form,
        form_sha256=form_sha256(form),
        signed_copy=copy,
        terms=application.terms,
    )


def _import(world: World, choice: int) -> None:
    handed_in = _handed_in(world, world.earlier[0], _terms_of(world, choice))
    some = [world.subsets[:1], world.subsets[1:], world.subsets][choice % 3]
    ends = None if choice % 2 else clock.now() + dt.timedelta(days=9)
    importing.bring_in(submission=handed_in, subsets=some, starts_at=clock.now(), ends_at=ends, by=SETUP)


def _confirm(world: World, choice: int) -> None:
    waiting = Grant.objects.exclude(imported_at=None).filter(confirmed_at=None).select_related("dataset", "holder")
    person = pick(world.earlier, choice)
    confirming.confirm(grant=pick(list(waiting.order_by("pk")), choice // 2), by=person.actor)


def _suspend(world: World, choice: int) -> None:
    lifecycle.suspend(grant=_grant(world, choice), by=world.dan.actor, cause="question", reason="We ask.")


def _resume(world: World, choice: int) -> None:
    found = pick(list(Suspension.objects.filter(closed_at=None).select_related("grant__dataset")), choice)
    lifecycle.resume(grant=found.grant, by=world.dan.actor, suspension=found, reason="Answered.")


def _revoke(world: World, choice: int) -> None:
    revoke(grant=_grant(world, choice), clause_id="termination", reason="Ended.", by=world.dan.actor)


def _end_subset(world: World, choice: int) -> None:
    _begin(world, ScopeKind.SUBSET, pick(world.subsets, choice // 2).slug, choice)


def _end_person(world: World, choice: int) -> None:
    _begin(
        world,
        ScopeKind.PERSON,
        str(pick([*world.holders, *world.colleagues, *world.earlier], choice // 2).public_id),
        choice,
    )


def _begin(world: World, kind: ScopeKind, value: str, choice: int) -> None:
    wanted = ProcedureAct.REVOKE if choice % 2 else ProcedureAct.SUSPEND
    scope = Scope(Dataset.objects.get(pk=world.dataset.pk), kind, value)
    beginning.begin(
        scope=scope,
        act=wanted,
        clause_id="termination",
        reason="Ended.",
        by=world.dan.actor,
        expected=hits.hit_by(scope, act=wanted).count,
    )


def _lift(world: World, choice: int) -> None:
    found = Procedure.objects.filter(act=ProcedureAct.SUSPEND, lifted_at=None).select_related("dataset").order_by("pk")
    lifting.lift(procedure=pick(list(found), choice), reason="Settled.", by=world.dan.actor)


def _withdraw(world: World, _choice: int) -> None:
    withdrawing.withdraw_dataset(dataset=world.dataset, reason="Over.", by=world.dan.actor)


def _offer_again(world: World, _choice: int) -> None:
    withdrawing.offer_again(dataset=world.dataset, reason="Not over.", by=world.dan.actor)


def _expire(_world: World, _choice: int) -> None:
    lifecycle.expire_due()


def _renew(world: World, choice: int) -> None:
    grant = _grant(world, choice)
    ends = None if choice % 5 == 0 else max(clock.now(), grant.ends_at or clock.now()) + dt.timedelta(days=choice % 7)
    lifecycle.renew(grant=grant, ends_at=ends, use_digest="0" * 64, by=grant.holder.actor)


def _agree(world: World, choice: int) -> None:
    grant = _grant(world, choice)
    lifecycle.agree_to_terms(
        grant=grant, terms=pick(world.terms, choice // 3), consent_sha256="0" * 64, by=grant.holder.actor
    )


def _close(world: World, choice: int) -> None:
    grant = _grant(world, choice)
    lifecycle.close(grant=grant, cause=ClosedFor.MOVED, by=grant.holder.actor)


def _join(world: World, choice: int) -> None:
    grant, colleague = _grant(world, choice), pick(world.colleagues, choice // 7)
    with act():
        invited = membership.invite(grant=grant, email=colleague.email, name="", by=grant.holder.actor)
        membership.accept(token=invitations.token(invited), by=colleague.actor)


def _leave(world: World, choice: int) -> None:
    joined = pick(list(GrantMember.objects.filter(state=MemberState.JOINED).select_related("person")), choice)
    assert joined.person is not None
    membership.leave(grant=joined.grant, by=joined.person.actor)


def _remove(world: World, choice: int) -> None:
    joined = pick(list(GrantMember.objects.filter(state__in=[MemberState.JOINED, MemberState.LEFT])), choice)
    membership.remove(member=joined, reason="No longer there.", by=world.dan.actor)


def _account(world: World, choice: int) -> None:
    person = pick([*world.holders, *world.colleagues, *world.earlier], choice)
    accounts.set_open(user=person, is_open=choice % 2 == 0, by=world.adam.actor)


def _add(world: World, choice: int) -> None:
    grant, subset = _grant(world, choice), pick(world.subsets, choice // 5)
    if grant.subsets.filter(pk=subset.pk).exists() or not is_running(grant):
        raise DomainError("not offered")
    with act() as record:
        locked = lifecycle.lock(grant)
        offers.add(record, grant=locked, subset=subset, cause=offers.UPGRADED, by=world.dan.actor, as_role="steward")


def _shut(_world: World, _choice: int) -> None:
    restore_watch.tell(by=SETUP)


def _reopen(world: World, _choice: int) -> None:
    shutting.reopen(
        dataset=world.dataset,
        checkpoint_sequence=None,
        checkpoint_hash="",
        missing=None,
        reason="Looked.",
        by=world.dan.actor,
    )


VERBS: Final[dict[str, Callable[[World, int], None]]] = {
    "issue": _issue,
    "import": _import,
    "confirm": _confirm,
    "suspend": _suspend,
    "resume": _resume,
    "revoke": _revoke,
    "end-subset": _end_subset,
    "end-person": _end_person,
    "lift": _lift,
    "withdraw": _withdraw,
    "offer-again": _offer_again,
    "expire": _expire,
    "renew": _renew,
    "agree": _agree,
    "close": _close,
    "join": _join,
    "leave": _leave,
    "remove": _remove,
    "account": _account,
    "add": _add,
    "shut": _shut,
    "reopen": _reopen,
}
