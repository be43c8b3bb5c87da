"""`{% load countersign %}`: sizes in binary units, countries by name."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

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


@register.filter
def code_in_backticks(text: str) -> SafeString:
    """Return text, escaped, in which what stands in backticks is marked as code."""
    pieces = text.split("`")
    marked = ("<code>{}</code>" if at % 2 else "{}" for at in range(len(pieces)))
    return format_html("".join(marked), *pieces)
