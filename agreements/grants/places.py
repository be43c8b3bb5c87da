"""By what an organization and a site are known again, however people write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from agreements.core.countries import country_name
from agreements.core.invisible import visible

KEY_LIMIT: Final = 200
_SITE: Final = ("organization", "department", "city", "country")


def organization_key(name: str) -> str:
    """Return one form for all widths, cases, accents' encodings and spacings of a name; at most 200 characters.

    What shows nothing does not count: else a name with a soft hyphen in it would escape what ends the plain one.
    """
    return _short(_plain(name))


def site_key(site: Mapping[str, str]) -> str:
    """Return the same for a site: organization, department, city and country, joined by slashes."""
    return _short(" / ".join(_plain(site.get(part, "")) for part in _SITE))


def site_words(site: Mapping[str, str], *, organization: bool = True) -> str:
    """Return a site in one line, its country by name; the `organization` is left out where it is named beside it."""
    code = site.get("country", "")
    parts = [site.get(part, "") for part in _SITE[:-1] if organization or part != "organization"]
    return ", ".join(filter(None, [*parts, country_name(code) or code]))


def _plain(text: str) -> str:
    # Before and after: what shows nothing keeps letters apart that are composed, and some of it is made by composing.
    plain = visible(unicodedata.normalize("NFKC", visible(text))).casefold()
    return " ".join(plain.split())


def _short(key: str) -> str:
    """A long key ends in its hash, so that two that begin alike stay apart."""
    return key if len(key) <= KEY_LIMIT else f"{key[: KEY_LIMIT - 17]}~{sha256(key.encode()).hexdigest()[:16]}"
