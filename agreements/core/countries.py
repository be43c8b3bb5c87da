"""Countries by their ISO 3166-1 alpha-2 codes, with names in the reader's language."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.utils import translation
from django_countries import countries

# What people write and no list of ISO 3166-1 has.
_ALSO_CALLED: Final = {
    "Czech Republic": "CZ",
    "England": "GB",
    "Great Britain": "GB",
    "Holland": "NL",
    "Hong Kong SAR": "HK",
    "Hong Kong SAR, China": "HK",
    "Iran": "IR",
    "Ivory Coast": "CI",
    "Korea": "KR",
    "Korea (the Republic of)": "KR",
    "Korea, Republic of": "KR",
    "Macau": "MO",
    "Mainland China": "CN",
    "Northern Ireland": "GB",
    "P.R. China": "CN",
    "People's Republic of China": "CN",
    "PRC": "CN",
    "Republic of China": "TW",
    "Republic of Korea": "KR",
    "Russian Federation": "RU",
    "Scotland": "GB",
    "South Korea": "KR",
    "Taiwan": "TW",
    "Taiwan, R.O.C.": "TW",
    "Turkey": "TR",
    "U.A.E.": "AE",
    "UK": "GB",
    "United Kingdom of Great Britain and Northern Ireland": "GB",
    "United States": "US",
    "USA": "US",
    "Viet Nam": "VN",
    "Vietnam": "VN",
    "Wales": "GB",
}


def country_name(code: str) -> str:
    """Return the name of a country, or '' for an unknown code."""
    return str(countries.name(code))


def country_choices() -> list[tuple[str, str]]:
    """Return (code, name) pairs in the order of the names."""
    return [(str(country.code), str(country.name)) for country in countries]


def country_code(text: str) -> str:
    """Return the code of a country that somebody wrote: its code, or its name in English or a language of the site.

    Case, accents, punctuation and a leading "the" do not matter. '' for what is not known.
    """
    plain = _plain(text)
    return _codes().get(plain) or _codes().get(plain.removeprefix("the"), "")


@lru_cache(maxsize=1)
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    for language in dict.fromkeys(("en", *(code for code, _name in settings.LANGUAGES))):
        with translation.override(language):
            for code, name in country_choices():
                found.setdefault(_plain(name), code)
    for code, _name in country_choices():
        found.setdefault(code.lower(), code)
        found.setdefault(str(countries.alpha3(code)).lower(), code)
    for name, code in _ALSO_CALLED.items():
        found.setdefault(_plain(name), code)
    found.pop("", None)
    return found


def _plain(text: str) -> str:
    """Return the letters alone, without their accents; scripts in which marks are letters keep them in every text."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in apart.replace("&", "and") if c.isalpha())
