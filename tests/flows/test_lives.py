"""Random people do random things to random access while the clock jumps: what was ended stays ended, and all is told.

One machine, driven by hypothesis. Whoever may not do a thing is refused, changes nothing and leaves no row; whatever
went through stands in the ledger; after a committed end nothing opens and no password is shown; nobody has access whom
no approval and no accepted terms let in; no member outlives the access; the chain holds.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Final

import pytest
from django.db.models import F, Q
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from agreements.applications.models import Decision, DecisionKind, State
from agreements.catalog import withdrawing
from agreements.core import clock
from agreements.flows import moving
from agreements.grants import lifecycle, revealing
from agreements.grants.downloads import watcher
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.imported import confirming
from agreements.grants.links import making as links
from agreements.grants.models import Grant, GrantMember, GrantState, Link, MemberState, Seal
from agreements.review import decisions
from agreements.revocation import attesting, beginning, hits, lifting
from agreements.revocation.models import Destruction, Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.applications.cases import seen
from tests.figures import FIGURES
from tests.flows.life import NUMBER, OPENED, TRIED
from tests.flows.lives_members import BY_THE_LAB, UNWANTED, Members
from tests.flows.lives_world import START, make_world

SCOPES: Final = st.sampled_from([*ScopeKind, ScopeKind.GRANT, ScopeKind.GRANT, ScopeKind.SUBSET, ScopeKind.PERSON])
ACTS: Final = st.sampled_from([ProcedureAct.REVOKE, ProcedureAct.SUSPEND])
HAPPENS: Final = (
    "application.approved",
    "procedure.begun",
    "suspension.lifted",
    "grant.renewed",
    "member.invited",
    "member.joined",
    "member.removed",
    "member.left",
    "grant.confirmed",
    "grant.closed",
    "dataset.withdrawn",
    "dataset.offered-again",
    "password.revealed",
    "destruction.attested",
    OPENED,
    TRIED,
    UNWANTED,
    BY_THE_LAB,
)
"""What must have come to pass in some life, or the test would prove nothing."""


class Lives(Members):
    """Every rule: somebody tries something. Every invariant: what must hold after each."""

    @initialize()
    def two_have_access_already(self) -> None:
        for application in self.world.applications[:2]:
            self.do("application.approved", self.approval(application, self.world.scene.carol), by=None)

    @rule(number=NUMBER, who=NUMBER)
    def somebody_approves(self, number: int, who: int) -> None:
        person = self.person(who, fit=self.world.scene.carol)
        self.do("application.approved", self.approval(self.application(number), person), by=person)

    @rule(number=NUMBER, who=NUMBER)
    def somebody_declines(self, number: int, who: int) -> None:
        application, person = self.application(number), self.person(who, fit=self.world.scene.carol)
        ask = seen(application)
        work = lambda: decisions.decline(application=application, seen=ask, reason="No.", by=person.actor)  # noqa: E731
        self.do("application.declined", work, by=person)

    @rule(number=NUMBER, kind=SCOPES, act=ACTS, who=NUMBER, miscounted=NUMBER)
    def somebody_ends_or_suspends(
        self, number: int, kind: ScopeKind, act: ProcedureAct, who: int, miscounted: int
    ) -> None:
        person, value = self.person(who), self.world.scope_value(kind, number)
        scope = Scope(self.dataset(), kind, value)
        withdraws = kind == ScopeKind.DATASET and act == ProcedureAct.REVOKE and miscounted % 2 == 0

        def work() -> Procedure:
            count = hits.hit_by(scope, act=act).count
            expected = count + (miscounted % 5 == 4)
            return beginning.begin(
                scope=scope,
                act=act,
                clause_id="termination",
                reason="It ends.",
                by=person.actor,
                expected=expected,
                withdraw_dataset=withdraws,
            )

        procedure = self.do("procedure.begun", work, by=person)
        if procedure is not None:
            assert miscounted % 5 != 4
            assert person == self.world.scene.dan
            self.model.begun(act, kind, value, procedure=procedure.reference, at=self.at)
            self.model.is_withdrawn |= withdraws
            self.done["dataset.withdrawn"] += withdraws
            self.nothing_forbidden_opens()

    @rule(who=NUMBER)
    def somebody_offers_the_dataset_again(self, who: int) -> None:
        person, dataset = self.person(who), self.dataset()
        work = lambda: withdrawing.offer_again(dataset=dataset, reason="Not over.", by=person.actor)  # noqa: E731
        if self.do("dataset.offered-again", work, by=person):
            assert self.model.is_withdrawn
            self.model.is_withdrawn = False

    @rule(number=NUMBER, who=NUMBER)
    def somebody_lifts_a_suspension(self, number: int, who: int) -> None:
        procedure, person = self.pick(Procedure.objects.order_by("pk"), number), self.person(who)
        if procedure is not None:
            work = lambda: lifting.lift(procedure=procedure, reason="Settled.", by=person.actor)  # noqa: E731
            if self.do("suspension.lifted", work, by=person) is not None:
                self.model.lifted(procedure.reference)

    @rule(number=NUMBER, who=NUMBER, days=st.integers(min_value=1, max_value=500))
    def somebody_renews(self, number: int, who: int, days: int) -> None:
        grant = self.grant(number)
        person = self.person(who, fit=grant.holder)
        until = self.at + dt.timedelta(days=days)
        work = lambda: lifecycle.renew(grant=grant, ends_at=until, use_digest="0" * 64, by=person.actor)  # noqa: E731
        if self.do("grant.renewed", work, by=person):
            self.model.grants[grant.reference].ends_at = until

    @rule(number=NUMBER, who=NUMBER)
    def somebody_confirms_what_was_brought_in(self, number: int, who: int) -> None:
        grant = self.pick(Grant.objects.exclude(imported_at=None).select_related("dataset", "holder"), number)
        person = self.person(who, fit=grant.holder)
        if self.do("grant.confirmed", lambda: confirming.confirm(grant=grant, by=person.actor), by=person):
            assert person == grant.holder
            self.model.unconfirmed.discard(grant.reference)

    @rule(number=NUMBER, who=NUMBER, does=st.integers(min_value=0, max_value=4))
    def somebody_moves(self, number: int, who: int, does: int) -> None:
        grant = self.grant(number)
        person = self.person(who, fit=grant.holder)
        email = f"{grant.holder.email.partition('@')[0]}@elsewhere.example"
        work = lambda: moving.move(grant=grant, email=email, reason="I move.", by=person.actor)  # noqa: E731
        # Seldom, or few would be left.
        if does == 0 and self.do("grant.closed", work, by=person):
            assert person == grant.holder
            self.model.closed.add(grant.reference)
            self.nothing_forbidden_opens()

    @rule(number=NUMBER, who=NUMBER)
    def somebody_makes_links(self, number: int, who: int) -> None:
        grant = self.grant(number)
        person = self.person(who, fit=grant.holder)
        work = lambda: links.make_missing(grant=grant, person=person, by=person.actor)  # noqa: E731
        self.do("link.issued", work, by=person, may_be_nothing=True)

    @rule(number=NUMBER, who=NUMBER)
    def somebody_attests(self, number: int, who: int) -> None:
        owed = self.pick(Destruction.objects.select_related("person").order_by("pk"), number)
        if owed is not None:
            person = self.person(who, fit=owed.person)
            work = lambda: attesting.attest(destruction=owed, name="X Y", remark="", by=person.actor)  # noqa: E731
            self.do("destruction.attested", work, by=person)

    @rule(number=NUMBER)
    def a_link_is_used(self, number: int) -> None:
        link = self.pick(Link.objects.order_by("pk"), number)
        if link is not None:
            self.use(link)

    @rule(number=NUMBER, who=NUMBER)
    def somebody_asks_for_the_password(self, number: int, who: int) -> None:
        grant = self.grant(number)
        person = self.person(who, fit=grant.holder)
        work = lambda: revealing.reveal_all(grant=grant, by=person.actor)  # noqa: E731
        if self.do("password.revealed", work, by=person, may_be_nothing=True) is not None:
            assert not self.model.is_forbidden(grant.reference, str(person.public_id), "")

    @rule(hours=st.sampled_from([1, 1, 1, 30, 30, 24 * 8, 24 * 40, 24 * 400]))
    def time_passes(self, hours: int) -> None:
        self.at += dt.timedelta(hours=hours)

    @rule()
    def what_is_over_expires(self) -> None:
        with clock.frozen(self.at):
            lifecycle.expire_due()

    @invariant()
    def access_comes_from_an_approval_and_accepted_terms(self) -> None:
        for grant in Grant.objects.filter(imported_at=None).select_related("application", "terms"):
            assert grant.application.state == State.APPROVED
            given = Decision.objects.filter(application=grant.application, kind=DecisionKind.APPROVE)
            assert given.filter(submission__terms=grant.terms).exists()
        # What was brought in opens nothing before its holder accepted its terms here.
        unconfirmed = Grant.objects.exclude(imported_at=None).filter(confirmed_at=None)
        assert not unconfirmed.filter(state=GrantState.ACTIVE).exists()
        assert not Seal.objects.filter(grant__in=unconfirmed).exists()

    @invariant()
    def every_member_accepted_the_terms_of_the_access(self) -> None:
        been = GrantMember.objects.exclude(joined_at=None)
        assert not been.exclude(terms=F("grant__terms")).exists()
        assert not been.filter(terms=None).exists()
        sealed = Seal.objects.exclude(person=F("grant__holder"))
        for grant, person in sealed.values_list("grant", "person"):
            assert been.filter(grant=grant, person=person).exists()

    @invariant()
    def no_member_outlives_the_access(self) -> None:
        joined = GrantMember.objects.filter(state=MemberState.JOINED).select_related("grant__dataset", "person")
        over = ~Q(grant__state=GrantState.ACTIVE) | Q(grant__ends_at__lte=self.at)
        for member in joined.filter(over):
            self.opens_nothing(member)
        for member in GrantMember.objects.filter(state__in=[MemberState.LEFT, MemberState.REMOVED]):
            if not joined.filter(grant=member.grant, person=member.person).exists():
                self.opens_nothing(member)


@pytest.mark.parametrize(
    ("lives", "steps"), [(15, 40), pytest.param(500, 50, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_what_was_ended_stays_ended_and_everything_is_told(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lives: int, steps: int
) -> None:
    monkeypatch.setattr(watcher, "_watcher", Watcher(threaded=False))
    with clock.frozen(START):
        Lives.world, Lives.done = make_world(tmp_path), Counter()
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # A life takes a second: hundreds of shorter ones, to find the shortest that fails, are not worth the wait.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    FIGURES.append(f"{lives} lives of {steps} steps: {dict(Lives.done)}")
    if lives > 100:
        assert not [kind for kind in HAPPENS if not Lives.done[kind]]
