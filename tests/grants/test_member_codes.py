"""Codes that took a pass: made once for all who wait, kept for later processes, and never in the way of a download."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from pytest_django import Settings

from agreements.catalog import archives
from agreements.core.clock import now
from agreements.grants import delivery, links, member_codes, member_passes, messages, quota, redeeming, streaming
from agreements.grants.member_codes import KeptCodes
from agreements.grants.models import MemberCode, MemberPass, Seal
from agreements.grants.personal_view import PersonalView
from agreements.grants.streaming import Stream
from agreements.sealing import SealedView
from agreements.sealing.waiting import Ended
from agreements.web import bad_tokens, download_limits
from portal.embedded.children import wait_until
from tests.grants import scene as scenes
from tests.grants.scene import Scene

# Threads with connections of their own write here, so the transactions are real, and so is the clock.
pytestmark = pytest.mark.django_db(transaction=True)
LARGE = 60_000


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Scene:
    settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
    settings.SITE_URL = settings.DELIVERY_URL = "http://testserver"
    monkeypatch.setattr(member_codes, "LARGE", LARGE)
    messages.register()
    bad_tokens.forget()
    download_limits.forget()
    member_codes.forget()
    return scenes.build(tmp_path / "files")


class Gate:
    """Holds up every pass when it has read its first piece, until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.opened = threading.Event()
        self.connected: list[bool] = []
        self.begun: list[int] = []

    def reader(self, real: Callable[[int, int], Iterator[bytes]]) -> Callable[[int, int], Iterator[bytes]]:
        def read(offset: int, length: int) -> Iterator[bytes]:
            if threading.current_thread().name != "member-code":
                yield from real(offset, length)
                return
            self.begun.append(offset)
            yield from real(offset, 1000)
            self.connected.append(connection.connection is not None)
            self.reached.release()
            assert self.opened.wait(20)
            yield from real(offset + 1000, length - 1000)

        return read


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, real = Gate(), archives.reader
    monkeypatch.setattr(archives, "reader", lambda archive: made.reader(real(archive)))
    yield made
    made.opened.set()
    assert wait_until(lambda: not passing(), 20)


def passing() -> bool:
    return any(thread.name == "member-code" for thread in threading.enumerate())


def settled() -> None:
    """Wait until what a pass leaves behind is written."""
    assert wait_until(lambda: not passing(), 20)


def view(scene: Scene) -> PersonalView:
    return delivery.view_of(scene.sealed, scene.link.seal)


def tail_of(scene: Scene, number: int) -> tuple[int, int]:
    """Return the range of a member's last data byte and its code."""
    tag = view(scene).layout.tag_start(number)
    return tag - 1, tag + 10


def begin(scene: Scene, start: int, stop: int) -> Stream:
    offer = redeeming.examine(links.token(scene.link))
    needed = delivery.needed_pass(offer, start=start, stop=stop)
    return streaming.stream(redeeming.redeem(links.token(scene.link), start=start, stop=stop, needed=needed))


def whole(scene: Scene) -> bytes:
    made = view(scene)
    return b"".join(SealedView.stream(made, 0, made.size))


def test_a_code_is_made_by_one_pass_and_found_by_every_later_process(scene: Scene) -> None:
    start, stop = tail_of(scene, 0)
    expected = whole(scene)[start:stop]
    assert b"".join(begin(scene, start, stop)) == expected
    settled()
    member_codes.forget()  # another process
    assert b"".join(begin(scene, start, stop)) == expected
    settled()
    row, made = MemberPass.objects.get(), MemberCode.objects.get()
    assert row.bytes_planned == row.bytes_read == view(scene).index.columns.packed_sizes[0]
    assert bytes(made.code) == expected[1:]
    assert (made.seal, made.archive, made.member) == (scene.link.seal, scene.sealed, 0)


def test_every_start_within_every_member_gives_the_bytes_of_the_whole(scene: Scene) -> None:
    expected, made = whole(scene), view(scene)
    for number in range(len(made.index)):
        for start in (made.layout.data_start(number) + 1, made.layout.tag_start(number) + 3):
            assert b"".join(begin(scene, start, len(expected))) == expected[start:]
    settled()
    assert MemberPass.objects.count() == len(made.index)


def test_codes_of_small_members_are_not_written_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_codes, "LARGE", 1_000_000)
    start, stop = tail_of(scene, 0)
    assert b"".join(begin(scene, start, stop)) == whole(scene)[start:stop]
    assert not MemberCode.objects.exists()
    assert not MemberPass.objects.exists()


@pytest.mark.parametrize("changed", [{"number": 2}, {"key_number": 2}, {"seal_id": "0" * 32}])
def test_a_code_belongs_to_the_seal_as_it_was(scene: Scene, changed: dict[str, Any]) -> None:
    seal = scene.link.seal
    index = archives.index_of(scene.sealed)
    KeptCodes(seal, scene.sealed, index).put(0, b"0123456789")
    KeptCodes(seal, scene.sealed, index).store(0)
    other = Seal.objects.get(pk=seal.pk)
    for name, value in changed.items():
        setattr(other, name, value)
    assert KeptCodes(seal, scene.sealed, index).peek(0) == b"0123456789"
    assert KeptCodes(other, scene.sealed, index).peek(0) is None
    member_codes.forget()
    assert KeptCodes(seal, scene.sealed, index).get(0) == b"0123456789"
    if "seal_id" not in changed:
        assert KeptCodes(other, scene.sealed, index).get(0) is None


def test_memory_forgets_what_was_not_asked_for_the_longest(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_codes, "REMEMBERED", 2)
    codes = KeptCodes(scene.link.seal, scene.sealed, archives.index_of(scene.sealed))
    for number in (0, 1):
        codes.put(number, b"0123456789")
    codes.peek(0)
    codes.put(2, b"0123456789")
    assert [codes.peek(number) is not None for number in (0, 1, 2)] == [True, False, True]


def test_a_download_goes_on_when_codes_cannot_be_read_or_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    start, stop = tail_of(scene, 0)
    expected = whole(scene)[start:stop]
    stream = begin(scene, start, stop)

    def fail(*_args: object, **_options: object) -> Any:
        raise OperationalError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(member_codes, "stored", fail)
        for name in ("begin", "end", "spare", "under_way"):
            broken.setattr(quota, name, fail)
        broken.setattr(MemberCode.objects, "bulk_create", fail)
        assert b"".join(stream) == expected
        settled()
    assert not MemberCode.objects.exists()
    assert MemberPass.objects.get().bytes_read is None  # charged in full: nobody could say less


def test_no_connection_is_held_while_a_pass_is_made(scene: Scene, gate: Gate) -> None:
    stream = begin(scene, *tail_of(scene, 0))
    reading = threading.Thread(target=lambda: list(stream))
    reading.start()
    assert gate.reached.acquire(timeout=20)
    gate.opened.set()
    reading.join(20)
    assert gate.connected == [False]


def test_those_who_wait_at_once_share_one_pass_and_are_charged_once(scene: Scene, gate: Gate) -> None:
    start, stop = tail_of(scene, 0)
    streams = [begin(scene, start - number, stop) for number in range(4)]
    assert MemberPass.objects.count() == 1
    got: list[bytes] = []
    readers = [threading.Thread(target=lambda each=each: got.append(b"".join(each))) for each in streams]
    for reader in readers:
        reader.start()
    assert gate.reached.acquire(timeout=20)
    gate.opened.set()
    for reader in readers:
        reader.join(20)
    settled()
    assert len(gate.begun) == 1
    assert sorted(map(len, got)) == [11, 12, 13, 14]
    assert len({each[-10:] for each in got}) == 1
    assert MemberPass.objects.get().bytes_read == MemberPass.objects.get().bytes_planned


def wait_for(made: PersonalView, number: int, ended: threading.Event) -> None:
    """Wait for a code as a stream does whose client leaves."""
    with pytest.raises(Ended):
        made.code(number, ended)


def test_a_pass_goes_on_when_its_client_has_left_and_a_second_one_is_called_off(scene: Scene, gate: Gate) -> None:
    first, second = threading.Event(), threading.Event()
    codes = view(scene).codes
    sizes = view(scene).index.columns.packed_sizes

    waiting = [threading.Thread(target=wait_for, args=(view(scene), *pair)) for pair in ((0, first), (2, second))]
    for thread in waiting:
        thread.start()
        assert gate.reached.acquire(timeout=20)
    first.set()
    waiting[0].join(20)
    second.set()
    waiting[1].join(20)
    assert member_passes.is_under_way(codes.name(0))
    assert not member_passes.is_under_way(codes.name(2))
    gate.opened.set()
    settled()
    assert codes.peek(0) is not None
    assert codes.peek(2) is None
    assert MemberCode.objects.get().member == 0
    read = dict(MemberPass.objects.values_list("member", "bytes_read"))
    assert read == {0: sizes[0], 2: min(sizes[2], quota.LEAST)}


def test_whoever_comes_back_joins_the_pass_that_went_on(scene: Scene, gate: Gate) -> None:
    ended = threading.Event()
    made = view(scene)
    leaver = threading.Thread(target=wait_for, args=(made, 0, ended))
    leaver.start()
    assert gate.reached.acquire(timeout=20)
    ended.set()
    leaver.join(20)
    stream = begin(scene, *tail_of(scene, 0))
    got: list[bytes] = []
    back = threading.Thread(target=lambda: got.append(b"".join(stream)))
    back.start()
    gate.opened.set()
    back.join(20)
    settled()
    assert len(got[0]) == 11
    assert len(gate.begun) == MemberPass.objects.count() == 1


def elsewhere(scene: Scene) -> MemberPass:
    """Return the row of another process that has just begun a pass."""
    return MemberPass.objects.create(
        grant=scene.grant,
        seal=scene.link.seal,
        process=uuid.uuid4(),
        archive=scene.sealed,
        member=0,
        at=now(),
        bytes_planned=1,
    )


def test_the_pass_of_another_process_is_waited_for(scene: Scene, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_passes, "LOOK_ELSEWHERE", 0.05)
    elsewhere(scene)
    stream = begin(scene, *tail_of(scene, 0))
    assert MemberPass.objects.count() == 1  # nothing is charged for what another makes
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.append(b"".join(stream)))
    waiting.start()
    assert wait_until(passing, 20)
    seal = scene.link.seal
    MemberCode.objects.create(
        seal=seal,
        number=seal.number,
        key_number=seal.key_number,
        archive=scene.sealed,
        member=0,
        code=b"0123456789",
    )
    waiting.join(20)
    assert got[0][1:] == b"0123456789"
    assert not gate.begun


def test_patience_with_another_process_has_an_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_passes, "PATIENCE", 0.2)
    monkeypatch.setattr(member_passes, "LOOK_ELSEWHERE", 0.05)
    elsewhere(scene)
    start, stop = tail_of(scene, 0)
    assert b"".join(begin(scene, start, stop)) == whole(scene)[start:stop]
    settled()
    assert MemberPass.objects.count() == 2


def test_a_vault_that_fails_fails_those_who_wait_and_the_next_one_tries_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, stop = tail_of(scene, 0)
    expected = whole(scene)[start:stop]

    def gone(_archive: object) -> Callable[[int, int], Iterator[bytes]]:
        def read(_offset: int, _length: int) -> Iterator[bytes]:
            raise OSError("the vault is gone")

        return read

    with monkeypatch.context() as broken:
        broken.setattr(archives, "reader", gone)
        with pytest.raises(OSError, match="vault"):
            b"".join(begin(scene, start, stop))
        settled()
    assert b"".join(begin(scene, start, stop)) == expected
    settled()


def test_a_request_that_left_before_its_first_byte_leaves_its_charge_to_the_next(scene: Scene) -> None:
    start, stop = tail_of(scene, 0)
    begin(scene, start, stop).close()
    assert MemberPass.objects.get().bytes_read is None
    b"".join(begin(scene, start, stop))
    settled()
    assert MemberPass.objects.get().bytes_read == MemberPass.objects.get().bytes_planned
