"""What our own mail server found out when the message came (Authentication-Results, RFC 8601): SPF and the like.

Anybody can write such a field. Believed is the topmost one of `settings.AUTHSERV_ID`, and only above the second
Received field, where our own server writes; it must be set up to take away forgeries of its name. What stands there is
shown to reviewers and proves nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.mail.inbox import header_block, words

_MOST_BYTES: Final = 4_000
_MOST: Final = 20
_METHOD: Final = re.compile(r"([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)\b(.*)", re.IGNORECASE | re.DOTALL)
_PROPERTY: Final = re.compile(r"\b([a-z]+\.[a-z0-9-]+)\s*=\s*(\"[^\"]*\"|[^\s;\"]+)", re.IGNORECASE)
# What each method speaks about, most telling first.
_ABOUT: Final = ("smtp.mailfrom", "header.d", "header.i", "header.from", "smtp.helo")


@dataclass(frozen=True, slots=True)
class Result:
    """`method` (`spf`, `dkim`, ...) and `result` (`pass`, ...) in lower case; `about`: an address or a domain."""

    method: str
    result: str
    about: str

    @property
    def words(self) -> str:
        """Return the result as people read it."""
        shown = f"{self.method.upper()}: {self.result}"
        return _("%(result)s for %(about)s") % {"result": shown, "about": self.about} if self.about else shown


def read(raw: bytes) -> tuple[Result, ...]:
    """Return what our mail server says of a message; nothing without one that we know; never raises."""
    ours = settings.AUTHSERV_ID.strip().lower()
    if not ours:
        return ()
    block, _body = header_block.split(raw[: 64 * 1024])
    hops = 0
    for field in block.fields:
        hops += field.name == "received"
        if hops > 1:
            break
        if field.name == "authentication-results" and len(field.value) <= _MOST_BYTES:
            identity, *statements = _without_comments(words.text_of(field.text)).split(";")
            if identity.split()[:1] and identity.split()[0].strip('"').lower() == ours:
                found = (_result(one) for one in statements[:_MOST])
                return tuple(one for one in found if one)
    return ()


def _result(statement: str) -> Result | None:
    found = _METHOD.match(statement.strip())
    if found is None:
        return None
    told = {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(found[3])}
    about = next((told[name] for name in _ABOUT if name in told), "")
    return Result(found[1].lower()[:20], found[2].lower()[:20], words.one_line(about, most=320))


def _without_comments(text: str) -> str:
    """Return the text without what stands in brackets, however deep, and without `;` inside of quotes."""
    kept, depth, quoted = [], 0, False
    for character in text:
        if character == '"' and not depth:
            quoted = not quoted
        if not quoted and character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif not depth and not (quoted and character == ";"):
            kept.append(character)
    return "".join(kept)
