"""What is typed into a filled blank form, as the fields of an application."""

from __future__ import annotations

from typing import Final

from django.db import models

from agreements.applications.models import Application
from agreements.core import addresses
from agreements.core.countries import country_code
from agreements.core.errors import Invalid
from agreements.documents.inspector.field_names import LONGEST, MOST_MEMBERS, member

_COUNTRIES: Final = ("country", "site_country")
_LONG_TEXT: Final = "intended_use"


def value_of(name: str, typed: dict[str, str]) -> str:
    """Return what a field of the form says, ready to be kept; '' if it says nothing that the application can take."""
    text = typed.get(name, "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if name in _COUNTRIES:
        return country_code(text)
    # A field that is one line may have been typed on two.
    text = text if name == _LONG_TEXT else " ".join(text.split())
    column = Application._meta.get_field(name)
    longest = column.max_length if isinstance(column, models.CharField) else LONGEST[name]
    return text if len(text) <= (longest or 0) else ""


def members_of(typed: dict[str, str]) -> tuple[list[tuple[str, str]], bool]:
    """Return the colleagues as (name, address) pairs, and whether every line that was begun could be taken."""
    pairs, are_whole = [], True
    for number in range(1, MOST_MEMBERS + 1):
        name = " ".join(typed.get(member(number, "name"), "").split())
        email = typed.get(member(number, "email"), "").strip()
        if not name and not email:
            continue
        try:
            if not name:
                raise Invalid("")
            pairs.append((name, addresses.parse(email).normalized))
        except Invalid:
            are_whole = False
    return pairs, are_whole
