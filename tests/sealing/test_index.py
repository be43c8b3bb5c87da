import dataclasses
import time

import pytest

from agreements.sealing import ArchiveIndex, BadIndex, Layout, Member
from tests.sealing.packs import MTIME, pack_of

FILES = {"d/": b"", "d/a": b"hello", "d/图像": b"", "z": b"x" * 1000}


def test_an_index_survives_json() -> None:
    index = pack_of(FILES, deflate=True).index
    again = ArchiveIndex.from_json(index.to_json())
    assert again == index
    assert list(again.members) == list(index.members)
    assert again.members[1:3] == [index.members[1], index.members[2]]
    assert again.number_of["z"] == 3


@pytest.mark.parametrize(
    "change",
    [
        {"name": "d/b"},
        {"method": 8},
        {"mtime": MTIME - 1},
        {"sha256_packed": bytes(32)},
        {"plain_size": 6, "packed_size": 6},
    ],
)
def test_every_bound_field_changes_the_digest(change: dict[str, object]) -> None:
    members = list(pack_of(FILES).index.members)
    changed = list(members)
    changed[1] = dataclasses.replace(members[1], **change)  # type: ignore[arg-type]
    assert ArchiveIndex(changed).digest != ArchiveIndex(members).digest


def test_where_the_bytes_lie_does_not_change_the_digest() -> None:
    members = list(pack_of(FILES).index.members)
    moved = [dataclasses.replace(member, offset=member.offset + 7) for member in members]
    assert ArchiveIndex(moved).digest == ArchiveIndex(members).digest


def test_bytes_cannot_move_between_a_name_and_its_neighbour_unseen() -> None:
    assert pack_of({"ab": b"", "c": b""}).index.digest != pack_of({"a": b"", "bc": b""}).index.digest


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"number": 5}, "number 5"),
        ({"method": 9}, "method 9"),
        ({"packed_size": 4}, "must be equal"),
        ({"offset": -1}, "negative"),
        ({"plain_size": 1 << 63, "packed_size": 1 << 63}, "too large"),
        ({"sha256_plain": b""}, "32 bytes"),
        ({"name": "d/a/"}, "directory"),
    ],
)
def test_a_member_that_contradicts_itself_is_refused_by_name(change: dict[str, object], why: str) -> None:
    members = list(pack_of(FILES).index.members)
    members[1] = dataclasses.replace(members[1], **change)  # type: ignore[arg-type]
    with pytest.raises(BadIndex, match=why) as caught:
        ArchiveIndex(members)
    assert "d/a" in str(caught.value)


def test_twenty_thousand_members_open_in_well_under_a_tenth_of_a_second() -> None:
    one = bytes(32)
    members = [
        Member(n, f"amanda/image/{n % 48:02}/{n:05}.jpg", 0, 700_000, 700_000, MTIME, one, one, n * 700_000)
        for n in range(20_000)
    ]
    text = ArchiveIndex(members).to_json()
    best = 9.0
    for _ in range(5):
        began = time.process_time()
        Layout(ArchiveIndex.from_json(text))
        best = min(best, time.process_time() - began)
    assert best < 0.1
