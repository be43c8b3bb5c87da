"""How many downloads a person has at once, and how much is read in a day for tags of members."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from pytest_django import Settings

from agreements.core import clock
from agreements.grants import messages, seals
from agreements.grants.downloads import kept_tags, process, quota, redeeming
from agreements.grants.downloads.quota import NeededPass, OverBudget, TooManyAtOnce
from agreements.grants.links import tokens
from agreements.grants.models import (
    DeliveryProcess,
    DownloadEnd,
    DownloadOpened,
    DownloadRunning,
    StoredTag,
    TagPass,
)
from tests.faults.at_once import at_once
from tests.grants import scene as scenes
from tests.grants.scene import NOON, Scene


def redeem(scene: Scene, needed: NeededPass | None = None) -> redeeming.Ticket:
    return redeeming.redeem(tokens.token(scene.link), start=1, stop=2, needed=needed)


def a_pass(scene: Scene, *, at: dt.datetime = NOON, planned: int = 100, read: int | None = None) -> TagPass:
    return TagPass.objects.create(
        grant=scene.grant,
        seal=scene.link.seal,
        process=process.THIS,
        archive=scene.sealed,
        member=9,
        at=at,
        bytes_planned=planned,
        bytes_read=read,
    )


class TestAtOnce:
    def test_a_person_has_so_many_and_a_finished_one_makes_room(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 2)
        first = redeem(scene)
        redeem(scene)
        with pytest.raises(TooManyAtOnce) as refused:
            redeem(scene)
        assert refused.value.retry_after == 30
        assert DownloadOpened.objects.count() == 2
        process.close(first.opened, how=DownloadEnd.DONE, bytes_sent=1, seconds=1)
        redeem(scene)

    def test_two_aria2_with_sixteen_connections_have_room(self) -> None:
        assert quota.AT_ONCE >= 2 * 16

    def test_those_of_other_processes_count_while_they_live(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 1)
        redeem(scene)
        other = uuid.uuid4()
        DownloadRunning.objects.update(process=other)
        DeliveryProcess.objects.create(id=other, seen_at=NOON + dt.timedelta(minutes=2))
        with clock.frozen(NOON + dt.timedelta(minutes=3)), pytest.raises(TooManyAtOnce):
            redeem(scene)

    def test_those_of_a_killed_process_stop_counting_after_a_minute_and_a_half(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 1)
        redeem(scene)
        DownloadRunning.objects.update(process=uuid.uuid4())
        with clock.frozen(NOON + dt.timedelta(seconds=89)), pytest.raises(TooManyAtOnce):
            redeem(scene)
        with clock.frozen(NOON + dt.timedelta(seconds=91)):
            redeem(scene)

    def test_other_people_have_room_of_their_own(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 1)
        redeem(scene)
        theirs = seals.new_seal(grant=scene.grant, person_pk=scene.bob.pk)
        with transaction.atomic():
            quota.admit(theirs, scene.sealed, needed=None)

    def test_what_runs_has_a_row_until_it_is_closed_or_settled(self, scene: Scene) -> None:
        first, second = redeem(scene), redeem(scene)
        process.close(first.opened, how=DownloadEnd.DONE, bytes_sent=1, seconds=1)
        assert DownloadRunning.objects.get().pk == second.opened
        with clock.frozen(NOON + process.SILENCE + dt.timedelta(seconds=1)):
            assert process.settle_abandoned() == 1
        assert not DownloadRunning.objects.exists()


class TestBudget:
    def limit(self, scene: Scene) -> int:
        return quota.limit(scene.grant)

    def test_it_is_a_multiple_of_all_that_the_grant_opens(self, scene: Scene) -> None:
        assert self.limit(scene) == quota.TIMES * scene.sealed.sealed_size

    def test_a_needed_pass_is_charged_with_the_download_it_is_for(self, scene: Scene) -> None:
        redeem(scene, NeededPass(0, 100))
        row = TagPass.objects.get()
        assert (row.grant, row.seal, row.archive, row.member) == (scene.grant, scene.link.seal, scene.sealed, 0)
        assert (row.bytes_planned, row.bytes_read, row.process, row.at) == (100, None, process.THIS, NOON)

    def test_over_budget_nothing_is_opened_until_the_day_is_over(self, scene: Scene) -> None:
        a_pass(scene, planned=self.limit(scene), read=self.limit(scene) - 100, at=NOON - dt.timedelta(hours=23))
        redeem(scene, NeededPass(0, 100))
        with pytest.raises(OverBudget) as refused:
            redeem(scene, NeededPass(1, 1))
        assert refused.value.retry_after == 3600
        assert DownloadOpened.objects.count() == TagPass.objects.filter(member=0).count() == 1
        redeem(scene)  # what needs no pass goes on
        with clock.frozen(NOON + dt.timedelta(hours=1)):
            redeem(scene, NeededPass(1, 1))

    def test_what_is_under_way_or_kept_is_not_charged_again(self, scene: Scene) -> None:
        redeem(scene, NeededPass(0, 100))
        redeem(scene, NeededPass(0, 100))
        assert TagPass.objects.count() == 1
        TagPass.objects.update(bytes_read=100)
        seal = scene.link.seal
        kept = {"seal": seal, "number": seal.number, "key_number": seal.key_number, "archive": scene.sealed}
        StoredTag.objects.create(**kept, member=0, tag=b"0123456789")
        redeem(scene, NeededPass(0, 100))
        assert TagPass.objects.count() == 1

    def test_a_pass_that_was_called_off_is_charged_with_what_it_read_and_a_little_at_least(self, scene: Scene) -> None:
        much = 10 * quota.LEAST
        for read, charged in ((0, 0), (1, quota.LEAST), (2 * quota.LEAST, 2 * quota.LEAST)):
            row = a_pass(scene, planned=much)
            quota.end(row.pk, bytes_read=read)
            row.refresh_from_db()
            assert row.bytes_read == charged
        row = a_pass(scene, planned=7)
        quota.end(row.pk, bytes_read=1)
        row.refresh_from_db()
        assert row.bytes_read == 7

    def test_a_killed_process_leaves_its_pass_charged_and_in_nobodys_way(self, scene: Scene) -> None:
        redeem(scene, NeededPass(0, 100))
        TagPass.objects.update(process=uuid.uuid4())
        with clock.frozen(NOON + dt.timedelta(seconds=91)):
            redeem(scene, NeededPass(0, 100))
        assert TagPass.objects.count() == 2

    def test_old_rows_go(self, scene: Scene) -> None:
        a_pass(scene, at=NOON - quota.KEPT)
        a_pass(scene, at=NOON - quota.KEPT + dt.timedelta(seconds=1))
        redeem(scene, NeededPass(0, 100))
        assert TagPass.objects.count() == 2


class TestAtTheSameMoment:
    @pytest.fixture
    def scene(self, transactional_db: None, tmp_path: Path, settings: Settings) -> Scene:
        settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
        settings.SITE_URL = settings.DELIVERY_URL = "http://testserver"
        messages.register()
        kept_tags.forget()
        return scenes.build(tmp_path / "files")

    def test_so_many_are_opened_and_no_more(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quota, "AT_ONCE", 3)
        ends = at_once(*[partial(refused_or, partial(redeem, scene)) for _ in range(8)])
        assert sum(isinstance(end, redeeming.Ticket) for end in ends) == DownloadOpened.objects.count() == 3

    def test_the_budget_holds(self, scene: Scene) -> None:
        size = quota.limit(scene.grant) // 2
        works = [partial(refused_or, partial(redeem, scene, NeededPass(number, size))) for number in range(6)]
        ends = at_once(*works)
        assert sum(isinstance(end, redeeming.Ticket) for end in ends) == TagPass.objects.count() == 2

    def test_one_member_is_charged_once(self, scene: Scene) -> None:
        at_once(*[partial(redeem, scene, NeededPass(0, 100)) for _ in range(6)])
        assert TagPass.objects.count() == 1


def refused_or(work: partial[redeeming.Ticket]) -> redeeming.Ticket | None:
    """Return a ticket, or None for a refusal."""
    try:
        return work()
    except quota.TooMuch:
        return None
