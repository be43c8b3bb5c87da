"""Characters that show nothing: with one of them two texts look alike and are not."""

from __future__ import annotations

import unicodedata
from typing import Final

_ALSO: Final = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
) | frozenset(range(0xE0100, 0xE01F0))
"""Those of Unicode's Default_Ignorable_Code_Point that are letters and marks by their category, and Braille's blank."""


def is_invisible(character: str) -> bool:
    """Return whether a character shows nothing and takes no room that would be seen; spaces and line ends do."""
    return unicodedata.category(character) == "Cf" or ord(character) in _ALSO


def visible(text: str) -> str:
    """Return a text without what shows nothing."""
    return "".join(character for character in text if not is_invisible(character))
