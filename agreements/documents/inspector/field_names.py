"""The form fields of an agreement: by these names it is typed into, and read when it comes back.

The blank form has all of them, one that is filled in for an application those of its last part alone.

They stand here and not with the form because the inspector loads nothing else of the portal.
"""

from __future__ import annotations

from typing import Final

MOST_MEMBERS: Final = 10
"""Rows for colleagues on the blank form, whatever a dataset permits: they fill half a page."""


ACCEPTED: Final = "accepted"
"""The one field that is a box to tick and no text; ticked, it is read as `TICKED`."""
TICKED: Final = "yes"


def member(number: int, part: str) -> str:
    """Return the name of a colleague's field; `number` counts from 1, `part` is `name` or `email`."""
    return f"member_{number}_{part}"


LONGEST: Final[dict[str, int]] = {
    "name": 120,
    "position": 120,
    "organization": 200,
    "email": 254,
    "address_line1": 200,
    "address_line2": 200,
    "city": 120,
    "country": 100,
    "site_department": 200,
    "site_city": 120,
    "site_country": 100,
    "intended_use": 3000,
    "signing_name": 120,
    "signing_date": 40,
    "signing_place": 200,
    ACCEPTED: len(TICKED),
} | {
    member(number, part): longest
    for number in range(1, MOST_MEMBERS + 1)
    for part, longest in (("name", 120), ("email", 254))
}
"""How many characters of each field are kept, by its name. Other fields are not read."""
