"""The code on each page of an issued agreement: which page it claims to be, and a tag that only we can make.

Format: `CS1:<application>:<terms>:<issue>:<page>:<pages>:<key number>:<tag>`, in the characters of a QR code's
alphanumeric mode (ISO/IEC 18004, table 5), so the squares stay large. The tag is HMAC-SHA256 over all that stands
before it, cut to 80 bits and written in base32. A right code says which page the paper claims to be, not more: it
copies with the page.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

MARK: Final = "CS1"
BLANK: Final = "BLANK"
_FIELD: Final = re.compile(r"[0-9A-Z.+-]{1,32}")
_PAYLOAD: Final = re.compile(
    rf"{MARK}:([0-9A-Z.+-]{{1,32}}):([0-9A-Z.+-]{{1,32}}):([0-9]{{1,6}}):([0-9]{{1,3}}):([0-9]{{1,3}}):([0-9]{{1,6}}):([A-Z2-7]{{16}})"
)


class ForeignCode(ValueError):
    """A code that is not one of ours: another program's, or another format."""


class ForgedCode(ValueError):
    """A code in our format whose tag is wrong, or whose key is not one of ours."""


@dataclass(frozen=True, slots=True)
class PageCode:
    """What the code of one page says. `application` is `BLANK` on the form that names nobody."""

    application: str
    terms: str
    issue: int
    page: int
    pages: int
    key_number: int


def field(value: str) -> str:
    """Return a reference or version as it is written in a code. Raises ValueError if it cannot be."""
    written = value.upper()
    if not _FIELD.fullmatch(written):
        raise ValueError("A page code takes 1 to 32 of the characters 0-9, A-Z, dot, plus and hyphen.")
    return written


def payload(code: PageCode, key: bytes) -> str:
    """Return the text of a page's code, with its tag."""
    signed = ":".join(
        (
            MARK,
            field(code.application),
            field(code.terms),
            *(str(number) for number in (code.issue, code.page, code.pages, code.key_number)),
        )
    )
    return f"{signed}:{_tag(signed, key)}"


def parse_and_verify(payload: str, keys: Mapping[int, bytes]) -> PageCode:
    """Return what a code says, after checking its tag against `keys` by number. Raises ForeignCode or ForgedCode."""
    found = _PAYLOAD.fullmatch(payload)
    if not found:
        raise ForeignCode("This is not a page code of this portal.")
    application, terms, issue, page, pages, key_number, tag = found.groups()
    key = keys.get(int(key_number))
    if key is None:
        raise ForgedCode("The code names a key that this portal does not have.")
    if not hmac.compare_digest(tag, _tag(payload.rpartition(":")[0], key)):
        raise ForgedCode("The code was not made by this portal, or was changed.")
    return PageCode(application, terms, int(issue), int(page), int(pages), int(key_number))


def modules(text: str) -> list[list[bool]]:
    """Return the dark modules of a QR code of level M, row by row from the top, without the quiet zone."""
    import segno

    code = segno.make(text, error="m", boost_error=False, micro=False, mode="alphanumeric")
    return [[bool(module) for module in row] for row in code.matrix]


def _tag(signed: str, key: bytes) -> str:
    return b32encode(hmac.digest(key, signed.encode(), sha256)[:10]).decode()
