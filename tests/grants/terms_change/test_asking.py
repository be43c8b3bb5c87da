"""Whom a decision reaches, when they are reminded and suspended, and what a later decision does to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from django.db import IntegrityError, transaction

from agreements.core import sweep
from agreements.core.errors import Invalid, MovedOn, NotAllowed, NotPossible
from agreements.grants import issuing, lifecycle
from agreements.grants.ends import renewing
from agreements.grants.models import Grant, GrantState, TermsCampaign, TermsChoice, TermsConsent
from agreements.grants.terms_change import asking, campaigns
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from tests.grants.ends import day, give_an_end, renew
from tests.grants.membership import joined
from tests.grants.scene import NOON, Scene, approved, handed_in
from tests.grants.terms_change.asked import NOTE, again, agree, ask, beat, body, causes, decide, publish, question

ALICE, BOB = "alice@mit.example.edu", "bob@mit.example.edu"


class TestDeciding:
    def test_it_is_recorded_with_the_number_of_grants_and_a_digest_of_the_note(self, scene: Scene) -> None:
        terms = publish(scene.dataset)
        assert (campaigns.preview(terms).grants, campaigns.preview(terms).people) == (1, 1)
        campaign = decide(scene, terms)
        end = (NOON + dt.timedelta(days=30)).isoformat()
        row = LedgerEntry.objects.get(kind="terms.decided")
        assert row.payload | {"reason_digest": ""} == {
            "version": "2.0",
            "choice": "ask",
            "grants": 1,
            "grace_ends": end,
            "reason_digest": "",
        }
        assert NOTE not in str(row.payload)
        assert campaigns.running(scene.dataset) == campaign == campaigns.of(terms)

    def test_the_grace_is_counted_from_the_day_on_which_they_take_effect(self, scene: Scene) -> None:
        campaign = decide(scene, publish(scene.dataset, in_force=20), days=10)
        assert campaign.grace_ends_at == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)

    def test_once_for_each_version_by_a_steward(self, scene: Scene) -> None:
        terms = publish(scene.dataset)
        for who in (scene.carol, scene.alice, scene.eve):
            with pytest.raises(NotAllowed):
                campaigns.decide(terms=terms, choice=TermsChoice.KEEP, grace_days=None, note="", by=who.actor)
        decide(scene, terms)
        with pytest.raises(NotPossible, match="This was decided already"):
            decide(scene, terms, choice=TermsChoice.KEEP)

    @pytest.mark.parametrize(
        ("days", "note", "field"), [(0, "Why", "grace_days"), (None, "Why", "grace_days"), (1, " ", "note")]
    )
    def test_what_is_lacking_is_named(self, scene: Scene, days: int | None, note: str, field: str) -> None:
        with pytest.raises(Invalid) as refused:
            decide(scene, publish(scene.dataset), days=days, note=note)
        assert refused.value.field == field
        assert not TermsCampaign.objects.exists()

    def test_another_number_of_grants_than_was_shown_is_told(self, scene: Scene) -> None:
        with pytest.raises(MovedOn, match="It is 1 grants now, and was 2"):
            campaigns.decide(
                terms=publish(scene.dataset),
                choice=TermsChoice.ASK,
                grace_days=3,
                note="Why",
                by=scene.dan.actor,
                expected=2,
            )

    def test_the_first_version_and_one_that_was_overtaken_are_not_decided(self, scene: Scene) -> None:
        assert "are the first" in str(campaigns.why_not_decidable(scene.terms))
        second, third = publish(scene.dataset), publish(scene.dataset, "3.0", in_force=5)
        assert campaigns.why_not_decidable(second) is None
        decide(scene, third)
        assert campaigns.why_not_decidable(second) == "Terms 3.0 come after these: decide about those."


class TestAsking:
    def test_each_holder_is_asked_once_and_told_what_happens(self, scene: Scene) -> None:
        joined(scene)
        beat()
        decide(scene, publish(scene.dataset))
        assert beat() == [(ALICE, "GeneBody: agree to terms 2.0 for " + scene.grant.reference + " by 1 April 2026")]
        words = body(ALICE)
        assert NOTE in words
        assert f"/grants/{scene.grant.reference}/terms/" in words
        assert "If you have not agreed by 1 April 2026, 12:00 (UTC), your access is suspended then" in words
        assert "The same goes for those who share it with you." in words
        row = LedgerEntry.objects.get(kind="terms.asked")
        assert (row.role, row.payload["terms"]) == ("system", "2.0")
        assert beat() == []

    def test_what_is_under_these_terms_or_later_ones_is_not_asked(self, scene: Scene) -> None:
        second = publish(scene.dataset)
        third = publish(scene.dataset, "3.0")
        Grant.objects.update(terms=third)
        assert campaigns.why_not_decidable(second) is not None
        assert campaigns.preview(third).grants == 0
        Grant.objects.update(terms=second)
        assert campaigns.preview(second).grants == 0
        assert campaigns.preview(third).grants == 1

    def test_access_that_is_approved_under_the_old_terms_later_is_asked_with_as_many_days(self, scene: Scene) -> None:
        ask(scene, days=10)
        with day(25):
            # Begun under 1.0 and handed in: it stays what was signed.
            application = approved(scene.dataset, scene.terms, scene.bob)
            grant = issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")
            assert grant.terms == scene.terms
            beat()
        asked = TermsConsent.objects.get(grant=grant)
        assert asked.grace_ends_at == NOON + dt.timedelta(days=35)
        with day(34):
            beat()
            assert Grant.objects.get(pk=grant.pk).state == GrantState.ACTIVE
        with day(35):
            beat()
            assert Grant.objects.get(pk=grant.pk).state == GrantState.SUSPENDED

    def test_nobody_is_suspended_whom_a_stopped_worker_asked_too_late(self, scene: Scene) -> None:
        decide(scene, publish(scene.dataset), days=2)
        with day(4):
            beat()
            assert again(scene).state == GrantState.ACTIVE
            assert question(scene).grace_ends_at == NOON + dt.timedelta(days=6)

    def test_expired_access_that_can_be_renewed_is_asked_and_not_suspended(self, scene: Scene) -> None:
        give_an_end(scene, days=10)
        with day(11):
            lifecycle.expire_due()
            ask(scene)
        with day(45):
            beat()
            assert (again(scene).state, causes(scene)) == (GrantState.EXPIRED, [])
            assert renewing.why_not_renewable(again(scene)) == (
                "Agree to terms 2.0 first: the page of your access leads there."
            )
            agree(scene)
            renew(scene)
            assert (again(scene).state, again(scene).terms.version) == (GrantState.ACTIVE, "2.0")
        with day(50):
            assert campaigns.counts(TermsCampaign.objects.get()).agreed == 1

    def test_access_that_expires_while_it_is_suspended_for_it_opens_by_agreeing_and_renewing(
        self, scene: Scene
    ) -> None:
        give_an_end(scene, days=40)
        ask(scene)
        with day(31):
            beat()
        with day(41):
            beat()
            assert (again(scene).state, causes(scene)) == (GrantState.EXPIRED, ["terms"])
            agree(scene)
            assert (again(scene).state, causes(scene)) == (GrantState.EXPIRED, [])
            renew(scene)
            assert again(scene).state == GrantState.ACTIVE

    def test_of_a_withdrawn_dataset_nobody_is_asked(self, scene: Scene) -> None:
        decide(scene, publish(scene.dataset))
        scene.dataset.withdrawn_at = NOON
        scene.dataset.save()
        assert beat() == []
        assert not TermsConsent.objects.exists()


class TestOneCall:
    def test_its_time_is_shared_by_all_campaigns_and_steps(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        decide(scene, publish(scene.dataset))
        monkeypatch.setattr(asking, "SECONDS", 0.0)
        assert asking.work_off() == 0
        assert not TermsConsent.objects.exists()
        budgets = []
        taken = sweep.taken

        def counted(take: Callable[[], int | None], *, budget: float) -> Iterator[int]:
            budgets.append(budget)
            return taken(take, budget=budget)

        monkeypatch.setattr(asking, "SECONDS", 7.0)
        monkeypatch.setattr(sweep, "taken", counted)
        assert asking.work_off() == 1
        assert budgets == [7.0]

    def test_small_slices_reach_everybody_once(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(asking, "SLICE", 1)
        for person in (scene.bob, scene.eve):
            application = approved(scene.dataset, scene.terms, person)
            issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")
        decide(scene, publish(scene.dataset))
        assert [asking.work_off(), asking.work_off()] == [3, 0]
        for on in (16, 23, 29, 30):
            with day(on):
                assert [asking.work_off(), asking.work_off()] == [3, 0]
        assert OutboxMessage.objects.filter(kind="terms-reminder").count() == 9


def test_two_running_decisions_about_one_dataset_are_refused_by_the_database(scene: Scene) -> None:
    campaign = decide(scene, publish(scene.dataset))
    campaign.pk, campaign.terms = None, publish(scene.dataset, "3.0")
    with pytest.raises(IntegrityError), transaction.atomic():
        campaign.save(force_insert=True)


class TestReminders:
    @pytest.mark.parametrize(("grace", "reminded"), [(30, [16, 23, 29]), (14, [7, 13]), (7, [6]), (2, [1]), (1, [])])
    def test_they_come_14_7_and_1_days_before_as_far_as_they_fit(
        self, scene: Scene, grace: int, reminded: list[int]
    ) -> None:
        ask(scene, days=grace)
        beat()
        came = []
        for number in range(1, grace):
            with day(number):
                came += [number for _to, subject in beat() if "agree to terms 2.0" in subject]
        assert came == reminded
        if reminded:
            assert OutboxMessage.objects.filter(kind="terms-reminder").count() == len(reminded)

    def test_it_names_the_days_that_are_left(self, scene: Scene) -> None:
        ask(scene, days=20)
        beat()
        with day(13):
            beat()
            assert "you have 7 days left" in body(ALICE)
        with day(19):
            beat()
            assert "you have one day left" in body(ALICE)

    def test_who_agreed_is_not_reminded(self, scene: Scene) -> None:
        ask(scene)
        beat()
        agree(scene)
        beat()
        with day(23):
            assert beat() == []

    def test_after_a_pause_of_the_beat_only_the_last_that_came_is_given(self, scene: Scene) -> None:
        ask(scene)
        beat()
        with day(29.5):
            assert len(beat()) == 1
            assert "one day left" in body(ALICE)


class TestSuspending:
    def test_at_the_end_of_the_grace_holder_and_members_are_told_why_and_how_to_go_on(self, scene: Scene) -> None:
        joined(scene)
        ask(scene, days=3)
        beat()
        with day(2.99):
            beat()
            assert again(scene).state == GrantState.ACTIVE
        with day(3):
            sent = beat()
        assert [to for to, _subject in sent] == [ALICE, BOB]
        assert "you have not agreed to version 2.0 of its terms in time" in body(ALICE)
        assert f"/grants/{scene.grant.reference}/terms/" in body(ALICE)
        assert "It opens again when Alice Example agrees." in body(BOB)
        row = LedgerEntry.objects.get(kind="grant.suspended")
        assert (row.actor, row.role, row.payload["cause"]) == ("system:terms", "system", "terms")
        with day(4):
            agree(scene)
            beat()
            assert "It is open again." in body(BOB)
            assert "Your access is open again." in body(ALICE)
