"""Does the organization in the form go with what the lists and the registry call whoever is behind the domain?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from agreements.identity.lookalikes import scripts_of

# In several languages; without accents. With them alone no two institutions are told apart.
_SMALL: Final = frozenset(
    re.findall(
        r"\w+",
        "the of at in for on and de da do dos das di del della du des la le les el y e et und der die das zu fur van",
    )
)
_NAMES_NOTHING: Final = _SMALL | frozenset(
    re.findall(
        r"\w+",
        "university universitat universite universidad universidade universita universiteit universitet univ college "
        "institute institut instituto istituto school faculty faculte department dept laboratory laboratories lab "
        "inc ltd llc gmbh ag sa co corp corporation company limited",
    )
)
PARTS: Final = r"[,;/()|–—]"
_WORD: Final = re.compile(r"[^\W_]+")
_SHORTEST_ACRONYM: Final = 3


def telling_words(name: str) -> frozenset[str]:
    """Return the words that tell one institution from another, without accents and in lower case."""
    return frozenset(_words(name)) - _NAMES_NOTHING


def goes_with(organization: str, *, names: Iterable[str], registrable: str) -> bool | None:
    """Return whether the name is one of `names` or the domain's own; None where that cannot be said."""
    said, named = telling_words(organization), [_without_country(name) for name in names]
    if registrable.partition(".")[0] in said or any(_is_acronym(organization, name) for name in named):
        return True
    if any(_written_alike(organization, name) for name in named):
        return True
    listed = [words for words in map(telling_words, named) if words and _scripts(words) & _scripts(said)]
    if not listed or not said:
        return None
    # "Department of Physics, University of Hong Kong": each part may be the name
    parts = [telling_words(part) for part in (organization, *re.split(PARTS, organization))]
    if any(part in listed for part in parts if part):
        return True
    return None if any(words & said for words in listed) else False


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name).casefold()
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def _is_acronym(organization: str, name: str) -> bool:
    """Return whether a part of the one is written with the first letters of the other."""
    first = "".join(word[0] for word in _words(name) if word not in _SMALL)
    if len(first) < _SHORTEST_ACRONYM:
        return False
    return first in _words(organization) or first.upper() in _WORD.findall(organization)


def _written_alike(organization: str, name: str) -> bool:
    """Return whether a name in a script without spaces stands within the other, as 香港大学 in 香港大学计算机系."""
    inner, outer = sorted(("".join(_words(organization)), "".join(_words(name))), key=len)
    return len(inner) > 1 and not inner.isascii() and inner in outer


def _scripts(words: Iterable[str]) -> frozenset[str]:
    """Return in which scripts there are words: those in different ones cannot be compared."""
    return scripts_of("".join(words))


def _without_country(name: str) -> str:
    return name.partition(" (")[0]
