from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from agreements.documents import fonts
from agreements.documents.scripts import visual

NAMES = {
    "Latin": "Zoë Łukasz Ñandú Þórður Đặng Thị Hương Őry Čapek",
    "Cyrillic": "Юрий Щербаков Ђорђе Їжакевич",
    "Greek": "Γεώργιος Παπαδόπουλος",
    "simplified Chinese": "王小明 张伟 刘洋",
    "traditional Chinese": "陳國榮 張國龍",
    "Japanese": "佐藤 さくら（サクラ）々",
    "Korean": "김민준 이서연",
    "Arabic": "محمد بن عبد الله",
    "Persian": "گلنار پژمان چ",
    "Hebrew": "דוד בן־גוריון",
}


@pytest.fixture
def only_packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation without a single font of the system."""
    packaged = {name: tuple(c for c in files if ":" in c) for name, files in fonts.CANDIDATES.items()}
    monkeypatch.setattr(fonts, "CANDIDATES", packaged)
    fonts._font_for.cache_clear()
    yield
    fonts._font_for.cache_clear()


@pytest.mark.parametrize("script", NAMES)
@pytest.mark.usefixtures("only_packages")
def test_names_in_every_promised_script_print_without_fonts_of_the_system(script: str) -> None:
    assert fonts.unprintable(NAMES[script]) == []


@pytest.mark.usefixtures("only_packages")
def test_every_family_has_all_the_characters_that_are_accepted() -> None:
    for family in fonts.CANDIDATES:
        for text in NAMES.values():
            assert [c for c in visual(text) if not fonts._font_for(c, family)] == []


def test_an_emoji_is_reported_by_name() -> None:
    assert fonts.unprintable("Alice 😀 and 😀") == ["😀 (grinning face)"]


def test_a_script_that_would_be_misspelt_is_refused_although_a_font_may_have_it() -> None:
    assert fonts.unprintable("राम") == [
        "र (devanagari letter ra)",
        "ा (devanagari vowel sign aa)",
        "म (devanagari letter ma)",
    ]


def test_invisible_characters_are_reported_by_number() -> None:
    assert fonts.unprintable("Eve\u202e\x07") == ["U+202E (right-to-left override)", "U+0007 (u+0007)"]


def test_line_breaks_tabs_and_the_persian_non_joiner_are_no_obstacle() -> None:
    assert fonts.unprintable("one\ntwo\tthree می\u200cخواهم") == []


def test_a_decomposed_accent_is_the_same_as_a_composed_one() -> None:
    assert fonts.unprintable("Zoe\u0308") == []


def test_a_line_keeps_one_font_where_one_has_all_of_it() -> None:
    assert len(fonts.runs("Bob Đặng Thị Hương", "serif")) == 1


@pytest.mark.usefixtures("only_packages")
def test_a_mixed_line_changes_font_and_loses_nothing() -> None:
    pieces = fonts.runs("Alice 王龘 김", "serif")
    assert "".join(piece for _name, piece in pieces) == "Alice 王龘 김"
    assert len({name for name, _piece in pieces}) == 3


def test_matplotlib_is_found_but_never_imported() -> None:
    program = (
        "import sys\n"
        "from agreements.documents import fonts\n"
        "assert fonts.unprintable('Alice 王 김') == []\n"
        "print([m for m in ('matplotlib', 'zhplot', 'koreanize_matplotlib', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
