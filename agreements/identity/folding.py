"""Names as they are compared and searched: without accents, in lower case, their words apart by one space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
# Letters that are no other letter with an accent, and are typed as one.
_WRITTEN_OUT: Final = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


def folded(name: str) -> str:
    """Return `ETH Zürich (Zentrum)` as `eth zurich zentrum`."""
    plain = name.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain).translate(_WRITTEN_OUT)
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(_WORD.findall(plain))


def searchable(names: Iterable[str]) -> str:
    """Return the names, each on a line that begins with a space: " word" is found wherever a word begins so."""
    lines = dict.fromkeys(f" {line}" for line in map(folded, names) if line)
    return "\n" + "\n".join(lines) + "\n"
