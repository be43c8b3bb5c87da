import time
from collections.abc import Iterator

import pytest

from agreements.sealing import FoundSalt, Layout, code_is_authentic, match_salts, read_salts
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
    ((seal, matches),) = match_salts(found, [other_archive, PACK.index], seals)
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
        assert list(match_salts([other], [PACK.index], [("Alice's seal", SALT_KEY)])) == []


def test_planted_salts_do_not_hide_the_seal() -> None:
    """A few first members with salts of someone else's choosing."""
    pack = pack_of({f"{n}": b"" for n in range(40)})
    found = list(read_salts(chunks(pack.sealed())))
    planted = [FoundSalt(f.name, bytes(16), f.verifier, f.data_start, f.packed_size) for f in found[:10]]
    ((seal, matches),) = match_salts([*planted, *found[10:]], [pack.index], [("Alice's seal", SALT_KEY)])
    assert (seal, len(matches)) == ("Alice's seal", 30)


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


def test_a_hundred_thousand_seals_are_checked_in_a_moment() -> None:
    found = list(read_salts(chunks(WHOLE)))[:1]
    began = time.perf_counter()
    seals = ((n, n.to_bytes(32, "big")) for n in range(100_000))
    assert list(match_salts(found, [PACK.index], seals)) == []
    assert time.perf_counter() - began < 3
