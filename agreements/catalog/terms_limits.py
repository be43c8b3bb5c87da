"""What a version of the terms may hold that is to be published, from the desk or from the folder.

Looked at once, before publishing: what is published already stays readable, whatever it holds.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Final

from django.utils.translation import gettext as _

from agreements.catalog.terms_source import TermsSource, is_version
from agreements.core.clock import today

TEXT_LIMIT: Final = 200_000
"""Characters of the text. The agreement that is made for each applicant prints them all, and versions are compared."""
CLAUSE_LIMIT: Final = 300
TITLE_LIMIT: Final = 200
VERSION_LIMIT: Final = 20
"""As the database has them."""
AHEAD: Final = dt.timedelta(days=2 * 366)
"""So far ahead a version may take effect: every later one has to follow it."""

# A date such as 20260101 is a number, too.
_NUMBER: Final = re.compile(r"[0-9]{1,8}")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Between the letters of some scripts they are spelling.
_JOINERS: Final = "\u200c\u200d"


def of_version(version: str) -> str | None:
    """Return in words why a version cannot be named so, or None if it can."""
    if not is_version(version):
        return _("A version is one to three numbers with dots between, such as 1.1.")
    if len(version) > VERSION_LIMIT or not all(_NUMBER.fullmatch(part) for part in version.split(".")):
        return _("The numbers of a version have up to 8 digits each, and up to 20 characters together.")
    return None


def of_title(title: str) -> str | None:
    """Return in words why this cannot be a title, or None if it can."""
    if not title.strip() or "\n" in title.strip():
        return _("The title stands on one line.")
    if len(title) > TITLE_LIMIT:
        return _("The title has up to %(most)d characters.") % {"most": TITLE_LIMIT}
    return of_line(title)


def of_day(day: dt.date) -> str | None:
    """Return in words why a version cannot take effect on a day, which is too far ahead, or None if it can."""
    if day <= today() + AHEAD:
        return None
    return _("Terms can take effect within two years; this day is %(date)s.") % {"date": day.isoformat()}


def of_length(characters: int) -> str | None:
    """Return in words why a text of so many characters is too long, or None if it is not."""
    if characters <= TEXT_LIMIT:
        return None
    words = _("The text has %(n)d characters; up to %(most)d can be published.")
    return words % {"n": characters, "most": TEXT_LIMIT}


def of_line(line: str) -> str | None:
    """Return in words which invisible characters or separators stand in a line, or None if there are none."""
    hidden = dict.fromkeys(each for each in line if is_hidden(each))
    if not hidden:
        return None
    names = ", ".join(f"U+{ord(each):04X} ({unicodedata.name(each, _('unnamed')).lower()})" for each in hidden)
    return _("this cannot be printed on the agreement: %(characters)s") % {"characters": names}


def is_hidden(character: str) -> bool:
    """Return whether a character shows nothing, breaks a line or turns the text around it; a tab is a space."""
    return unicodedata.category(character) in _HIDDEN and character not in "\t" + _JOINERS


def of_source(source: TermsSource) -> tuple[int | None, str] | None:
    """Return the line of the file (None: no line of its own) and in words what is wrong with it, or None."""
    for refused in (of_version(source.version), of_title(source.title), of_day(source.effective_from)):
        if refused is not None:
            return None, refused
    for number, line in enumerate(source.text.split("\n"), start=1):
        if (refused := of_line(line)) is not None:
            return number, refused
    if len(source.clauses) > CLAUSE_LIMIT:
        words = _("There are %(n)d clauses; up to %(most)d can be published.")
        return None, words % {"n": len(source.clauses), "most": CLAUSE_LIMIT}
    texts = (text for clause in source.clauses for text in (clause["heading"], *clause["paragraphs"]))
    refused = of_length(sum(map(len, texts)))
    return None if refused is None else (None, refused)
