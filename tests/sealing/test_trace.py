import itertools
import sys
import time
from collections.abc import Iterator

import pytest

from agreements.sealing import Candidates, FoundSalt, Layout, code_is_authentic, match_salts, read_salts
from tests.sealing.packs import OTHER_PASSWORD, PASSWORD, SALT_KEY, noise, pack_of

FILES = {"d/": b"", "d/one.jpg": noise(1000, 1), "图像.jpg": noise(50_000, 2), "empty": b"", "last": noise(3, 3)}
PACK = pack_of(FILES)
WHOLE = PACK.sealed()
LAYOUT = Layout(PACK.index)
SEALED = [number for number, name in enumerate(FILES) if not name.endswith("/")]


def chunks(data: bytes, size: int = 1 << 16) -> Iterator[bytes]:
    return (data[place : place + size] for place in range(0, len(data), size))


def reader(data: bytes) -> "object":
    return lambda offset, length: iter([data[offset : offset + length]])


@pytest.mark.parametrize("size", [1, 29, 30, 1000, 1 << 20])
def test_every_salt_is_found_whatever_the_chunks(size: int) -> None:
    found = list(read_salts(chunks(WHOLE, size)))
    assert [each.salt for each in found] == [PACK.view().salt(number) for number in SEALED]
    assert [each.name for each in found] == [name for name in FILES if not name.endswith("/")]
    assert [each.data_start for each in found] == [LAYOUT.data_start(number) for number in SEALED]
    assert [each.packed_size for each in found] == [len(FILES[each.name]) for each in found]


def test_a_piece_is_enough_when_it_holds_one_header_with_its_salt() -> None:
    start, stop = LAYOUT.local_start(2), LAYOUT.data_start(2)
    assert [f.name for f in read_salts(chunks(WHOLE[start - 100 : stop]))] == ["图像.jpg"]
    assert list(read_salts(chunks(WHOLE[start : stop - 1]))) == []
    assert list(read_salts(chunks(WHOLE[start + 1 : stop + 100]))) == []


def test_a_planted_header_that_never_ends_hides_nothing() -> None:
    fake = bytearray(WHOLE[LAYOUT.local_start(1) :][:30])
    fake[28:30] = b"\xff\xff"
    assert len(list(read_salts(chunks(bytes(fake) + WHOLE)))) == len(SEALED)


def test_a_file_that_is_no_archive_has_no_salts() -> None:
    assert list(read_salts(chunks(noise(100_000) + b"PK\x03\x04" * 50))) == []
    assert list(read_salts([])) == []


def test_the_seal_is_named_among_others_with_the_number_of_members() -> None:
    found = list(read_salts(chunks(WHOLE)))
    seals = [(f"seal {n}", bytes([n]) * 32) for n in range(50)] + [("Alice's seal", SALT_KEY)]
    other_archive = pack_of({"last": b"abc"}).index
    ((seal, matches),) = match_salts([Candidates.of(index, found) for index in (other_archive, PACK.index)], seals)
    assert seal == "Alice's seal"
    assert [match.number for match in matches] == SEALED
    assert {match.archive_digest for match in matches} == {PACK.index.digest}


def test_a_salt_under_another_name_or_size_does_not_match() -> None:
    found = next(read_salts(chunks(WHOLE)))
    for other in (
        FoundSalt("last", found.salt, found.verifier, 0, found.packed_size),
        FoundSalt(found.name, found.salt, found.verifier, 0, 1),
        FoundSalt(found.name, bytes(16), found.verifier, 0, found.packed_size),
    ):
        assert list(match_salts([Candidates.of(PACK.index, [other])], [("Alice's seal", SALT_KEY)])) == []


def test_planted_salts_do_not_hide_the_seal() -> None:
    """A hundred salts of someone else's choosing for each member, before and behind the right one."""
    pack = pack_of({f"{n}": b"" for n in range(40)})
    right = list(read_salts(chunks(pack.sealed())))
    fakes = [[FoundSalt(f.name, noise(16, n), f.verifier, 0, f.packed_size) for f in right] for n in range(100)]
    found = [*itertools.chain(*fakes[:50]), *right, *itertools.chain(*fakes[50:])]
    ((seal, matches),) = match_salts([Candidates.of(pack.index, found)], [("Alice's seal", SALT_KEY)])
    assert (seal, len(matches)) == ("Alice's seal", 40)


def test_two_seals_in_one_file_are_both_named() -> None:
    pack = pack_of({f"{n}": b"" for n in range(40)})
    other = bytes(reversed(SALT_KEY))
    found = list(read_salts(chunks(b"before" + pack.sealed() + b"between" + pack.sealed(salt_key=other) + b"behind")))
    seals = [("Alice", SALT_KEY), ("Eve", bytes(32)), ("Bob", other)]
    named = {seal: len(matches) for seal, matches in match_salts([Candidates.of(pack.index, found)], seals)}
    assert named == {"Alice": 40, "Bob": 40}


def test_extra_fields_made_to_keep_us_busy_are_passed_over() -> None:
    start = LAYOUT.local_start(1)
    header = bytearray(WHOLE[start : start + 30])
    header[26:30] = (0).to_bytes(2, "little") + (65_535).to_bytes(2, "little")
    busy = bytes(header) * 20_000
    began = time.process_time()
    assert len(list(read_salts(chunks(busy + bytes(70_000) + WHOLE)))) == len(SEALED)
    assert time.process_time() - began < 2


def test_an_authentication_code_shows_that_the_password_made_the_bytes() -> None:
    changed = bytearray(WHOLE)
    changed[LAYOUT.data_start(2) + 5] ^= 1
    for found in read_salts(chunks(WHOLE)):
        assert code_is_authentic(found, PASSWORD, reader(WHOLE), len(WHOLE)) is True  # type: ignore[arg-type]
        assert code_is_authentic(found, OTHER_PASSWORD, reader(WHOLE), len(WHOLE)) is False  # type: ignore[arg-type]
    found = list(read_salts(chunks(WHOLE)))[1]
    assert code_is_authentic(found, PASSWORD, reader(bytes(changed)), len(WHOLE)) is False  # type: ignore[arg-type]
    cut = LAYOUT.tag_start(2) + 9
    assert code_is_authentic(found, PASSWORD, reader(WHOLE[:cut]), cut) is None  # type: ignore[arg-type]


@pytest.mark.long
def test_a_million_seals_are_checked_in_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    _check_seals(1_000_000, seconds=40, capsys=capsys)


def test_a_hundred_thousand_seals_are_checked_in_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    _check_seals(100_000, seconds=4, capsys=capsys)


def _check_seals(count: int, *, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    """With four members to try for each; prints what it took."""
    pack = pack_of({f"{n}": b"" for n in range(40)})
    candidates = Candidates.of(pack.index, read_salts(chunks(pack.sealed())))
    began = time.process_time()
    seals = ((n, n.to_bytes(32, "big")) for n in range(count))
    assert [seal for seal, _matches in match_salts([candidates], itertools.chain(seals, [(-1, SALT_KEY)]))] == [-1]
    took = time.process_time() - began
    with capsys.disabled():
        sys.stdout.write(f" [{count:,} seals in {took:.1f} s] ")
    assert took < seconds
