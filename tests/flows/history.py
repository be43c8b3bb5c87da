"""A history of access that random acts make through the domain's own functions, and what the live system said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple, TypeVar

from agreements.applications.form import form_of, form_sha256
from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog import roles, shutting, withdrawing
from agreements.catalog.models import Access, Dataset, Role, Subset, Terms
from agreements.core import clock
from agreements.core.errors import DomainError
from agreements.documents.models import StoredDocument
from agreements.flows import accounts, restore_watch
from agreements.grants import issuing, lifecycle
from agreements.grants.members import invitations, membership
from agreements.grants.models import ClosedFor, Grant, GrantMember, MemberState, Seal, Suspension
from agreements.grants.offered import offers
from agreements.grants.running import is_running
from agreements.ledger.act import act
from agreements.people.models import User
from agreements.revocation import beginning, hits, lifting
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.revoking import revoke
from agreements.revocation.scope import Scope
from tests.flows.scene import SETUP

T = TypeVar("T")
START: Final = dt.datetime(2026, 1, 5, 9, 0, tzinfo=dt.UTC)
SUBSETS: Final = ("extended370", "train40")
HOLDERS: Final = 3
MEMBERS: Final = 2


class Who(NamedTuple):
    """Somebody who can open a subset: by grant, public id, standing and the terms that they accepted."""

    grant: str
    person: str
    is_member: bool
    terms: str


@dataclass
class World:
    """A dataset with subsets and no archives, people, and a clock that only goes forward."""

    dataset: Dataset
    terms: list[Terms]
    subsets: list[Subset]
    document: StoredDocument
    holders: list[User]
    colleagues: list[User]
    dan: User
    adam: User
    at: dt.datetime = START
    said: dict[dt.datetime, dict[str, set[Who]]] = field(default_factory=dict)
    numbers: Any = field(default_factory=count)

    def step(self, verb: str, choice: int, hours: int) -> None:
        """Let time pass, noting on the way what the live system says, and do one thing if it can be done."""
        for passed in (hours // 2, hours - hours // 2):
            self.at += dt.timedelta(hours=passed)
            self.note()
        with clock.frozen(self.at), suppress(DomainError):
            VERBS[verb](self, choice)
        self.note()

    def note(self) -> None:
        """Keep who can open what at this moment, as the pages and links decide it."""
        with clock.frozen(self.at):
            self.said[self.at] = {slug: set(_live(self.dataset, slug)) for slug in SUBSETS}


def make() -> World:
    """Return a world at its beginning."""
    with clock.frozen(START):
        dataset = Dataset.objects.create(
            slug="genebody",
            reference_prefix="GB",
            title="GeneBody",
            contact_address="contact@genebody.example",
        )
        terms = [_terms(dataset, version) for version in ("1.0", "1.1")]
        agreement = Access.AGREEMENT
        made = [Subset.objects.create(dataset=dataset, slug=each, title=each, access=agreement) for each in SUBSETS]
        people = [User.objects.create_user(f"holder{n}@connect.ust.hk") for n in range(HOLDERS)]
        colleagues = [User.objects.create_user(f"member{n}@connect.ust.hk") for n in range(MEMBERS)]
        dan = User.objects.create_user("dan@genebody.example")
        roles.give(user=dan, dataset=dataset, role=Role.STEWARD, by=SETUP)
        document = StoredDocument.objects.create(store_key="0" * 32, sha256="0" * 64, size=1)
        adam = User.objects.create_superuser("adam@site.example")
        return World(dataset, terms, made, document, people, colleagues, dan, adam)


def _terms(dataset: Dataset, version: str) -> Terms:
    clauses = [{"id": "termination", "heading": "Termination", "paragraphs": ["At any time."]}]
    return Terms.objects.create(
        dataset=dataset,
        version=version,
        title="Agreement",
        effective_from=dt.date(2026, 1, 1),
        clauses=clauses,
        source="",
        sha256="0" * 64,
    )


def _live(dataset: Dataset, slug: str) -> list[Who]:
    """Return who could open a subset now: what runs, covers it, and has a seal whose person's account is open."""
    found = []
    for grant in Grant.objects.filter(dataset=dataset).select_related("dataset", "terms"):
        if not is_running(grant) or not grant.subsets.filter(slug=slug).exists():
            continue
        for seal in Seal.objects.filter(grant=grant, ended_at=None, person__is_active=True).select_related("person"):
            is_member = seal.person_id != grant.holder_id
            terms = _joined(grant, seal.person).terms if is_member else grant.terms
            assert terms is not None
            found.append(Who(grant.reference, str(seal.person.public_id), is_member, terms.version))
    return found


def _joined(grant: Grant, person: User) -> GrantMember:
    return GrantMember.objects.select_related("terms").get(grant=grant, person=person, state=MemberState.JOINED)


def _pick(items: Sequence[T], choice: int) -> T:
    if not items:
        raise DomainError("there is none")
    return items[choice % len(items)]


def _grant(world: World, choice: int) -> Grant:
    return _pick(list(Grant.objects.select_related("dataset", "holder", "terms").order_by("pk")), choice)


def _issue(world: World, choice: int) -> None:
    dataset, holder = world.dataset, _pick(world.holders, choice)
    dataset.grant_days = (None, 2, 9)[choice % 3]
    dataset.save(update_fields=["grant_days"])
    application = Application.objects.create(
        reference=f"GB-A-{next(world.numbers):06}",
        dataset=dataset,
        terms=_pick(world.terms, choice // 3),
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
    submission = Submission.objects.create(
        application=application,
        number=1,
        form=form,
        form_sha256=form_sha256(form),
        signed_copy=copy,
        terms=application.terms,
    )
    issuing.issue(submission=submission, by=world.dan.actor, as_role="steward")


def _suspend(world: World, choice: int) -> None:
    lifecycle.suspend(grant=_grant(world, choice), by=world.dan.actor, cause="question", reason="We ask.")


def _resume(world: World, choice: int) -> None:
    found = _pick(list(Suspension.objects.filter(closed_at=None).select_related("grant__dataset")), choice)
    lifecycle.resume(grant=found.grant, by=world.dan.actor, suspension=found, reason="Answered.")


def _revoke(world: World, choice: int) -> None:
    revoke(grant=_grant(world, choice), clause_id="termination", reason="Ended.", by=world.dan.actor)


def _end_subset(world: World, choice: int) -> None:
    _begin(world, ScopeKind.SUBSET, _pick(world.subsets, choice // 2).slug, choice)


def _end_person(world: World, choice: int) -> None:
    _begin(world, ScopeKind.PERSON, str(_pick([*world.holders, *world.colleagues], choice // 2).public_id), choice)


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
    lifting.lift(procedure=_pick(list(found), choice), reason="Settled.", by=world.dan.actor)


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


def _close(world: World, choice: int) -> None:
    grant = _grant(world, choice)
    lifecycle.close(grant=grant, cause=ClosedFor.MOVED, by=grant.holder.actor)


def _join(world: World, choice: int) -> None:
    grant, colleague = _grant(world, choice), _pick(world.colleagues, choice // 7)
    with act():
        invited = membership.invite(grant=grant, email=colleague.email, name="", by=grant.holder.actor)
        membership.accept(token=invitations.token(invited), by=colleague.actor)


def _leave(world: World, choice: int) -> None:
    joined = _pick(list(GrantMember.objects.filter(state=MemberState.JOINED).select_related("person")), choice)
    assert joined.person is not None
    membership.leave(grant=joined.grant, by=joined.person.actor)


def _remove(world: World, choice: int) -> None:
    joined = _pick(list(GrantMember.objects.filter(state__in=[MemberState.JOINED, MemberState.LEFT])), choice)
    membership.remove(member=joined, reason="No longer there.", by=world.dan.actor)


def _account(world: World, choice: int) -> None:
    person = _pick([*world.holders, *world.colleagues], choice)
    accounts.set_open(user=person, is_open=choice % 2 == 0, by=world.adam.actor)


def _add(world: World, choice: int) -> None:
    grant, subset = _grant(world, choice), _pick(world.subsets, choice // 5)
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
    "close": _close,
    "join": _join,
    "leave": _leave,
    "remove": _remove,
    "account": _account,
    "add": _add,
    "shut": _shut,
    "reopen": _reopen,
}
