"""What a token is worth at a moment: every reason for which it is worth nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

import pytest
from django.db import OperationalError

from agreements.catalog.models import Archive, Dataset
from agreements.core import actors, clock
from agreements.grants import lifecycle
from agreements.grants.downloads import redeeming, refusals
from agreements.grants.downloads.refusals import Refused, Unavailable, Why
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened, Grant, Link, Seal
from agreements.people.models import User
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import revoke


def redeem(scene: Scene, token: str | None = None, name: str = "train40.zip") -> redeeming.Ticket:
    return redeeming.redeem(token or tokens.token(scene.link), name=name, start=0, stop=10)


def test_a_good_link_gives_a_ticket_and_the_row_says_what_was_opened(scene: Scene) -> None:
    ticket = redeem(scene)
    row = DownloadOpened.objects.get()
    assert row.pk == ticket.opened
    assert (row.grant, row.link, row.archive) == (scene.grant, scene.link, scene.sealed)
    assert (row.at, row.range_start, row.range_stop) == (NOON, 0, 10)


def withdraw_dataset(scene: Scene) -> None:
    Dataset.objects.update(withdrawn_at=NOON)


def shut_dataset(scene: Scene) -> None:
    Dataset.objects.update(shut_at=NOON)


def suspend(scene: Scene) -> None:
    lifecycle.suspend(grant=scene.grant, by=actors.job("tests"), cause="address", reason="")


BREAKING: list[tuple[Why, Callable[[Scene], object]]] = [
    (Why.LINK_ENDED, lambda scene: links.end(link=scene.link, by=scene.alice.actor)),
    (Why.LINK_EXPIRED, lambda scene: Link.objects.update(expires_at=NOON)),
    (Why.SEAL_ENDED, lambda scene: Seal.objects.update(ended_at=NOON)),
    (Why.PERSON_INACTIVE, lambda scene: User.objects.filter(pk=scene.alice.pk).update(is_active=False)),
    (Why.GRANT_NOT_ACTIVE, suspend),
    (Why.LINK_ENDED, lambda scene: revoke(scene, by=scene.dan.actor)),
    (Why.GRANT_NOT_BEGUN, lambda scene: Grant.objects.update(starts_at=NOON + dt.timedelta(hours=1))),
    (Why.GRANT_OVER, lambda scene: Grant.objects.update(ends_at=NOON)),
    (Why.DATASET_WITHDRAWN, withdraw_dataset),
    (Why.DATASET_SHUT, shut_dataset),
    (Why.ARCHIVE_WITHDRAWN, lambda scene: Archive.objects.update(withdrawn_at=NOON)),
    (Why.NOT_COVERED, lambda scene: scene.grant.subsets.clear()),
    (Why.NOT_SEALED, lambda scene: Archive.objects.update(seal="none")),
    (Why.OTHER_NAME, lambda scene: Archive.objects.update(name="other.zip")),
]


@pytest.mark.parametrize(("why", "breaking"), BREAKING, ids=[f"{n}-{why.name}" for n, (why, _) in enumerate(BREAKING)])
def test_a_link_that_opened_opens_no_more(
    scene: Scene, why: Why, breaking: Callable[[Scene], object], caplog: pytest.LogCaptureFixture
) -> None:
    token = tokens.token(scene.link)
    redeem(scene, token)
    breaking(scene)
    with caplog.at_level(logging.INFO), pytest.raises(Refused) as refused:
        redeem(scene, token)
    assert refused.value.why is why
    assert str(refused.value) == "refused"
    assert DownloadOpened.objects.count() == 1
    assert str(why) in caplog.text
    assert scene.grant.reference in caplog.text
    assert token not in caplog.text


def test_every_reason_that_concerns_links_is_tested() -> None:
    assert {why for why, _ in BREAKING} == set(Why) - {Why.NO_SUCH_LINK, Why.NOT_OPEN}


def test_an_expired_grant_opens_nothing_even_before_the_beat_has_seen_it(scene: Scene) -> None:
    Grant.objects.update(ends_at=NOON + dt.timedelta(days=1))
    redeem(scene)
    with clock.frozen(NOON + dt.timedelta(days=1)), pytest.raises(Refused):
        redeem(scene)


def test_nothing_is_given_when_the_row_cannot_be_written(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(DownloadOpened, "save", fail)
    with pytest.raises(Unavailable):
        redeem(scene)


def test_examining_writes_nothing(scene: Scene) -> None:
    offer = redeeming.examine(tokens.token(scene.link), name="train40.zip")
    assert offer.size == scene.sealed.sealed_size
    assert not DownloadOpened.objects.exists()


def test_the_etag_is_of_the_seal_and_not_of_the_link(scene: Scene) -> None:
    fresh = links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor, mail=False)
    first = redeeming.examine(tokens.token(Link.objects.exclude(pk=fresh.pk).get()))
    assert redeeming.examine(tokens.token(fresh)).etag == first.etag


def test_an_open_archive_is_open_and_a_sealed_one_is_not(scene: Scene) -> None:
    assert redeeming.examine_open("genebody", scene.open.pk, name="test10.zip").size == scene.open.pack_size
    for slug, pk, name in (
        ("genebody", scene.sealed.pk, "train40.zip"),
        ("genebody", scene.open.pk, "train40.zip"),
        ("other", scene.open.pk, "test10.zip"),
        ("genebody", 0, "test10.zip"),
    ):
        with pytest.raises(Refused):
            redeeming.examine_open(slug, pk, name=name)


def test_a_withdrawn_open_archive_is_open_no_more_and_the_log_says_why(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    Archive.objects.update(withdrawn_at=NOON)
    with caplog.at_level(logging.INFO), pytest.raises(Refused):
        redeeming.examine_open("genebody", scene.open.pk, name="test10.zip")
    assert str(Why.ARCHIVE_WITHDRAWN) in caplog.text


def test_what_is_refused_is_counted_for_the_steward_by_reason(scene: Scene) -> None:
    token = tokens.token(scene.link)
    Link.objects.update(expires_at=NOON)
    for _ in range(3):
        with pytest.raises(Refused):
            redeem(scene, token)
    links.end(link=scene.link, by=scene.alice.actor)
    with pytest.raises(Refused):
        redeeming.examine(token)
    with pytest.raises(Refused):
        redeem(scene, "0" * 64)
    noted = [(str(row.why), row.times, row.archive) for row in refusals.of_grant(scene.grant)]
    assert sorted(noted) == [("the link has run out", 3, "train40.zip"), ("the link was ended", 1, "train40.zip")]
