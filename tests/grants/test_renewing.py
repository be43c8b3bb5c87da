"""Renewal: when, by whom, what it gives and what it ends."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.applications.models import Application
from agreements.bars.models import Bar
from agreements.catalog.models import Access, Dataset, Subset, Terms
from agreements.core.clock import now
from agreements.core.errors import DomainError, Invalid, MovedOn, NotAllowed, NotPossible
from agreements.grants import lifecycle, passwords
from agreements.grants.downloads import redeeming
from agreements.grants.ends import proving, renewing
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import ClosedFor, Grant, GrantMember, GrantState, Link, MemberState, Renewal, Seal
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from tests.grants.ends import again, beat, day, give_an_end, renew
from tests.grants.membership import joined, sent_to
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import SYSTEM, revoke


def end_of(scene: Scene) -> float:
    """Return the end in days after noon."""
    end = again(scene).ends_at
    assert end is not None
    return (end - NOON) / dt.timedelta(days=1)


def second_subset(scene: Scene) -> Subset:
    more = Subset.objects.create(dataset=scene.dataset, slug="more", title="More", access=Access.AGREEMENT, position=2)
    scene.grant.subsets.add(more)
    return more


class TestWhatItGives:
    @pytest.mark.parametrize(("on", "until"), [(335, 730), (364, 730), (365, 730), (400, 765), (454, 819)])
    def test_the_new_time_begins_at_the_end_or_now_whichever_is_later(self, scene: Scene, on: int, until: int) -> None:
        give_an_end(scene)
        with day(on):
            lifecycle.expire_due()
            renew(scene)
            assert (end_of(scene), again(scene).state, again(scene).ended_at) == (until, GrantState.ACTIVE, None)

    def test_an_expired_one_opens_again_with_fresh_links_and_the_same_password(self, scene: Scene) -> None:
        password = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
        give_an_end(scene)
        with day(370):
            lifecycle.expire_due()
            renew(scene)
            link = links.make(grant=again(scene), archive=scene.sealed, person=scene.alice, by=scene.alice.actor)
            redeeming.redeem(tokens.token(link), start=0, stop=10)
            assert passwords.reveal(grant=again(scene), by=scene.alice.actor) == password

    def test_where_the_dataset_gives_no_end_any_more_there_is_none(self, scene: Scene) -> None:
        give_an_end(scene)
        Dataset.objects.update(grant_days=None)
        with day(340):
            assert renew(scene).new_end is None
            assert again(scene).ends_at is None
            assert "has no end date any more; the lab may end it at any time" in sent_to(scene.alice, "is renewed")

    def test_it_is_written_down_recorded_and_proves_the_address(self, scene: Scene) -> None:
        give_an_end(scene)
        with day(340):
            renewal = renew(scene, use=" Novel views. ")
            assert again(scene).address_proven_at == now()
        assert (renewal.use, renewal.renewed_by) == ("Novel views.", scene.alice)
        entry = LedgerEntry.objects.get(kind="grant.renewed")
        assert (entry.actor, entry.role) == (scene.alice.actor.id, "holder")
        assert entry.payload == {
            "previous_end": (NOON + dt.timedelta(days=365)).isoformat(),
            "ends": (NOON + dt.timedelta(days=730)).isoformat(),
            "terms": "1.0",
            "use_digest": text_digest("Novel views.", salt=renewal.use_salt),
        }
        assert "Novel views" not in str(list(LedgerEntry.objects.values_list("payload", "subjects")))
        assert LedgerEntry.objects.filter(kind="address.proven").count() == 1

    def test_what_waited_for_a_proof_is_renewed_in_one_go(self, scene: Scene) -> None:
        give_an_end(scene, days=390, address_days=350)
        beat()
        for number in (350, 380, 385, 391):
            with day(number):
                if number == 385:
                    assert again(scene).state == GrantState.SUSPENDED
                beat()
        with day(392):
            assert again(scene).state == GrantState.EXPIRED
            renew(scene)
            assert again(scene).state == GrantState.ACTIVE


class TestWhatItEnds:
    def test_a_subset_that_is_not_used_goes_with_its_links(self, scene: Scene) -> None:
        second_subset(scene)
        give_an_end(scene)
        with day(340):
            renew(scene, drop_subsets=("train40",))
        assert [subset.slug for subset in scene.grant.subsets.all()] == ["more"]
        assert not Link.objects.filter(archive=scene.sealed, ended_at=None).exists()
        entry = LedgerEntry.objects.get(kind="subset.taken")
        assert (entry.role, entry.payload) == ("holder", {"subset": "train40", "cause": "not-used"})

    def test_something_has_to_be_left(self, scene: Scene) -> None:
        give_an_end(scene)
        with day(340), pytest.raises(Invalid, match="Keep at least one") as refused:
            renew(scene, drop_subsets=("train40",))
        assert refused.value.field == "subsets"
        assert (end_of(scene), Renewal.objects.count()) == (365, 0)
        assert not LedgerEntry.objects.filter(kind__in=["address.proven", "grant.renewed"]).exists()

    def test_who_does_not_work_with_it_any_more_is_removed_and_told_why(self, scene: Scene) -> None:
        member = joined(scene)
        give_an_end(scene)
        with day(340):
            renew(scene, drop_members=(member.pk,))
            assert GrantMember.objects.get().state == MemberState.REMOVED
            assert not Seal.objects.filter(person=scene.bob, ended_at=None).exists()
            told = sent_to(scene.bob, "has ended")
        assert "Alice Example renewed the access and said that you no longer work with the data." in told

    def test_who_left_meanwhile_or_is_a_member_elsewhere_is_passed_over(self, scene: Scene) -> None:
        give_an_end(scene)
        with day(340):
            renew(scene, drop_members=(987654,))
        assert end_of(scene) == 730


class TestWhenNot:
    def why(self, scene: Scene) -> str:
        with pytest.raises(DomainError) as refused:
            renew(scene)
        return str(refused.value)

    def test_before_its_last_month_and_three_months_after(self, scene: Scene) -> None:
        give_an_end(scene)
        with day(334.9):
            assert "can be renewed from 31 January 2027" in self.why(scene)
        with day(455):
            lifecycle.expire_due()
            assert "could be renewed until 31 May 2027" in self.why(scene)

    def test_short_times_cannot_be_piled_up(self, scene: Scene) -> None:
        give_an_end(scene, days=20)
        with day(9.9):
            assert "can be renewed from 12 March 2026" in self.why(scene)
        with day(10):
            renew(scene)
            assert "can be renewed from" in self.why(scene)
        assert end_of(scene) == 40

    def test_without_an_end(self, scene: Scene) -> None:
        assert "has no end date: there is nothing to renew" in self.why(scene)

    def test_once_the_terms_have_changed(self, scene: Scene) -> None:
        give_an_end(scene)
        newer = Terms.objects.get()
        newer.pk, newer.version, newer.effective_from = None, "2.0", dt.date(2027, 2, 10)
        newer.save()
        with day(344):
            assert renewing.why_not_renewable(again(scene)) is None  # published, not yet in force
        with day(345):
            assert self.why(scene) == (
                "The terms of GeneBody have changed: access under the earlier ones cannot be renewed."
            )

    @pytest.mark.parametrize("bar", ["person", "domain", "institutional"])
    def test_whoever_is_barred(self, scene: Scene, bar: str) -> None:
        give_an_end(scene)
        if bar == "person":
            Bar.objects.create(dataset=scene.dataset, person=scene.alice, reason="x", set_by=scene.dan)
        else:
            Application.objects.update(email="alice@new.example.edu" if bar == "institutional" else scene.alice.email)
            domain = "new.example.edu" if bar == "institutional" else "mit.example.edu"
            Bar.objects.create(dataset=scene.dataset, domain=domain, reason="x", set_by=scene.dan)
        with day(340):
            assert renewing.why_not_renewable(again(scene)) is None  # told only after the form
            assert self.why(scene) == (
                "This access cannot be renewed at present. Write to contact@lab.example.org to ask why."
            )

    def test_suspended_by_the_lab_withdrawn_shut_or_unconfirmed(self, scene: Scene) -> None:
        give_an_end(scene)
        with day(340):
            for field in ("withdrawn_at", "shut_at"):
                Dataset.objects.update(**{field: now()})
                assert "GeneBody was" in self.why(scene)
                Dataset.objects.update(**{field: None})
            Grant.objects.update(imported_at=NOON)
            assert "Confirm access" in self.why(scene)
            Grant.objects.update(imported_at=None)
            lifecycle.suspend(grant=scene.grant, by=SYSTEM, cause="look", reason="x")
            assert "is suspended. It can be renewed once that is lifted." in self.why(scene)

    def test_closed_or_revoked(self, scene: Scene) -> None:
        give_an_end(scene)
        with day(340):
            lifecycle.close(grant=scene.grant, cause=ClosedFor.MOVED, by=scene.alice.actor)
            assert "was closed: the holder moved to another institution" in self.why(scene)
            revoke(scene, by=scene.dan.actor)
            assert "is revoked" in self.why(scene)

    def test_by_anybody_else(self, scene: Scene) -> None:
        joined(scene)
        give_an_end(scene)
        with day(340):
            for who in (scene.bob, scene.carol, scene.dan, scene.eve):
                with pytest.raises(NotAllowed):
                    renewing.renew(
                        grant=scene.grant,
                        seen_end=again(scene).ends_at,
                        drop_subsets=(),
                        drop_members=(),
                        use="x",
                        by=who.actor,
                    )

    @pytest.mark.parametrize(("use", "words"), [(" \n", "Say in a line or two"), ("x" * 2001, "At most 2000")])
    def test_without_a_line_on_use(self, scene: Scene, use: str, words: str) -> None:
        give_an_end(scene)
        with day(340), pytest.raises(Invalid, match=words) as refused:
            renew(scene, use=use)
        assert refused.value.field == "use"

    def test_twice_with_one_form(self, scene: Scene) -> None:
        """A double click; also where the dataset's times are so short that the next renewal were possible at once."""
        grant = give_an_end(scene, days=30)
        with day(16):
            renew(scene)
        with day(46), pytest.raises(MovedOn, match="was renewed already: 1 May 2026"):
            renewing.renew(
                grant=grant,
                seen_end=grant.ends_at,
                drop_subsets=(),
                drop_members=(),
                use="x",
                by=scene.alice.actor,
            )
        assert Renewal.objects.count() == 1


def test_nothing_of_a_refused_renewal_is_left(scene: Scene) -> None:
    second_subset(scene)
    give_an_end(scene)
    with day(300):
        before = OutboxMessage.objects.count(), LedgerEntry.objects.count()
        with pytest.raises(NotPossible):
            renew(scene, drop_subsets=("more",))
        assert (OutboxMessage.objects.count(), LedgerEntry.objects.count()) == before
        proving.prove(grant=scene.grant, by=scene.alice.actor)
        assert LedgerEntry.objects.count() == before[1] + 1
