"""Domains made to be mistaken for others: mixed scripts, letters that look alike, a known name inside another."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from agreements.identity import lists

# Scripts that honest names mix: Japanese, Chinese with phonetic signs, and Korean, each also with Latin
# (Unicode TR 39, "highly restrictive").
_MAY_MIX: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
# Cyrillic and Greek letters, and digits, that are drawn like a Latin letter (a part of Unicode's confusables.txt).
_DRAWN_ALIKE: Final = str.maketrans(
    {
        **dict(zip("авсԁеһіјкӏмнорԛгѕтиѵԝхуү", "abcdehijklmhopqrstuvwxyy", strict=True)),
        **dict(zip("αβεικνορτυχω", "abeikvoptuxw", strict=True)),
        **dict(zip("01ıɩɡ", "oliig", strict=True)),
    }
)
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_ACADEMIC_LABELS: Final = frozenset({"edu", "ac"})


class Likeness(StrEnum):
    MIXED_SCRIPT = "mixed-script"
    SAME_LETTERS = "same-letters"
    NAME_INSIDE = "name-inside"


@dataclass(frozen=True, slots=True)
class LookAlike:
    """`resembles` is the known domain, or the part that is made to look like one."""

    likeness: Likeness
    label: str
    resembles: str


def scripts_of(label: str) -> frozenset[str]:
    """Return the scripts of a label's letters by their Unicode names; digits and hyphens belong to all."""
    return frozenset(
        "CJK" if name.startswith("CJK") else name.partition(" ")[0]
        for name in (unicodedata.name(letter, "UNKNOWN") for letter in label if letter.isalpha())
    )


def mixed_script_label(domain: str) -> str | None:
    """Return the first label that mixes scripts no honest name mixes."""
    for label in domain.split("."):
        scripts = scripts_of(label)
        if len(scripts) > 1 and not any(scripts <= allowed for allowed in _MAY_MIX):
            return label
    return None


def skeleton(domain: str) -> str:
    """Return the domain as the eye reads it: two domains with one skeleton are easily mistaken."""
    drawn = domain.lower()
    if not drawn.isascii():
        plain = unicodedata.normalize("NFKD", drawn)
        drawn = "".join(letter for letter in plain if not unicodedata.combining(letter))
    drawn = drawn.translate(_DRAWN_ALIKE)
    for pair, single in _PAIRS:
        drawn = drawn.replace(pair, single)
    return drawn


def find(domain: str, *, ascii_domain: str) -> LookAlike | None:
    """Return what a domain (given in Unicode and in ASCII form) resembles. A known domain resembles only itself."""
    known = _known_skeletons()
    read_as = next((known[part] for part in lists.suffixes(skeleton(domain)) if part in known), None)
    mixed = mixed_script_label(domain)
    if mixed is not None:
        return LookAlike(Likeness.MIXED_SCRIPT, mixed, read_as or skeleton(domain))
    tables = lists.load()
    if tables.academic(ascii_domain) or tables.free_provider(ascii_domain):
        return None
    if read_as is not None:
        return LookAlike(Likeness.SAME_LETTERS, domain, read_as)
    return _name_inside(ascii_domain)


def _name_inside(domain: str) -> LookAlike | None:
    tables = lists.load()
    registered = tables.registrable(domain)
    if registered is None:
        return None
    # mit-edu.com: a hyphen where the known name has a dot
    head = registered.partition(".")[0]
    for known in lists.suffixes(head.replace("-", ".")) if "-" in head else ():
        if "." in known and tables.academic(known):
            return LookAlike(Likeness.NAME_INSIDE, registered, known)
    # foo.edu.evil.com: what is left of the registered part ends like an academic domain
    labels = domain.removesuffix(registered).rstrip(".").split(".")
    for end in range(len(labels), 1, -1):
        inside = ".".join(labels[:end])
        if matches := tables.academic(inside):
            return LookAlike(Likeness.NAME_INSIDE, registered, matches[0].entry)
        if labels[end - 1] in _ACADEMIC_LABELS or tables.academic_suffix(inside):
            return LookAlike(Likeness.NAME_INSIDE, registered, inside)
    return None


@cache
def _known_skeletons() -> dict[str, str]:
    tables = lists.load()
    return {skeleton(domain): domain for table in (tables.institutions, tables.swot) for domain in table}
