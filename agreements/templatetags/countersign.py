"""`{% load countersign %}`: sizes in binary units, countries by name."""

from __future__ import annotations

from django import template

from agreements.core import countries
from agreements.grants import wording

register = template.Library()


@register.filter
def binary_size(count: int) -> str:
    """Return a number of bytes as people read it: `1.5 GiB`."""
    return wording.size(count)


@register.filter
def country_name(code: str) -> str:
    """Return a country's name in the reader's language; what is no code of a country comes back as it is."""
    return countries.country_name(code) or code
