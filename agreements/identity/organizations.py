"""Does the organization in the form go with the institution that the lists name for the domain?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

# In several languages; without accents.
_NAMES_NOTHING: Final = frozenset(
    re.findall(
        r"\w+",
        "the of at in for and de da do di du des della la le el y et und der die das zu fur van university universitat "
        "universite universidad universidade universita univ college institute institut instituto school faculty "
        "department dept laboratory lab",
    )
)
_WORD: Final = re.compile(r"[^\W_]+")


def telling_words(name: str) -> frozenset[str]:
    """Return the words that tell one institution from another, without accents and in lower case."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return frozenset(_WORD.findall(bare)) - _NAMES_NOTHING


def goes_with(organization: str, *, names: Iterable[str], registrable: str) -> bool | None:
    """Return whether the name is one of `names` or the domain's own; None where that cannot be said."""
    said = telling_words(organization)
    if registrable.partition(".")[0] in said:
        return True
    listed = [words for words in (telling_words(_without_country(name)) for name in names) if words]
    if not listed or not any(word.isascii() for word in said):
        return None
    # "Department of Physics, University of Hong Kong": each part may be the name
    parts = [telling_words(part) for part in (organization, *re.split(r"[,;/]", organization))]
    if any(part in listed for part in parts):
        return True
    return None if any(words & said for words in listed) else False


def _without_country(name: str) -> str:
    return name.partition(" (")[0]
