"""What one check of the mail's settings found, and what to do about it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.conf import settings

from agreements.mail.redaction import CUT, safe_words


class Sign(StrEnum):
    OK = "ok"
    ATTENTION = "look"  # works, but less well than it could, or could not be found out
    BAD = "BAD"
    SKIPPED = "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """`to_do` is a sentence for whoever sets the site up, empty where nothing is to be done."""

    sign: Sign
    what: str
    words: str
    to_do: str = ""


def ok(what: str, words: str) -> Finding:
    return Finding(Sign.OK, what, words)


def look(what: str, words: str, to_do: str = "") -> Finding:
    return Finding(Sign.ATTENTION, what, words, to_do)


def bad(what: str, words: str, to_do: str) -> Finding:
    return Finding(Sign.BAD, what, words, to_do)


def skipped(what: str, words: str) -> Finding:
    return Finding(Sign.SKIPPED, what, words)


def said(code: int, answer: bytes | str) -> str:
    """Return a server's answer as it may be shown: on one line, and without our passwords if it repeats them."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    for secret in _secrets():
        text = text.replace(secret, CUT)
    return f"{code} {safe_words(text)}".strip()


_SHORTEST: Final = 4


def _secrets() -> list[str]:
    """Return our passwords as a server could repeat them: as they are, and as they were sent (RFC 4954, RFC 4616)."""
    found = []
    pairs = (settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD), (settings.IMAP_USER, settings.IMAP_PASSWORD)
    for user, password in pairs:
        if len(password) >= _SHORTEST:
            found.append(password)
            sent = (password.encode(), f"\0{user}\0{password}".encode())
            found += [base64.b64encode(each).decode() for each in sent]
    return sorted(found, key=len, reverse=True)
