"""Text out of a message's bytes, fit to be stored and shown: in any charset it claims, without what shows nothing."""

from __future__ import annotations

import codecs
import email.errors
import re
import unicodedata
from email.header import decode_header
from typing import Final

from agreements.core.invisible import visible

# A header's text is decoded up to here; what reads encoded words needs time with the square of their number.
_MOST_ENCODED: Final = 4_000
# Programs write more than the charset's name promises: the larger one that holds it.
_MEANT: Final = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
}
# Python's own notations, some of them slow; of the others that are no charsets (zip, rot13) `decode` knows itself.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "unicode-escape", "unicode_escape", "undefined"})
# Turn what follows around, or enclose what does.
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")


def text_of(data: bytes, charset: str | None = None) -> str:
    """Return the text of bytes in a charset; without one, or with one nobody knows: UTF-8, else GB 18030."""
    named = (charset or "").strip().strip("\"'").lower()
    if named:
        try:
            codec = codecs.lookup(_MEANT.get(named, named)).name
            if codec not in _NO_CHARSETS:
                return data.decode(codec, "replace")
        except (LookupError, ValueError):
            pass
    for guess in ("utf-8", "gb18030"):
        try:
            return data.decode(guess)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def header_text(value: bytes, *, most: int) -> str:
    """Return a header field's value as one clean line of at most `most` characters."""
    return decoded(text_of(value[: _MOST_ENCODED * 4]), most=most)


def decoded(text: str, *, most: int) -> str:
    """Return a text with its encoded words (RFC 2047) decoded, as one clean line."""
    text = " ".join(text[:_MOST_ENCODED].split())
    if "=?" in text:
        try:
            pieces = decode_header(text)
        except (email.errors.MessageError, ValueError, AssertionError):
            pieces = [(text, None)]
        text = "".join(piece if isinstance(piece, str) else _piece(piece, charset) for piece, charset in pieces)
    return one_line(text, most=most)


def one_line(text: str, *, most: int) -> str:
    """Return the text in one line without what shows nothing, cut to `most` characters."""
    text = _CONTROL.sub(" ", text.replace("\n", " ").replace("\r", " "))
    return " ".join(visible(_whole(text)).split())[:most].strip()


def many_lines(text: str, *, most: int) -> str:
    """Return the text with its lines and nothing else that moves or hides, cut to `most` bytes of UTF-8."""
    text = re.sub(r"\r\n?", "\n", text[: most * 4])
    text = _whole(_BIDI.sub("", _CONTROL.sub("", text)))
    return text.encode()[:most].decode("utf-8", "ignore").strip()


def _piece(data: bytes, charset: str | None) -> str:
    if charset is None:
        # What stood between encoded words: the text's own characters, which the standard library wrote so.
        return data.decode("raw-unicode-escape", "replace")
    return text_of(data, charset)


def _whole(text: str) -> str:
    """Return the text without halves of characters, which no database takes, and without those that are none."""
    return "".join("\ufffd" if unicodedata.category(one) == "Cs" else one for one in text)
