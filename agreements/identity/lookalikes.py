"""Domains made to be mistaken for others: mixed scripts, letters that look alike, a known name inside another.

What a list or the registry knows resembles only itself. So a real domain that nothing knows may be pointed out beside
a known one of the same name: that is for a person to weigh, and the weak kinds change no tier.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from agreements.identity import lists, providers
from agreements.identity.lists import Lists
from agreements.identity.registry import Registry

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
# One stroke each; too many honest names differ in just that for it to weigh as much.
_STROKES: Final = str.maketrans("i", "l")
_ACADEMIC_LABELS: Final = frozenset({"edu", "ac"})
# Where not everybody can register, the same short name is somebody else's by chance.
_RESTRICTED: Final = _ACADEMIC_LABELS | {"gov", "mil"}
_SHORTEST_NAME: Final = 3


class Likeness(StrEnum):
    MIXED_SCRIPT = "mixed-script"
    SAME_LETTERS = "same-letters"
    NAME_INSIDE = "name-inside"
    SIMILAR_LETTERS = "similar-letters"
    SAME_NAME = "same-name"

    @property
    def is_weak(self) -> bool:
        """Whether honest domains come out so, too: short names are given again under other endings."""
        return self in {Likeness.SIMILAR_LETTERS, Likeness.SAME_NAME}


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


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """The domains of the lists and of the registry, each by what others are mistaken for it by."""

    domains: frozenset[str]
    drawn: Mapping[str, str]
    strokes: Mapping[str, str]
    heads: Mapping[str, str]


def find(domain: str, *, ascii_domain: str, tables: Lists, registry: Registry | None = None) -> LookAlike | None:
    """Return what a domain (given in Unicode and in ASCII form) resembles. A known domain resembles only itself."""
    known, drawn = _known(tables, registry), skeleton(domain)
    read_as = next((known.drawn[part] for part in lists.suffixes(drawn) if part in known.drawn), None)
    mixed = mixed_script_label(domain)
    if mixed is not None:
        return LookAlike(Likeness.MIXED_SCRIPT, mixed, read_as or drawn)
    if _is_known(ascii_domain, tables, registry) or tables.free_provider(ascii_domain):
        return None
    if read_as is not None:
        return LookAlike(Likeness.SAME_LETTERS, domain, read_as)
    registered = tables.registrable(ascii_domain)
    if registered is None:
        return None
    shown = next(_names_inside(ascii_domain, registered, known, tables, registry), None)
    if shown is not None:
        return LookAlike(Likeness.NAME_INSIDE, registered, shown)
    return _weakly(domain, drawn, registered, known, tables)


def _is_known(domain: str, tables: Lists, registry: Registry | None) -> bool:
    if tables.academic(domain) or any(suffix in providers.MEMBERS for suffix in lists.suffixes(domain)):
        return True
    return registry is not None and bool(registry.matches(domain))


def _weakly(domain: str, drawn: str, registered: str, known: _Known, tables: Lists) -> LookAlike | None:
    if tables.academic_suffix(domain):
        return None
    strokes = lists.suffixes(drawn.translate(_STROKES))
    read_as = next((known.strokes[part] for part in strokes if part in known.strokes), None)
    if read_as is not None:
        return LookAlike(Likeness.SIMILAR_LETTERS, domain, read_as)
    # The short names of schools and universities meet by chance in every country: foo.edu, foo.edu.tr, foo.ac.in.
    head, *ending = registered.split(".")
    same = known.heads.get(head) if _RESTRICTED.isdisjoint(ending) else None
    return LookAlike(Likeness.SAME_NAME, registered, same) if same is not None else None


def _names_inside(
    domain: str, registered: str, known: _Known, tables: Lists, registry: Registry | None
) -> Iterator[str]:
    head, _dot, ending = registered.partition(".")
    if "-" in head:
        # mit-edu.com: a hyphen where the known name has a dot
        for shown in lists.suffixes(head.replace("-", ".")):
            if "." in shown and _is_known(shown, tables, registry):
                yield shown
        # mail-ieee.org, ieee-mail.org
        words = head.split("-") if _RESTRICTED.isdisjoint(ending.split(".")) else []
        for at in range(1, len(words)):
            for part in ("-".join(words[at:]), "-".join(words[:at])):
                if f"{part}.{ending}" in known.domains:
                    yield f"{part}.{ending}"
    # harvardedu.com
    if (name := head.removesuffix("edu").rstrip("-")) != head and name:
        yield from (each for each in (f"{name}.edu", known.heads.get(name, "")) if each in known.domains)
    yield from _at_the_beginning(domain, registered, known, tables)


def _at_the_beginning(domain: str, registered: str, known: _Known, tables: Lists) -> Iterator[str]:
    """What stands before the end reads like a domain of its own: foo.edu.evil.com, mit.edu.co, ac.uk.evil.com."""
    labels, hosts = domain.split("."), domain.count(".") - registered.count(".")
    # somewhere.edu.cn is what every university of China is called, whoever has somewhere.edu.
    last = hosts if tables.academic_suffix(domain) else len(labels) - 1
    for end in range(last, 1, -1):
        inside = ".".join(labels[:end])
        yield from (part for part in lists.suffixes(inside) if "." in part and part in known.domains)
        if end <= hosts and (labels[end - 1] in _ACADEMIC_LABELS or tables.academic_suffix(inside)):
            yield inside
    for at, label in enumerate(labels[:hosts]):
        its_own = ".".join(labels[at : at + 2])
        if label == "edu" or (label == "ac" and at + 1 < hosts and tables.registrable(its_own) is None):
            yield its_own if at + 1 < hosts else label


# One table for each load: whoever asks a million addresses has it made once. Two, since an update compares two.
@lru_cache(maxsize=2)
def _known(tables: Lists, registry: Registry | None) -> _Known:
    own = frozenset(registry.domains()) if registry is not None else frozenset()
    every = [*own, *providers.MEMBERS, *tables.institutions, *tables.swot]
    drawn = {skeleton(domain): domain for domain in every}
    heads: dict[str, str] = {}
    # The shortest of those that share a name is the one that is known best.
    for domain in sorted(set(every), key=lambda each: (len(each), each)):
        if tables.registrable(domain) == domain and len(head := domain.partition(".")[0]) >= _SHORTEST_NAME:
            heads.setdefault(head, domain)
    strokes = {written.translate(_STROKES): domain for written, domain in drawn.items()}
    return _Known(frozenset(every), drawn, strokes, heads)
