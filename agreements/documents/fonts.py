"""The fonts of a printed agreement, and which characters can be printed with them.

Only TrueType outlines will do: reportlab embeds no others. The files come from Python packages, so an installation
without administrator rights prints every script it promises, and from Debian's font packages where those are
installed. A package is found by its import specification and never imported: matplotlib would cost a second.
"""

from __future__ import annotations

import importlib.util
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from threading import RLock
from typing import Final, Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from agreements.core.invisible import is_invisible
from agreements.documents.scripts import needs_shaping, visual

Family = Literal["serif", "serif-bold", "sans", "script"]

_MATPLOTLIB: Final = "matplotlib:mpl-data/fonts/ttf/"
_DEJAVU: Final = "/usr/share/fonts/truetype/dejavu/"
_NOTO: Final = "/usr/share/fonts/truetype/noto/"
_NOTO_SC: Final = "zhplot:fonts/NotoSansSC-Regular.ttf"
_NANUM: Final = "koreanize_matplotlib:fonts/NanumGothic"
_MICROHEI: Final = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
_WENKAI: Final = "/usr/share/fonts/truetype/lxgw-wenkai/LXGWWenKai-Regular.ttf"

# In the order in which they are asked. "package:path" or an absolute path; absent files are passed over.
CANDIDATES: Final[dict[Family, tuple[str, ...]]] = {
    "serif": (
        _MATPLOTLIB + "STIXGeneral.ttf",
        _NOTO + "NotoSerif-Regular.ttf",
        _MATPLOTLIB + "DejaVuSerif.ttf",
        _DEJAVU + "DejaVuSerif.ttf",
        _MATPLOTLIB + "DejaVuSans.ttf",
        _DEJAVU + "DejaVuSans.ttf",
        _NOTO_SC,
        _NANUM + ".ttf",
        _MICROHEI,
        _WENKAI,
    ),
    "serif-bold": (
        _MATPLOTLIB + "STIXGeneralBol.ttf",
        _NOTO + "NotoSerif-Bold.ttf",
        _MATPLOTLIB + "DejaVuSerif-Bold.ttf",
        _DEJAVU + "DejaVuSerif-Bold.ttf",
        _MATPLOTLIB + "DejaVuSans-Bold.ttf",
        _DEJAVU + "DejaVuSans-Bold.ttf",
        _NOTO_SC,
        _NANUM + "Bold.ttf",
        _MICROHEI,
        _WENKAI,
    ),
    # A name that was typed as a signature: slanted, or written as with a brush.
    "script": (
        _MATPLOTLIB + "STIXGeneralItalic.ttf",
        _NOTO + "NotoSerif-Italic.ttf",
        _MATPLOTLIB + "DejaVuSerif-Italic.ttf",
        _MATPLOTLIB + "DejaVuSans-Oblique.ttf",
        _WENKAI,
        _NOTO_SC,
        _NANUM + ".ttf",
        _MICROHEI,
        _MATPLOTLIB + "DejaVuSans.ttf",
        _DEJAVU + "DejaVuSans.ttf",
    ),
    "sans": (
        _NOTO_SC,
        _MATPLOTLIB + "DejaVuSans.ttf",
        _DEJAVU + "DejaVuSans.ttf",
        _NANUM + ".ttf",
        _MICROHEI,
        _WENKAI,
    ),
}

_loading = RLock()


class NoFonts(RuntimeError):
    """None of the font files is there: the installation is incomplete."""


def runs(text: str, family: Family) -> list[tuple[str, str]]:
    """Split text, already in visual order, into (registered font name, piece) runs.

    A line, or else a word, keeps one font where one font has all of it; otherwise each character gets the first font
    that has it.
    """
    whole = _font_for(text, family)
    if whole:
        return [(whole, text)] if text else []
    found: list[tuple[str, str]] = []
    for word in _words(text):
        font = _font_for(word, family)
        pieces = [(font, word)] if font else [(_font_for(c, family) or _first(family), c) for c in word]
        for name, piece in pieces:
            if found and found[-1][0] == name:
                found[-1] = (name, found[-1][1] + piece)
            else:
                found.append((name, piece))
    return found


def width(text: str, family: Family, size: float) -> float:
    """Return the printed width of visually ordered text, in points."""
    return sum(float(pdfmetrics.stringWidth(piece, name, size)) for name, piece in runs(text, family))


def unprintable(text: str) -> list[str]:
    """Return the characters of a text that cannot be printed, each once, named: `😀 (grinning face)`.

    Line breaks and tabs are layout. A character is unprintable if no font has it, if its script needs shaping that is
    not done here (it would print wrongly, without an error), or if it is an emoji or an invisible control character.
    """
    refused: dict[str, None] = {}
    for line in text.splitlines():
        plain = unicodedata.normalize("NFC", line.replace("\t", " "))
        hidden = [c for c in plain if _is_hidden(c) or _is_picture(c) or needs_shaping(c)]
        shown = visual("".join(c for c in plain if c not in hidden))
        missing = [c for c in shown if not _font_for(c, "serif")]
        refused.update(dict.fromkeys(_named(c) for c in [*hidden, *missing]))
    return list(refused)


def printable(text: str) -> str:
    """Return a text with each character that `unprintable` would name written out: `[U+1F600]`.

    For papers that are made when nobody is there to be asked for another spelling.
    """
    if not unprintable(text):
        return text
    plain = unicodedata.normalize("NFC", text)
    return "".join(f"[U+{ord(c):04X}]" if unprintable(c) else c for c in plain)


def available() -> list[str]:
    """Return the font files in use for ordinary text, in the order in which they are asked."""
    return [str(path) for path in map(_find, CANDIDATES["serif"]) if path]


def forget_choices() -> None:
    """Choose fonts anew from now on: `CANDIDATES`, or the files there, are others than before."""
    for kept in (_font_for, _first, _load, _find):
        kept.cache_clear()


def _words(text: str) -> Iterator[str]:
    start = 0
    for at, character in enumerate(text):
        if character == " ":
            yield text[start : at + 1]
            start = at + 1
    if start < len(text):
        yield text[start:]


@lru_cache(maxsize=8192)  # bounded: its keys are what people typed
def _font_for(word: str, family: Family) -> str | None:
    for candidate in CANDIDATES[family]:
        loaded = _load(candidate)
        if loaded and all(ord(c) in loaded.face.charToGlyph for c in word):
            return str(loaded.fontName)
    return None


@cache
def _first(family: Family) -> str:
    for candidate in CANDIDATES[family]:
        loaded = _load(candidate)
        if loaded:
            return str(loaded.fontName)
    raise NoFonts("No usable font was found; install the packages of the lock file, or Debian's fonts-dejavu-core.")


@cache
def _load(candidate: str) -> TTFont | None:
    path = _find(candidate)
    if path is None:
        return None
    with _loading:
        name = path.stem
        if name in pdfmetrics.getRegisteredFontNames():
            return pdfmetrics.getFont(name)
        try:
            font = TTFont(name, str(path))
        except (TTFError, OSError):
            return None
        pdfmetrics.registerFont(font)
        return font


@cache
def _find(candidate: str) -> Path | None:
    package, separator, inside = candidate.partition(":")
    if not separator:
        path = Path(candidate)
    else:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return None
        path = Path(next(iter(spec.submodule_search_locations))) / inside
    return path if path.is_file() else None


def _is_hidden(character: str) -> bool:
    if character == "\N{ZERO WIDTH NON-JOINER}":
        return False
    return is_invisible(character) or unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}


def _is_picture(character: str) -> bool:
    # Some fonts have a few emoji in outline; whether one prints would depend on the machine.
    return ord(character) >= 0x1F000 and unicodedata.category(character) == "So"


def _named(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    name = unicodedata.name(plain[0], f"U+{ord(plain[0]):04X}").lower()
    return f"U+{ord(plain[0]):04X} ({name})" if _is_hidden(plain[0]) else f"{plain} ({name})"
