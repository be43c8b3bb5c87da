"""What was typed into the fields of our own form: nothing else of a form is read, and no part of it is followed.

Our fields stand at the top of the form, so the fields below fields, which may be deep or turn in a circle, are of no
interest. Neither are forms in XML (XFA), which may show other values than these.
"""

from __future__ import annotations

import codecs
import unicodedata
from io import BytesIO
from typing import Any, Final

import pikepdf

from agreements.documents.inspector.field_names import ACCEPTED, LONGEST, TICKED

_MOST_FIELDS: Final = 2000
_LONGEST_NAME: Final = 200  # bytes
# A character takes four bytes at most.
_BYTES_PER_CHARACTER: Final = 4
_MARKS: Final = ((b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"), (b"\xef\xbb\xbf", "utf-8"))
_WITHOUT_MARK: Final = "pdfdoc"  # pikepdf brings it

# Looked up now: a codec is loaded from a file, which a process that has shut itself in may not reach.
for _encoding in (*(encoding for _mark, encoding in _MARKS), _WITHOUT_MARK):
    codecs.lookup(_encoding)


def typed(data: bytes) -> tuple[dict[str, str], list[str]]:
    """Return the texts of our fields by name, empty ones left out, and flags.

    `many-fields`: only the first 2,000 were looked at. `long-field`: a text was cut. `odd-field`: one of our fields is
    there twice with different texts, or is not a text; nothing is said of it. `two-faced-field`: a box shows another
    state than its value; what a text looks like on the page is not read.
    """
    with pikepdf.open(BytesIO(data), suppress_warnings=True) as pdf:
        form = pdf.Root.get("/AcroForm")
        if not isinstance(form, pikepdf.Dictionary) or "/XFA" in form:
            return {}, []
        fields = form.get("/Fields")
        return _read(fields) if isinstance(fields, pikepdf.Array) else ({}, [])


def _read(fields: pikepdf.Array) -> tuple[dict[str, str], list[str]]:
    count = len(fields)
    flags = {"many-fields"} if count > _MOST_FIELDS else set()
    texts: dict[str, set[str]] = {}
    for at in range(min(count, _MOST_FIELDS)):
        field = fields[at]
        name = _name(field)
        if name not in LONGEST:
            continue
        if name == ACCEPTED and field.get("/FT") == pikepdf.Name.Btn:
            texts.setdefault(name, set()).add(TICKED if _is_ticked(field) else "")
            if field.get("/AS", pikepdf.Name.Off) != field.get("/V", pikepdf.Name.Off):
                flags.add("two-faced-field")
            continue
        if field.get("/FT") != pikepdf.Name.Tx or not isinstance(field.get("/V", pikepdf.String("")), pikepdf.String):
            flags.add("odd-field")
            continue
        text, is_whole = _text(field.get("/V", pikepdf.String("")), most=LONGEST[name])
        texts.setdefault(name, set()).add(text)
        if not is_whole:
            flags.add("long-field")
    if any(len(found) > 1 for found in texts.values()):
        flags.add("odd-field")
    return {name: text for name, (text, *others) in texts.items() if text and not others}, sorted(flags)


def _is_ticked(field: Any) -> bool:
    """Return whether a box is ticked: whatever its other state is called, this one is `Off` (ISO 32000-2, 12.7.5.2)."""
    value = field.get("/V")
    return isinstance(value, pikepdf.Name) and value != pikepdf.Name.Off


def _name(field: Any) -> str:
    name = field.get("/T") if isinstance(field, pikepdf.Dictionary) else None
    if not isinstance(name, pikepdf.String) or len(bytes(name)) > _LONGEST_NAME:
        return ""
    return _decoded(bytes(name))


def _text(value: Any, *, most: int) -> tuple[str, bool]:
    """Return a text of at most `most` characters, and whether it is the whole."""
    raw = bytes(value)
    longest = _BYTES_PER_CHARACTER * (most + 1)
    text = _decoded(raw[:longest]).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(character for character in text if character in "\n\t" or not _is_control(character)).strip()
    return text[:most].rstrip(), len(text) <= most and len(raw) <= longest


def _decoded(raw: bytes) -> str:
    """Return a text string (ISO 32000-2, 7.9.2.2): UTF-16 or UTF-8 by their marks, else PDFDocEncoding."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding, "replace")
    return raw.decode(_WITHOUT_MARK, "replace")


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs", "Co", "Cn"}
