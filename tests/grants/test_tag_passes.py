# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""One pass for all who wait, of this process and of others, charged once, and going on when its client has left."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator

import pytest

from agreements.catalog import archives
from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.grants.downloads import quota, tag_passes
from agreements.grants.downloads.personal_view import PersonalView
from agreements.grants.models import Grant, StoredTag, TagPass
from agreements.sealing.waiting import Ended
from portal.embedded.children import wait_until
from tests.grants.passing import Gate, begin, gate, passing, scene, settled, tail_of, view, whole  # noqa: F401
from tests.grants.scene import Scene
from tests.grants.test_states import revoke

# Threads with connections of their own write here, so the transactions are real, and so is the clock.
pytestmark = pytest.mark.django_db(transaction=True)


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
    assert TagPass.objects.count() == 1
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
    assert TagPass.objects.get().bytes_read == TagPass.objects.get().bytes_planned


def wait_for(made: PersonalView, number: int, ended: threading.Event) -> None:
    """Wait for a tag as a stream does whose client leaves."""
    with pytest.raises(Ended):
        made.code(number, ended)


def test_a_pass_goes_on_when_its_client_has_left_and_a_second_one_is_called_off(scene: Scene, gate: Gate) -> None:
    first, second = threading.Event(), threading.Event()
    kept = view(scene).kept
    sizes = view(scene).index.columns.packed_sizes

    waiting = [threading.Thread(target=wait_for, args=(view(scene), *pair)) for pair in ((0, first), (2, second))]
    for thread in waiting:
        thread.start()
        assert gate.reached.acquire(timeout=20)
    first.set()
    waiting[0].join(20)
    second.set()
    waiting[1].join(20)
    assert tag_passes.is_under_way(kept.name(0))
    assert not tag_passes.is_under_way(kept.name(2))
    gate.opened.set()
    settled()
    assert kept.peek(0) is not None
    assert kept.peek(2) is None
    assert StoredTag.objects.get().member == 0
    read = dict(TagPass.objects.values_list("member", "bytes_read"))
    assert read == {0: sizes[0], 2: min(sizes[2], quota.LEAST)}


ENDINGS: list[Callable[[Scene], object]] = [
    lambda scene: revoke(scene, by=scene.dan.actor),
    lambda scene: Grant.objects.update(ends_at=scene.grant.starts_at),
    lambda scene: Dataset.objects.update(withdrawn_at=scene.grant.starts_at),
]


@pytest.mark.parametrize("end", ENDINGS)
def test_a_pass_that_nobody_waits_for_ends_with_access(
    scene: Scene, gate: Gate, end: Callable[[Scene], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    # It looks at every piece, else one look before the leaver was there would be the only one of this short pass.
    monkeypatch.setattr(tag_passes, "LOOK_AT_ACCESS", 0.0)
    ended = threading.Event()
    made = view(scene)
    leaver = threading.Thread(target=wait_for, args=(made, 0, ended))
    leaver.start()
    assert gate.reached.acquire(timeout=20)
    ended.set()
    leaver.join(20)
    end(scene)
    gate.opened.set()
    settled()
    assert made.kept.peek(0) is None
    assert not StoredTag.objects.exists()
    assert TagPass.objects.get().bytes_read is not None


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
    assert len(gate.begun) == TagPass.objects.count() == 1


def elsewhere(scene: Scene) -> TagPass:
    """Return the row of another process that has just begun a pass."""
    return TagPass.objects.create(
        grant=scene.grant,
        seal=scene.link.seal,
        process=uuid.uuid4(),
        archive=scene.sealed,
        member=0,
        at=now(),
        bytes_planned=1,
    )


def test_the_pass_of_another_process_is_waited_for(scene: Scene, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_passes, "LOOK_ELSEWHERE", 0.05)
    elsewhere(scene)
    stream = begin(scene, *tail_of(scene, 0))
    assert TagPass.objects.count() == 1  # nothing is charged for what another makes
    got: list[bytes] = []
    waiting = threading.Thread(target=lambda: got.append(b"".join(stream)))
    waiting.start()
    assert wait_until(passing, 20)
    seal = scene.link.seal
    StoredTag.objects.create(
        seal=seal,
        number=seal.number,
        key_number=seal.key_number,
        archive=scene.sealed,
        member=0,
        tag=b"0123456789",
    )
    waiting.join(20)
    assert got[0][1:] == b"0123456789"
    assert not gate.begun


def test_patience_with_another_process_has_an_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_passes, "PATIENCE", 0.2)
    monkeypatch.setattr(tag_passes, "LOOK_ELSEWHERE", 0.05)
    elsewhere(scene)
    start, stop = tail_of(scene, 0)
    assert b"".join(begin(scene, start, stop)) == whole(scene)[start:stop]
    settled()
    assert TagPass.objects.count() == 2


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
    assert TagPass.objects.get().bytes_read is None
    b"".join(begin(scene, start, stop))
    settled()
    assert TagPass.objects.get().bytes_read == TagPass.objects.get().bytes_planned
