"""Countries by their ISO 3166-1 alpha-2 codes, with names in the reader's language."""

from __future__ import annotations

from django_countries import countries


def country_name(code: str) -> str:
    """Return the name of a country, or '' for an unknown code."""
    return str(countries.name(code))


def country_choices() -> list[tuple[str, str]]:
    """Return (code, name) pairs in the order of the names."""
    return [(str(country.code), str(country.name)) for country in countries]
