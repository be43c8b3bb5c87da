"""Writing from right to left, joined letters, and where a line may break: what reportlab does not do."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final, NamedTuple

import arabic_reshaper
from bidi.algorithm import get_display  # mirrors brackets, which the faster `bidi.get_display` does not

# Blocks whose letters move, join or stack by rules in the font. Printed letter by letter they are misspelt: Syriac to
# Arabic Extended-A, the scripts of India, Thai, Lao, Tibetan, Myanmar, Khmer, Mongolian, and others of South-East Asia.
SHAPED_BLOCKS: Final = (
    (0x0700, 0x08FF),
    (0x0900, 0x0FFF),
    (0x1000, 0x109F),
    (0x1780, 0x18AF),
    (0x1900, 0x1AFF),
    (0x1B00, 0x1CFF),
    (0xA800, 0xABFF),
    (0x10A00, 0x11FFF),
)

_NEVER_FIRST: Final = frozenset("、。，．・：；？！）］｝」』】〉》〕’”ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ")
_NEVER_LAST: Final = frozenset("（［｛「『【〈《〔‘“")


class Line(NamedTuple):
    """A line in logical order, with the direction of the paragraph that it is from."""

    text: str
    right_to_left: bool


def needs_shaping(character: str) -> bool:
    """Whether a character belongs to a script that is not printed right letter by letter."""
    code = ord(character)
    return any(first <= code <= last for first, last in SHAPED_BLOCKS)


def is_right_to_left(text: str) -> bool:
    """Whether a paragraph runs from right to left: its first letter with a direction decides (UAX #9, P2)."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in {"R", "AL"}:
            return True
        if direction == "L":
            return False
    return False


def visual(line: str, *, right_to_left: bool | None = None) -> str:
    """Return one line in the order and the letter forms in which it is drawn from left to right.

    Arabic vowel points are left out, as names are commonly written.
    """
    line = unicodedata.normalize("NFC", line)
    if not any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in line):
        return line
    base = is_right_to_left(line) if right_to_left is None else right_to_left
    shown = get_display(_reshaper().reshape(line), base_dir="R" if base else "L")
    return str(shown).replace("\N{ZERO WIDTH NON-JOINER}", "")


def break_lines(text: str, available: float, measure: Callable[[str], float]) -> list[Line]:
    """Break text into lines, in logical order, no wider than `available` by `measure` of a line's visual form.

    Breaks at spaces and between Han or kana characters; a word that alone is too wide is cut where it must be.
    """
    lines: list[Line] = []
    for paragraph in unicodedata.normalize("NFC", text).splitlines() or [""]:
        line, right_to_left = "", is_right_to_left(paragraph)
        for atom in _atoms(paragraph.replace("\t", " ")):
            for piece in _fit(atom, available, measure):
                if line and measure(visual((line + piece).rstrip())) > available:
                    lines.append(Line(line.rstrip(), right_to_left))
                    line = piece.lstrip()
                else:
                    line += piece
        lines.append(Line(line.rstrip(), right_to_left))
    return lines


@cache
def _reshaper() -> arabic_reshaper.ArabicReshaper:
    # The one ligature that fonts often lack; the four letters print as well.
    return arabic_reshaper.ArabicReshaper({"ARABIC LIGATURE ALLAH": False})


def _is_wide(character: str) -> bool:
    is_hangul = "가" <= character <= "힣"  # Korean breaks at spaces
    return unicodedata.east_asian_width(character) in {"W", "F"} and not is_hangul


def _atoms(paragraph: str) -> Iterator[str]:
    atom = ""
    for character in paragraph:
        previous = atom[-1:]
        breaks = previous == " " and character != " "
        if previous and (_is_wide(character) or _is_wide(previous)) and character != " ":
            breaks = character not in _NEVER_FIRST and previous not in _NEVER_LAST
        if breaks:
            yield atom
            atom = character
        else:
            atom += character
    if atom:
        yield atom


def _fit(atom: str, available: float, measure: Callable[[str], float]) -> Iterator[str]:
    while len(atom) > 1 and measure(visual(atom.rstrip())) > available:
        # Halving: measured one character less at a time, a word of thousands of characters took seconds.
        count = bisect_right(range(2, len(atom)), available, key=lambda end: measure(visual(atom[:end]))) + 1
        while count > 1 and measure(visual(atom[:count])) > available:
            count -= 1  # joined letters can be narrower together
        yield atom[:count]
        atom = atom[count:]
    yield atom
