"""The view against itself: ranges, determinism, what its bytes depend on."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.sealing import etag_for
from agreements.sealing.cipher import BLOCK
from agreements.sealing.layout import Part, Segment
from tests.sealing.packs import OTHER_PASSWORD, PASSWORD, pack_of
from tests.sealing.samples import FILES, LAYOUT, PACK, WHOLE


def _edges() -> list[int]:
    """Where one part ends and the next begins."""
    edges, place = [0], 0
    for segment in LAYOUT.segments(0, len(WHOLE)):
        place += segment.stop - segment.start
        edges.append(place)
    return edges


near_edges = st.builds(
    lambda edge, by: min(max(edge + by, 0), len(WHOLE)), st.sampled_from(_edges()), st.integers(-20, 20)
)
positions = near_edges | st.integers(0, len(WHOLE))


@settings(deadline=None, max_examples=400)
@given(positions, positions)
def test_any_range_is_that_slice_of_the_whole(one: int, other: int) -> None:
    start, stop = sorted((one, other))
    assert b"".join(PACK.view().stream(start, stop)) == WHOLE[start:stop]


def test_every_single_byte_around_every_edge_is_right() -> None:
    view = PACK.view()
    for edge in _edges():
        for start in range(max(edge - 3, 0), min(edge + 3, len(WHOLE))):
            assert b"".join(view.stream(start, start + 1)) == WHOLE[start : start + 1]


def test_the_size_is_known_beforehand_and_the_bytes_are_always_the_same() -> None:
    assert PACK.view().size == len(WHOLE)
    assert PACK.sealed() == WHOLE
    assert b"".join(pack_of(FILES, chunk=7).view().stream()) == WHOLE


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (5, 4), (0, len(WHOLE) + 1)])
def test_a_range_outside_the_archive_is_refused_at_once(start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="not within"):
        PACK.view().stream(start, stop)


def test_chunks_are_bounded() -> None:
    assert max(map(len, PACK.view().stream())) <= BLOCK


def test_two_passwords_give_different_bytes_but_the_same_length_and_salts() -> None:
    other = PACK.sealed(OTHER_PASSWORD)
    assert len(other) == len(WHOLE)
    for segment, place in _placed():
        mine, theirs = (data[place : place + segment.stop] for data in (WHOLE, other))
        if segment.part in {Part.SALT, Part.LOCAL, Part.CENTRAL, Part.END}:
            assert mine == theirs
        elif segment.part in {Part.DATA, Part.TAG} and len(mine) > 8:
            assert mine != theirs


def test_two_seals_share_no_salt() -> None:
    mine = {PACK.view().salt(number) for number in range(len(FILES))}
    theirs = {PACK.view(salt_key=bytes(32)).salt(number) for number in range(len(FILES))}
    assert len(mine) == len(theirs) == len(FILES)
    assert not mine & theirs


def test_two_seals_share_no_block_of_ciphertext_and_no_code() -> None:
    """Under the salt key of another seal, even with the same password; and under the same salts with another one."""
    seen: set[bytes] = set()
    for whole in (WHOLE, b"".join(PACK.view(salt_key=bytes(32)).stream()), PACK.sealed(OTHER_PASSWORD)):
        blocks = [
            whole[at : at + 10]
            for segment, place in _placed()
            if segment.part in {Part.DATA, Part.TAG}
            for at in range(place, place + segment.stop - 9, 10)
        ]
        assert len(blocks) > 50_000
        assert len(set(blocks)) == len(blocks)
        assert seen.isdisjoint(blocks)
        seen.update(blocks)


def test_the_same_files_stored_and_deflated_share_no_salt() -> None:
    deflated = pack_of(FILES, deflate=True)
    numbers = range(len(FILES))
    assert not {PACK.view().salt(n) for n in numbers} & {deflated.view().salt(n) for n in numbers}


def _placed() -> Iterator[tuple[Segment, int]]:
    place = 0
    for segment in LAYOUT.segments(0, len(WHOLE)):
        yield segment, place
        place += segment.stop - segment.start


def test_the_etag_depends_on_all_that_decides_the_bytes() -> None:
    tags = {
        etag_for(digest, seal_id=seal, number=number, key_number=key)
        for digest in (b"d" * 32, b"e" * 32)
        for seal in (b"s" * 16, b"t" * 16)
        for number in (1, 2)
        for key in (1, 2)
    }
    assert len(tags) == 16
    tag = PACK.view().etag(b"s" * 16, 1, 1)
    assert tag == etag_for(PACK.index.digest, seal_id=b"s" * 16, number=1, key_number=1)
    assert tag.startswith('"')
    assert tag.endswith('"')


def test_a_password_that_tools_read_differently_is_refused() -> None:
    for password in ("", "pässword", "a\nb"):
        with pytest.raises(ValueError, match="printable ASCII"):
            PACK.view(password)


def test_secrets_do_not_show_in_representations() -> None:
    keys = PACK.view().keys(0)
    assert keys.aes.hex() not in repr(keys)
    assert repr(keys.aes) not in repr(keys)
    assert PASSWORD not in repr(PACK.view())
