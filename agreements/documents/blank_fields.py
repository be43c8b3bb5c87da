"""What was typed into a blank form, as an application keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agreements.core.addresses import comparison_key, normal, parse
from agreements.core.countries import country_code
from agreements.core.errors import Invalid
from agreements.core.invisible import visible
from agreements.documents.fonts import unprintable
from agreements.documents.inspector.field_names import MOST_MEMBERS, member

_ONE_LINE: Final = (
    "name",
    "organization",
    "position",
    "address_line1",
    "address_line2",
    "city",
    "site_department",
    "site_city",
)
_COUNTRIES: Final = ("country", "site_country")


@dataclass(frozen=True, slots=True)
class Typed:
    """`fields`: the application's own, by name, those that can be kept; countries as ISO 3166-1 codes.

    `members`: (name, address) pairs, in order, nobody twice and not the applicant. `email` is what was typed as the
    applicant's address, '' if it is none; nobody has proven it.
    """

    fields: dict[str, str]
    members: tuple[tuple[str, str], ...]
    email: str

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was typed that an application could be made of."""
        return not (self.fields or self.members or self.email)


def typed(texts: Mapping[str, str]) -> Typed:
    """Return what `Inspection.fields` holds, cleaned as the pages of an application do. Raises nothing.

    What an application would refuse is left out, so that the person fills it in there: a country nobody knows, a
    name with a character that cannot be printed, a colleague without an address.
    """
    fields = {name: _one_line(texts.get(name, "")) for name in _ONE_LINE}
    fields |= {name: country_code(texts.get(name, "")) for name in _COUNTRIES}
    fields["intended_use"] = _lines(texts.get("intended_use", ""))
    email = _address(texts.get("email", ""))
    kept = {name: text for name, text in fields.items() if text}
    return Typed(kept, _members(texts, applicant=email), email)


def _members(texts: Mapping[str, str], *, applicant: str) -> tuple[tuple[str, str], ...]:
    taken = {comparison_key(applicant)} if applicant else set()
    pairs = []
    for number in range(1, MOST_MEMBERS + 1):
        name = _one_line(texts.get(member(number, "name"), ""))
        email = _address(texts.get(member(number, "email"), ""))
        if name and email and comparison_key(email) not in taken:
            taken.add(comparison_key(email))
            pairs.append((name, email))
    return tuple(pairs)


def _one_line(text: str) -> str:
    return _printable(" ".join(text.split()))


def _lines(text: str) -> str:
    """Return a text of several lines; here a character that cannot be printed is not worth losing all for."""
    cleaned = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return _printable(cleaned) or "".join(c for c in cleaned if not unprintable(c)).strip()


def _printable(text: str) -> str:
    """Return a text, without what shows nothing if that is what cannot be printed; else ''."""
    return next((one for one in (text, visible(text).strip()) if not unprintable(one)), "")


def _address(text: str) -> str:
    try:
        return normal(parse(text).normalized)
    except Invalid:
        return ""
