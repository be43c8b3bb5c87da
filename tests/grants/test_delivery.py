"""The stream and its watcher, driven by hand: no byte after access ended, and every end is told."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterator

import pytest
import pyzipper
from django.db import DatabaseError, OperationalError

from agreements.catalog.models import Access, Archive, Dataset, Subset
from agreements.core import actors, clock
from agreements.grants import lifecycle, passwords
from agreements.grants.downloads import process, redeeming, sources, streaming
from agreements.grants.downloads.streaming import Cut, Stream
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DeliveryProcess, DownloadClosed, DownloadEnd, Grant
from tests.grants.conftest import Seconds
from tests.grants.scene import MEMBERS, NOON, Scene
from tests.grants.test_states import revoke


def begin(scene: Scene, start: int = 0, stop: int | None = None) -> Stream:
    token = tokens.token(scene.link)
    stop = scene.sealed.sealed_size if stop is None else stop
    return streaming.stream(redeeming.redeem(token, name="train40.zip", start=start, stop=stop))


def ending() -> DownloadClosed:
    return DownloadClosed.objects.get()


def test_a_whole_download_opens_with_the_password_that_alice_is_shown(scene: Scene) -> None:
    whole = b"".join(begin(scene))
    assert len(whole) == scene.sealed.sealed_size
    password = passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    with pyzipper.AESZipFile(io.BytesIO(whole)) as archive:
        archive.setpassword(password.encode())
        assert {name: archive.read(name) for name in MEMBERS} == MEMBERS
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.DONE, len(whole))


def test_two_halves_are_the_whole(scene: Scene) -> None:
    whole = b"".join(begin(scene))
    middle = len(whole) // 2
    assert b"".join(begin(scene, 0, middle)) + b"".join(begin(scene, middle)) == whole


def test_a_client_that_leaves_is_told_of_with_what_it_had(scene: Scene) -> None:
    stream = begin(scene)
    first = next(stream)
    stream.close()
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.CLIENT_GONE, len(first))
    assert list(stream) == []


def test_a_client_that_leaves_before_the_first_byte_is_told_of_too(scene: Scene) -> None:
    begin(scene).close()
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.CLIENT_GONE, 0)


def test_closing_after_the_last_byte_is_no_departure(scene: Scene) -> None:
    stream = begin(scene)
    for _ in range(1000):
        if stream._sent == scene.sealed.sealed_size:
            break
        next(stream)
    stream.close()
    stream.close()
    assert ending().how == DownloadEnd.DONE


def shut_by_suspension(scene: Scene) -> None:
    lifecycle.suspend(grant=scene.grant, by=actors.job("tests"), cause="address", reason="")


ENDINGS: list[Callable[[Scene], object]] = [
    lambda scene: revoke(scene, by=scene.dan.actor),
    shut_by_suspension,
    lambda scene: links.end(link=scene.link, by=scene.alice.actor),
    lambda scene: Grant.objects.update(ends_at=NOON),
]


@pytest.mark.parametrize("end", ENDINGS)
def test_the_tick_after_access_ended_cuts_the_stream(
    scene: Scene, watching: Watcher, end: Callable[[Scene], object]
) -> None:
    stream = begin(scene)
    first = next(stream)
    watching.tick()
    second = next(stream)
    end(scene)
    watching.tick()
    with pytest.raises(Cut):
        next(stream)
    stream.close()
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.REVOKED, len(first) + len(second))


SHUTTINGS: list[Callable[[Scene], object]] = [
    lambda scene: Archive.objects.filter(pk=scene.open.pk).update(withdrawn_at=NOON),
    lambda scene: Dataset.objects.update(withdrawn_at=NOON),
    lambda scene: Subset.objects.filter(pk=scene.test10.pk).update(access=Access.AGREEMENT),
]


@pytest.mark.parametrize("shut", SHUTTINGS)
def test_the_tick_after_an_open_archive_was_withdrawn_cuts_it(
    scene: Scene, watching: Watcher, shut: Callable[[Scene], object]
) -> None:
    offer = redeeming.examine_open("genebody", scene.open.pk, name=scene.open.name)
    stream = streaming.stream(redeeming.redeem_open(offer, start=0, stop=offer.size))
    first = next(stream)
    watching.tick()
    second = next(stream)
    shut(scene)
    watching.tick()
    with pytest.raises(Cut):
        next(stream)
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.REVOKED, len(first) + len(second))


def test_another_archive_that_was_withdrawn_cuts_no_open_one(scene: Scene, watching: Watcher) -> None:
    offer = redeeming.examine_open("genebody", scene.open.pk, name=scene.open.name)
    stream = streaming.stream(redeeming.redeem_open(offer, start=0, stop=offer.size))
    next(stream)
    Archive.objects.filter(pk=scene.sealed.pk).update(withdrawn_at=NOON)
    watching.tick()
    assert next(stream)
    stream.close()


def test_a_slow_client_that_leaves_after_the_cut_was_cut(scene: Scene, watching: Watcher) -> None:
    stream = begin(scene)
    next(stream)
    revoke(scene, by=scene.dan.actor)
    watching.tick()
    stream.close()
    assert ending().how == DownloadEnd.REVOKED


def test_a_chunk_that_was_being_made_when_access_ended_is_not_sent(
    scene: Scene, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def source(_ticket: object) -> Iterator[bytes]:
        yield b"first"
        revoke(scene, by=scene.dan.actor)
        watching.tick()
        yield b"second"

    monkeypatch.setattr(sources, "source", source)
    stream = begin(scene)
    assert next(stream) == b"first"
    with pytest.raises(Cut):
        next(stream)
    assert ending().bytes_sent == 5


def test_the_end_of_a_links_time_does_not_cut_what_runs(scene: Scene, watching: Watcher) -> None:
    stream = begin(scene)
    next(stream)
    with clock.frozen(scene.link.expires_at + dt.timedelta(minutes=1)):
        watching.tick()
        assert next(stream)
    stream.close()


def test_one_query_asks_about_all_that_run_through_links_and_one_about_open_archives(
    scene: Scene, watching: Watcher, django_assert_num_queries: Callable[[int], object]
) -> None:
    streams = [begin(scene) for _ in range(5)]
    watching.tick()
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        watching.tick()
    offer = redeeming.examine_open("genebody", scene.open.pk, name=scene.open.name)
    streams += [streaming.stream(redeeming.redeem_open(offer, start=0, stop=offer.size)) for _ in range(5)]
    with django_assert_num_queries(2):  # type: ignore[attr-defined]
        watching.tick()
    for stream in streams:
        stream.close()


def test_ten_seconds_without_a_database_cut_the_stream_even_when_the_watcher_hangs(
    scene: Scene, seconds: Seconds
) -> None:
    stream = begin(scene)
    seconds.now += 10
    next(stream)
    seconds.now += 0.1
    with pytest.raises(Cut):
        next(stream)
    assert ending().how == DownloadEnd.NO_DATABASE


def test_a_tick_that_reached_the_database_keeps_the_stream(scene: Scene, watching: Watcher, seconds: Seconds) -> None:
    stream = begin(scene)
    for _ in range(2):
        seconds.now += 9
        watching.tick()
        next(stream)
    stream.close()


def test_a_tick_without_a_database_keeps_quiet_and_the_end_is_written_when_it_is_back(
    scene: Scene, watching: Watcher, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OperationalError("no answer")

    stream = begin(scene)
    next(stream)
    with monkeypatch.context() as broken:
        broken.setattr(links, "with_all", fail)
        broken.setattr(process, "close", fail)
        seconds.now += 11
        watching.tick()
        with pytest.raises(Cut):
            next(stream)
    assert not DownloadClosed.objects.exists()
    watching.tick()
    assert ending().how == DownloadEnd.NO_DATABASE


def test_an_end_that_could_not_be_written_is_written_by_a_later_tick(
    scene: Scene, watching: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = process.close
    answers: list[Exception | None] = [DatabaseError("gone"), None]

    def close(*args: object, **options: object) -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer
        real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(process, "close", close)
    begin(scene).close()
    assert not DownloadClosed.objects.exists()
    watching.tick()
    assert ending().how == DownloadEnd.CLIENT_GONE


def test_a_failing_vault_is_an_error_and_breaks_the_connection(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def source(_ticket: object) -> Iterator[bytes]:
        yield b"some"
        raise OSError("the vault is gone")

    monkeypatch.setattr(sources, "source", source)
    stream = begin(scene)
    next(stream)
    with pytest.raises(OSError, match="vault"):
        next(stream)
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.ERROR, 4)


def test_a_vault_that_fails_at_once_leaves_no_open_row(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def source(_ticket: object) -> Iterator[bytes]:
        raise OSError("the vault is gone")

    monkeypatch.setattr(sources, "source", source)
    with pytest.raises(OSError, match="vault"):
        begin(scene)
    assert ending().how == DownloadEnd.ERROR


def test_empty_chunks_of_the_engine_are_not_sent(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "source", lambda _ticket: iter([b"", b"a", b"", b"", b"b"]))
    assert list(begin(scene, 0, 2)) == [b"a", b"b"]


def test_large_chunks_leave_in_small_pieces(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "source", lambda _ticket: iter([bytes(1_000_000)]))
    pieces = list(begin(scene, 0, 1_000_000))
    assert max(map(len, pieces)) <= streaming.PIECE
    assert sum(map(len, pieces)) == 1_000_000


def test_what_a_dead_process_left_open_is_settled_once_as_not_known(scene: Scene, watching: Watcher) -> None:
    stream = begin(scene)
    watching.tick()
    with clock.frozen(NOON + process.SILENCE):
        DeliveryProcess.objects.update(seen_at=NOON + dt.timedelta(seconds=1))
        assert process.settle_abandoned() == 0
    with clock.frozen(NOON + process.SILENCE + dt.timedelta(seconds=1)):
        assert process.settle_abandoned() == 1
        assert process.settle_abandoned() == 0
    assert (ending().how, ending().bytes_sent) == (DownloadEnd.UNKNOWN, None)
    stream.close()
    assert ending().how == DownloadEnd.UNKNOWN
