"""`{% load countersign %}`: sizes in binary units, countries by name, code in text, browsers in two words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from agreements.core import countries
from agreements.core.sizes import size
from agreements.grants import wording
from agreements.mail import queries, registry
from agreements.mail.models import OutboxMessage
from agreements.templatetags.badges import badge_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

register = template.Library()
register.filter("badge_of", badge_of)


@register.filter
def binary_size(count: int) -> str:
    """Return a number of bytes as people read it: `1.5 GiB`."""
    return size(count)


@register.filter
def country_name(code: str) -> str:
    """Return a country's name in the reader's language; what is no code of a country comes back as it is."""
    return countries.country_name(code) or code


@register.filter
def label_head(label: object) -> str:
    """Return a field's label as what stands before a colon: up to its own colon, without the stop of a sentence."""
    head, _colon, _rest = str(label).partition(": ")
    return head.rstrip(" .:?")


@register.simple_tag
def joined(*parts: str) -> str:
    """Return what is given of the parts of an address or place, with commas between."""
    return ", ".join(part for part in parts if part)


@register.simple_tag
def every_copy(version: str) -> str:
    """Return what has to be destroyed under a version of the terms, and where."""
    return wording.every_copy(version)


@register.filter
def code_in_backticks(text: str) -> SafeString:
    """Return text, escaped, in which what stands in backticks is marked as code."""
    pieces = text.split("`")
    marked = ("<code>{}</code>" if at % 2 else "{}" for at in range(len(pieces)))
    return format_html("".join(marked), *pieces)


@register.filter
def browser_name(user_agent: str) -> str:
    """Return a browser and its system in two words, from what it says of itself; unknown ones as they say it."""
    # The order matters: nearly every browser names Safari, and Edge and Opera name Chrome.
    browser = _first_of(user_agent, {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome"})
    browser = browser or _first_of(user_agent, {"CriOS/": "Chrome", "FxiOS/": "Firefox", "Safari/": "Safari"})
    system = _first_of(user_agent, {"Windows": "Windows", "Android": "Android", "iPhone": "iOS", "iPad": "iPadOS"})
    system = system or _first_of(user_agent, {"Mac OS X": "macOS", "CrOS": "ChromeOS", "Linux": "Linux"})
    if not browser:
        return user_agent[:60] or _("an unknown browser")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


@register.filter
def mail_standing(mail: OutboxMessage) -> str:
    """Return how a mail stands, as a state of the badges: one that came back is not sent."""
    return queries.standing_of(mail)


@register.filter
def mail_title(kind: str) -> StrOrPromise:
    """Return what a kind of mail tells, in a few words; of an unknown kind its name."""
    found = registry.find(kind)
    return found.title if found and found.title else kind


def _first_of(text: str, names: dict[str, str]) -> str:
    return next((name for mark, name in names.items() if mark in text), "")
