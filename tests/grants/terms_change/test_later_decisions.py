"""What a later decision does to an earlier one, and under which text access goes on that nobody asked."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.core import clock
from agreements.core.errors import MovedOn, NotPossible
from agreements.grants import issuing
from agreements.grants.ends.terms import newer_terms, to_agree
from agreements.grants.models import Grant, GrantState, TermsChoice, TermsConsent
from agreements.grants.terms_change import asking, campaigns, consenting, reach
from agreements.grants.terms_change.past import terms_at
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.grants.ends import day, give_an_end, renew
from tests.grants.scene import NOON, Scene, approved, handed_in
from tests.grants.terms_change.asked import again, agree, ask, beat, body, causes, decide, publish, question

ALICE, BOB = "alice@mit.example.edu", "bob@mit.example.edu"


class TestALaterDecision:
    def test_takes_the_place_of_the_earlier_one(self, scene: Scene) -> None:
        first = ask(scene)
        old = question(scene)
        with day(10):
            second = ask(scene, "3.0", in_force=10)
            assert question(scene).campaign == second
            with pytest.raises(MovedOn, match="have changed again since"):
                consenting.agree(consent=old, seen_sha256=old.campaign.terms.sha256, by=scene.alice.actor)
            first.refresh_from_db()
            assert first.ended_at is not None
        with day(31):
            beat()
            assert again(scene).state == GrantState.ACTIVE, "the grace of the first is over and counts no more"
        with day(40):
            beat()
            assert again(scene).state == GrantState.SUSPENDED
            agree(scene)
            assert again(scene).terms.version == "3.0"

    def test_what_was_suspended_stays_so_until_the_newest_is_agreed_to(self, scene: Scene) -> None:
        ask(scene)
        with day(31):
            beat()
            ask(scene, "3.0", in_force=31)
            beat()
            assert "Your access is suspended because you have not agreed to an earlier change." in body(ALICE)
            assert causes(scene) == ["terms"]
        with day(70):
            beat()
            assert causes(scene) == ["terms"], "once is enough"
            agree(scene)
            assert (again(scene).state, again(scene).terms.version) == (GrantState.ACTIVE, "3.0")

    def test_leaving_all_as_it_is_frees_who_was_not_suspended_and_asks_who_was(self, scene: Scene) -> None:
        with clock.frozen(NOON):
            application = approved(scene.dataset, scene.terms, scene.bob)
            bobs = issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")
        ask(scene)
        TermsConsent.objects.filter(grant=bobs).update(grace_ends_at=NOON + dt.timedelta(days=90))
        with day(31):
            beat()
            decide(scene, publish(scene.dataset, "3.0", in_force=31), choice=TermsChoice.KEEP, days=None, note="")
            asking.work_off()
            asked = question(scene)
            assert (asked.campaign.terms.version, asked.grace_ends_at, asked.previous_terms) == (
                "3.0",
                None,
                scene.terms,
            )
            assert consenting.asked_of(bobs) is None
            beat()
            assert "3.0" in body(ALICE)
        with day(100):
            beat()
            assert Grant.objects.get(pk=bobs.pk).state == GrantState.ACTIVE
            agree(scene)
            assert (again(scene).state, again(scene).terms.version) == (GrantState.ACTIVE, "3.0")


class TestLeavingAllAsItIsAfterAGraceWasOver:
    @pytest.mark.parametrize("declines", [True, False])
    def test_access_that_had_expired_is_not_renewed_without_agreeing(self, scene: Scene, declines: bool) -> None:
        give_an_end(scene, days=20)
        ask(scene)
        with day(2):
            if declines:
                consenting.decline(consent=question(scene), by=scene.alice.actor)
        for later in (21, 40):
            with day(later):
                beat()
        with day(41):
            keep(scene, in_force=41)
            assert newer_terms(again(scene)) == question(scene).campaign.terms
            beat()
            assert "Your access has expired, and you had not agreed to an earlier change in time." in body(ALICE)
            with pytest.raises(NotPossible, match=r"Agree to terms 3\.0 first"):
                renew(scene)
            agree(scene)
            renew(scene)
            assert (again(scene).state, again(scene).terms.version) == (GrantState.ACTIVE, "3.0")
            assert (newer_terms(again(scene)), reach.lapsed().exists()) == (None, False)

    def test_what_nothing_had_suspended_yet_is_suspended_still(self, scene: Scene) -> None:
        ask(scene)
        with day(2):
            consenting.decline(consent=question(scene), by=scene.alice.actor)
        with day(31):
            keep(scene, in_force=31)
            beat()
            assert (again(scene).state, causes(scene)) == (GrantState.SUSPENDED, ["terms"])
            assert question(scene).grace_ends_at is None
            assert "Your access is suspended because you have not agreed to an earlier change." in body(ALICE)
            agree(scene)
            beat()
            assert (again(scene).state, again(scene).terms.version) == (GrantState.ACTIVE, "3.0")

    def test_a_new_question_gives_no_new_grace_to_what_nothing_had_suspended_yet(self, scene: Scene) -> None:
        ask(scene)
        with day(31):
            ask(scene, "3.0", in_force=31)
            assert causes(scene) == ["terms"]

    def test_a_decision_before_the_grace_was_over_lets_access_that_expired_be_renewed(self, scene: Scene) -> None:
        give_an_end(scene, days=20)
        ask(scene)
        with day(2):
            consenting.decline(consent=question(scene), by=scene.alice.actor)
        with day(21):
            beat()
            keep(scene, in_force=21)
            assert (newer_terms(again(scene)), to_agree(again(scene))) == (None, None)
        with day(40):
            beat()
            renew(scene)
            assert (again(scene).state, again(scene).terms.version) == (GrantState.ACTIVE, "1.0")


def test_nobody_asks_or_mails_a_person_who_was_erased(scene: Scene) -> None:
    give_an_end(scene, days=20)
    with day(21):
        beat()
        User.objects.filter(pk=scene.alice.pk).update(erased_at=clock.now())
        terms = publish(scene.dataset, in_force=21)
        assert campaigns.preview(terms) == campaigns.Preview(grants=0, people=0)
        decide(scene, terms)
        assert beat() == []
        assert not TermsConsent.objects.exists()


def test_a_question_to_a_person_who_was_erased_since_has_ended(scene: Scene) -> None:
    campaign = ask(scene)
    User.objects.filter(pk=scene.alice.pk).update(erased_at=clock.now())
    assert (campaigns.counts(campaign).waiting, campaigns.counts(campaign).ended) == (0, 1)
    with day(31):
        assert all("terms" not in subject for _to, subject in beat())
        assert causes(scene) == []


def keep(scene: Scene, *, in_force: float) -> None:
    """Leave running access as it is, under terms that take effect then, and do what follows."""
    decide(scene, publish(scene.dataset, "3.0", in_force=in_force), choice=TermsChoice.KEEP, days=None, note="")
    asking.work_off()


class TestGoingOnUnderTheOldText:
    def test_left_as_it_is_access_renews_under_the_terms_it_has(self, scene: Scene) -> None:
        give_an_end(scene, days=30)
        terms = publish(scene.dataset)
        assert newer_terms(again(scene)) == terms
        beat()
        decide(scene, terms, choice=TermsChoice.KEEP, days=None, note="")
        assert beat() == []
        assert (newer_terms(again(scene)), to_agree(again(scene))) == (None, None)
        with day(20):
            renew(scene)
            assert again(scene).terms == scene.terms
            assert LedgerEntry.objects.get(kind="grant.renewed").payload["terms"] == "1.0"

    def test_undecided_terms_that_come_after_decided_ones_ask_for_a_new_application(self, scene: Scene) -> None:
        decide(scene, publish(scene.dataset), choice=TermsChoice.KEEP, days=None, note="")
        third = publish(scene.dataset, "3.0")
        assert (newer_terms(again(scene)), to_agree(again(scene))) == (third, None)

    def test_before_they_take_effect_access_renews_under_what_is_in_force(self, scene: Scene) -> None:
        give_an_end(scene, days=30)
        ask(scene, in_force=60)
        with day(20):
            assert newer_terms(again(scene)) is None
            renew(scene)

    def test_who_agreed_before_they_take_effect_is_not_sent_back(self, scene: Scene) -> None:
        ask(scene, in_force=60)
        with day(2):
            agree(scene)
            assert newer_terms(again(scene)) is None
        with day(61):
            beat()
            assert (newer_terms(again(scene)), again(scene).state) == (None, GrantState.ACTIVE)

    def test_what_happened_before_is_told_by_the_terms_of_then(self, scene: Scene) -> None:
        ask(scene)
        with day(5):
            agree(scene)
        with day(50):
            ask(scene, "3.0", in_force=50)
        with day(55):
            agree(scene)
            told = [terms_at(again(scene), NOON + dt.timedelta(days=days)).version for days in (1, 10, 54, 56)]
        assert told == ["1.0", "2.0", "2.0", "3.0"]
