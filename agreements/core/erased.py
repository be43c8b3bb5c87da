"""What stands where something was erased, and how a person is found in what others wrote."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from agreements.core.addresses import comparison_key, same_mailbox_pattern
from agreements.core.domains import domains_of

WORD: Final = "[erased]"
HOST: Final = "erased.invalid"
"""Mail never reaches it: RFC 2606, section 2."""
ADDRESS: Final = f"erased@{HOST}"

_LIKE_AN_ADDRESS: Final = re.compile(r"[^\s<>()\[\]{},;:\"'“”‘’]+@[^\s<>()\[\]{},;:\"'“”‘’/]+")
_SHORTEST_PART: Final = 4
_SHORTEST_NAME: Final = 5


def address_of(public_id: uuid.UUID) -> str:
    """Return the address that an erased person has from then on: each another, since addresses are unique."""
    return f"erased-{public_id.hex}@{HOST}"


def is_erased(address: str) -> bool:
    """Return whether an address stands where one was erased."""
    return address.endswith(f"@{HOST}")


@dataclass(frozen=True)
class Named:
    """How a person may be named in what others wrote: by an address in any spelling, or by a full name.

    `names` are as the person wrote them. A single short word among them is looked for only where `parts` says so:
    elsewhere it may be anybody's, or no name at all.
    """

    addresses: frozenset[str]
    names: frozenset[str]

    def owns(self, address: str) -> bool:
        """Return whether an address is one of this person's mailboxes, however it is spelt."""
        return comparison_key(address) in self._keys

    def mailboxes(self) -> list[str]:
        """Return a regular expression for each mailbox, for the database (`__iregex`)."""
        return [same_mailbox_pattern(address) for address in sorted(self.addresses)]

    def cut(self, text: str, *, parts: bool = False) -> str:
        """Return a text with this person's addresses and full names cut out; with `parts` each part of a name too."""
        text = _LIKE_AN_ADDRESS.sub(self._without, text)
        for pattern in (*self._full, *(self._parts if parts else ())):
            text = pattern.sub(WORD, text)
        return text

    def cut_key(self, text: str) -> str:
        """Return a text that people are found by, such as an organization's name in small letters, without any part."""
        for pattern in (*self._full, *self._parts):
            text = re.sub(pattern.pattern, WORD, text, flags=re.IGNORECASE)
        return self.cut(text)

    def own_domains(self) -> list[str]:
        """Return the domains of this person's addresses, and those above, that hold a part of the name."""
        parts = {_letters(part) for name in self.names for part in name.split()}
        telling = {part for part in parts if len(part) >= _SHORTEST_PART}
        over = {domain for address in self.addresses for domain in domains_of(address) if "." in domain}
        return sorted(domain for domain in over if any(part in _letters(domain) for part in telling))

    def cut_all(self, value: Any) -> Any:
        """Return plain values, such as a form's, with this person cut out of every text; keys stay."""
        if isinstance(value, str):
            return self.cut(value)
        if isinstance(value, dict):
            return {key: self.cut_all(each) for key, each in value.items()}
        return [self.cut_all(each) for each in value] if isinstance(value, list) else value

    def words(self) -> list[str]:
        """Return texts of which each place that names this person holds one, in some case: to search a table by."""
        locals_ = {address.rpartition("@")[0] for address in (*self._keys, *self.addresses)}
        return sorted({word for word in (*locals_, *map(_first_word, self._whole_names)) if word})

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(map(comparison_key, self.addresses))

    @cached_property
    def _whole_names(self) -> list[str]:
        found = {" ".join(name.split()) for name in self.names}
        return sorted((name for name in found if _is_telling(name)), key=len, reverse=True)

    @cached_property
    def _full(self) -> list[re.Pattern[str]]:
        return [_pattern(name, re.IGNORECASE) for name in self._whole_names]

    @cached_property
    def _parts(self) -> list[re.Pattern[str]]:
        parts = {part.strip(".,;()") for name in self.names for part in name.split()}
        telling = {part for part in parts if len(part) >= _SHORTEST_PART or (_is_ideographic(part) and len(part) > 1)}
        return [_pattern(part) for part in sorted(telling, key=len, reverse=True)]

    def _without(self, found: re.Match[str]) -> str:
        address = found.group().rstrip(".!?")
        return WORD + found.group()[len(address) :] if self.owns(address) else found.group()


def named(addresses: Iterable[str], names: Iterable[str]) -> Named:
    """Return how somebody may be named; what is empty or erased already names nobody."""
    return Named(
        frozenset(address for address in addresses if "@" in address and not is_erased(address)),
        frozenset(name.strip() for name in names if name.strip() and WORD not in name),
    )


def _pattern(name: str, flags: int = 0) -> re.Pattern[str]:
    body = r"\s+".join(map(re.escape, name.split()))
    # In scripts without spaces a name stands between other characters; elsewhere it ends where its word ends.
    before = "" if _is_ideographic(name[0]) else r"(?<!\w)"
    after = "" if _is_ideographic(name[-1]) else r"(?!\w)"
    return re.compile(before + body + after, flags)


def _letters(text: str) -> str:
    """Return the letters and digits of a text alone, without accents, in small ones."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def _is_telling(name: str) -> bool:
    if _is_ideographic(name):
        return len(name) > 1
    return " " in name and len(name) >= _SHORTEST_NAME


def _is_ideographic(text: str) -> bool:
    return all(unicodedata.category(character) == "Lo" for character in text if not character.isspace())


def _first_word(name: str) -> str:
    return name.split(maxsplit=1)[0]
