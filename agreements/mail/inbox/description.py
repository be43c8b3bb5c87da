"""Whether the fields that describe a body describe the one that was signed, where the signature leaves them out.

Many sign no Content-Type (Gmail does not). Then anybody may write another one over the same signed bytes: a boundary
that stands in a quotation makes papers of it, `text/plain` makes the papers vanish. So an unsigned description counts
only if it is written in the one way that every program reads alike, and only if it is the one that the body itself
suggests from its first line to its last.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from django.utils.translation import gettext as _

from agreements.mail.inbox.dkim_signature import Refused
from agreements.mail.inbox.header_block import HeaderBlock

_DIVIDED: Final = frozenset({"mixed", "alternative", "related", "signed", "report"})
_TEXTS: Final = frozenset({"text/plain", "text/html"})
# What programs write at the top. `name` is not among them: it makes a paper of a text.
_PARAMETERS: Final = frozenset(
    {"boundary", "charset", "format", "delsp", "type", "start", "start-info"}
    | {"report-type", "reply-type", "micalg", "protocol"}
)
# RFC 2045 section 5.1 without comments, RFC 2231 and escaped quotes, of which readers differ.
_TYPE: Final = re.compile(
    r"[ \t]*([a-z0-9-]+/[a-z0-9.+-]+)((?:[ \t]*;[ \t]*[a-z-]+=(?:\"[!#-:<-\[\]-~]+\"|[!#-'*+.0-9A-Z^-~-]+))*)[ \t;]*",
    re.IGNORECASE,
)
_PARAMETER: Final = re.compile(r";[ \t]*([a-z-]+)=(?:\"([^\"]+)\"|([^ \t;\"]+))", re.IGNORECASE)
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=?-]{1,70}")
_PLAIN: Final = frozenset({"7bit", "8bit", "binary"})
_CODED: Final = frozenset({"base64", "quoted-printable"})
_BASE64: Final = re.compile(rb"[A-Za-z0-9+/\s]*[=\s]*")
# What programs write before the first part, for readers that know no parts.
_PREAMBLE: Final = re.compile(
    rb"This is an? [^\r\n]{0,60}\bMIME\b[^\r\n]{0,60}|This message is in MIME format[^\r\n]{0,120}"
)


def check(block: HeaderBlock, body: bytes, *, covered: Collection[str]) -> None:
    """Raise Refused unless the body is described as it was signed; `covered`: names of the signed fields."""
    kind, boundary = "", ""
    if "content-type" not in covered:
        kind, boundary = _type(block)
        _check_body(body, boundary)
    elif "content-transfer-encoding" not in covered:
        kind = (_value(block, "content-type") or "text/plain").partition(";")[0].strip().lower()
    if "content-transfer-encoding" not in covered:
        _check_coding(_value(block, "content-transfer-encoding"), kind, body)
    # What is attached is a paper, of whatever type.
    if "content-disposition" not in covered:
        shown = _value(block, "content-disposition").strip().lower() in {"", "inline"}
        if not shown:
            raise _described("Content-Disposition")


def _type(block: HeaderBlock) -> tuple[str, str]:
    """Return the type in lower case, and the boundary if it has parts."""
    value = _value(block, "content-type")
    if not value:
        return "text/plain", ""
    written = _TYPE.fullmatch(value)
    if written is None:
        raise _described("Content-Type")
    kind = written[1].lower()
    pairs = [(name.lower(), quoted or bare) for name, quoted, bare in _PARAMETER.findall(written[2])]
    given = dict(pairs)
    if len(given) != len(pairs) or not given.keys() <= _PARAMETERS:
        raise _described("Content-Type")
    divided = kind.startswith("multipart/")
    if divided != ("boundary" in given) or not (kind in _TEXTS or kind.removeprefix("multipart/") in _DIVIDED):
        raise _described("Content-Type")
    if divided and not _BOUNDARY.fullmatch(given["boundary"]):
        raise _described("Content-Type")
    return kind, given.get("boundary", "")


def _check_body(body: bytes, boundary: str) -> None:
    lines = [line for line in (body[:4_000].split(b"\r\n")) if line.strip()]
    first = next((line.rstrip() for line in lines if not _PREAMBLE.fullmatch(line.strip())), b"")
    last = body.rstrip()[-200:].rpartition(b"\r\n")[2]
    if boundary:
        begins, ends = b"--" + boundary.encode(), b"--" + boundary.encode() + b"--"
        if first != begins or last != ends:
            raise Refused("divided", _("Its parts are not divided as its text says."))
    elif first.startswith(b"--") or _closes(last, body):
        raise Refused("divided", _("Its text looks like parts of which its header says nothing."))


def _closes(last: bytes, body: bytes) -> bool:
    """Return whether the last line ends parts that another line begins."""
    if not (len(last) > 4 and last.startswith(b"--") and last.endswith(b"--")):
        return False
    return re.search(rb"(?:\A|\n)" + re.escape(last[:-2]) + rb"[ \t]*\r\n", body) is not None


def _check_coding(value: str, kind: str, body: bytes) -> None:
    coding = value.strip().lower()
    if not coding or coding in _PLAIN:
        fits = kind in _TEXTS or kind.startswith("multipart/")
    else:
        fits = kind in _TEXTS and coding in _CODED and (coding != "base64" or _BASE64.fullmatch(body) is not None)
    if not fits:
        raise _described("Content-Transfer-Encoding")


def _value(block: HeaderBlock, name: str) -> str:
    """Return the one field of a name without its folding; empty if there is none. Raises Refused for odd characters."""
    value = b"".join(one.value for one in block.all(name)).replace(b"\r\n", b"")
    if re.search(rb"[^\t -~]", value):
        raise _described(name.title())
    return value.decode("ascii")


def _described(field: str) -> Refused:
    words = _("Its %(field)s is not signed, and not written in the one way that all programs read alike.")
    return Refused("described", words % {"field": field})
