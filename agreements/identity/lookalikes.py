"""Domains made to be mistaken for others: mixed scripts, letters that look alike, a known name inside another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from agreements.identity import lists
from agreements.identity.lists import Lists

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


class Domains(Protocol):
    """What is needed of the registry here: the domains it gives to organizations, and what it knows of one."""

    def __hash__(self) -> int: ...
    def domains(self) -> Iterable[str]: ...
    def matches(self, domain: str) -> Sequence[object]: ...


def find(domain: str, *, ascii_domain: str, tables: Lists, registry: Domains | None = None) -> LookAlike | None:
    """Return what a domain (given in Unicode and in ASCII form) resembles. A known domain resembles only itself."""
    known = _skeletons(tables, registry)
    read_as = next((known[part] for part in lists.suffixes(skeleton(domain)) if part in known), None)
    mixed = mixed_script_label(domain)
    if mixed is not None:
        return LookAlike(Likeness.MIXED_SCRIPT, mixed, read_as or skeleton(domain))
    if _is_known(ascii_domain, tables, registry) or tables.free_provider(ascii_domain):
        return None
    if read_as is not None:
        return LookAlike(Likeness.SAME_LETTERS, domain, read_as)
    return _name_inside(ascii_domain, tables, registry)


def _is_known(domain: str, tables: Lists, registry: Domains | None) -> bool:
    return bool(tables.academic(domain)) or (registry is not None and bool(registry.matches(domain)))


def _name_inside(domain: str, tables: Lists, registry: Domains | None) -> LookAlike | None:
    registered = tables.registrable(domain)
    if registered is None:
        return None
    # mit-edu.com: a hyphen where the known name has a dot
    head = registered.partition(".")[0]
    for known in lists.suffixes(head.replace("-", ".")) if "-" in head else ():
        if "." in known and _is_known(known, tables, registry):
            return LookAlike(Likeness.NAME_INSIDE, registered, known)
    # foo.edu.evil.com: what is left of the registered part ends like an academic domain
    labels = domain.removesuffix(registered).rstrip(".").split(".")
    for end in range(len(labels), 1, -1):
        inside = ".".join(labels[:end])
        shown = next((part for part in lists.suffixes(inside) if "." in part and _is_entry(part, tables, registry)), "")
        if shown:
            return LookAlike(Likeness.NAME_INSIDE, registered, shown)
        if labels[end - 1] in _ACADEMIC_LABELS or tables.academic_suffix(inside):
            return LookAlike(Likeness.NAME_INSIDE, registered, inside)
    return None


def _is_entry(domain: str, tables: Lists, registry: Domains | None) -> bool:
    return domain in tables.swot or domain in tables.institutions or domain in _entries(registry)


# One table for each load: whoever asks a million addresses has it made once. Two, since an update compares two.
@lru_cache(maxsize=2)
def _skeletons(tables: Lists, registry: Domains | None) -> dict[str, str]:
    every = (_entries(registry), tables.institutions, tables.swot)
    return {skeleton(domain): domain for table in every for domain in table}


@lru_cache(maxsize=2)
def _entries(registry: Domains | None) -> frozenset[str]:
    return frozenset(registry.domains()) if registry is not None else frozenset()
