from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.sealing import ArchiveIndex, BadIndex, BadMemberName
from agreements.sealing.names import check_name, check_names
from tests.sealing.packs import pack_of


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "empty"),
        ("/etc/passwd", "absolute"),
        ("C:/x", "absolute"),
        ("c:x", "absolute"),
        ("../x", "'..'"),
        ("a/../x", "'..'"),
        ("a/..", "'..'"),
        ("a/../", "'..'"),
        ("a\\b", "backslash"),
        ("a\0b", "control"),
        ("a\nb", "control"),
        ("a\x7fb", "control"),
        ("a\x85b", "control"),
        ("a//b", "component"),
        ("./a", "component"),
        ("a/.", "component"),
        ("a//", "component"),
        ("a\ud800", "Unicode"),
        ("图" * 21_846, "65,535 bytes"),
    ],
)
def test_a_name_that_could_become_another_place_is_refused_with_its_reason(name: str, why: str) -> None:
    with pytest.raises(BadMemberName, match=why) as caught:
        check_name(name)
    assert caught.value.name == name
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "name",
    ["a", "a/", "..a", "a..", "a/b.c", "amanda/image/00/0001.jpg", "图像/一.jpg", "صورة.jpg", "x" * 65_535, "ab:c"],
)
def test_an_ordinary_name_is_accepted(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("a", "a", "twice"),
        ("Image/1.jpg", "image/1.JPG", "cannot be told"),
        ("stra\u00dfe", "STRASSE", "cannot be told"),
        ("\u00e9", "e\u0301", "cannot be told"),
        ("a", "a/", "cannot be told"),
        ("a", "A/b", "needs a directory"),
        ("a/b/c", "a/b", "needs a directory"),
    ],
)
def test_two_names_that_could_become_one_file_are_refused(first: str, second: str, why: str) -> None:
    with pytest.raises(BadMemberName, match=why):
        check_names([first, second])


def test_a_directory_and_what_is_in_it_do_not_clash() -> None:
    check_names(["a/", "a/b", "a/c/d", "a/c/"])


@given(st.lists(st.text(max_size=6), max_size=6))
def test_names_are_accepted_or_refused_but_nothing_else_happens(names: list[str]) -> None:
    with suppress(BadMemberName):
        check_names(names)
        assert len({name.removesuffix("/") for name in names}) == len(names)


def test_an_index_that_was_damaged_is_refused() -> None:
    text = pack_of({"a": b"one", "b": b"two"}).index.to_json()
    assert ArchiveIndex.from_json(text).members[1].name == "b"
    for damaged in (text.replace(b'"b"', b'"c"'), text[:-5], b"[]", b"{}", text.replace(b"[3,3]", b"[3]", 1)):
        with pytest.raises(BadIndex):
            ArchiveIndex.from_json(damaged)
