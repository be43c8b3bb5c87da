"""Does the organization in the form go with what the lists and the registry call whoever is behind the domain?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from agreements.identity.folding import folded
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
_PARTS: Final = r"[,;:/()|–—]|\s-\s"
_ARTICLE: Final = re.compile(r"^\s*the\s+", re.IGNORECASE)
_COUNTRY: Final = re.compile(r"\s*\([^()]*\)\s*$")
_WORD: Final = re.compile(r"[^\W_]+")
_SHORTEST_ACRONYM: Final = 3
_MOST_PARTS: Final = 4


def telling_words(name: str) -> frozenset[str]:
    """Return the words that tell one institution from another, without accents and in lower case."""
    return frozenset(folded(name).split()) - _NAMES_NOTHING


def goes_with(
    organization: str, *, names: Iterable[str], own_label: str = "", elsewhere: Iterable[str] = ()
) -> bool | None:
    """Return whether the name is one of `names` or the domain's own; None where that cannot be said.

    `own_label` is how the domain is called, where something says whose it is; without that anybody can call a domain
    so. `elsewhere` are the known organizations that the form names, too, and whose the domain is not: one of them
    outweighs any word that the two have in common.
    """
    said, named = telling_words(organization), [_without_country(name) for name in names]
    here = {plain_name(name) for name in named}
    is_one_of_them = plain_name(organization) in here
    if not is_one_of_them and {plain_name(other) for other in elsewhere} - here:
        return False
    if is_one_of_them or any(_written_alike(organization, name) for name in named):
        return True
    # A short name alone says little: "USA" is a university's, too. It counts where all other words are the name's own.
    short = {own_label, *(acronym for name in named if (acronym := _acronym(organization, name)))} - {""}
    if said & short and said <= short.union(*map(telling_words, named)):
        return True
    listed = [words for words in map(telling_words, named) if words and _scripts(words) & _scripts(said)]
    if not listed or not said:
        return None
    # "Department of Physics, University of Hong Kong": each part may be the name
    if any(part in listed for part in map(telling_words, parts_of(organization)) if part):
        return True
    return None if said & short or any(words & said for words in listed) else False


def first_parts_of(organization: str) -> list[str]:
    """Return as many parts of a name as are looked up one by one: an organization is not written as a list of many."""
    return parts_of(organization)[:_MOST_PARTS]


def parts_of(organization: str) -> list[str]:
    """Return the whole and its parts, each of which may be the name of an organization; without an article."""
    every = (organization, *re.split(_PARTS, organization))
    return [*dict.fromkeys(part for part in (_ARTICLE.sub("", each).strip() for each in every) if part)]


def plain_name(name: str) -> str:
    """Return a name as it is compared whole: without an article before it and a country behind it."""
    return folded(_ARTICLE.sub("", _COUNTRY.sub("", name)))


def _acronym(organization: str, name: str) -> str:
    """Return the first letters of the one, where a part of the other is written with them; else ''."""
    first = "".join(word[0] for word in folded(name).split() if word not in _SMALL)
    if len(first) < _SHORTEST_ACRONYM:
        return ""
    return first if first in folded(organization).split() or first.upper() in _WORD.findall(organization) else ""


def _written_alike(organization: str, name: str) -> bool:
    """Return whether a name in a script without spaces stands within the other, as 香港大学 in 香港大学计算机系."""
    inner, outer = sorted(("".join(folded(organization).split()), "".join(folded(name).split())), key=len)
    return len(inner) > 1 and not inner.isascii() and inner in outer


def _scripts(words: Iterable[str]) -> frozenset[str]:
    """Return in which scripts there are words: those in different ones cannot be compared."""
    return scripts_of("".join(words))


def _without_country(name: str) -> str:
    return name.partition(" (")[0]
