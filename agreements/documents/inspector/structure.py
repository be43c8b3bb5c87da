"""What a PDF is made of: the walk that looks for things an agreement has no use for.

A search for names, no proof of harmlessness. What protects the reviewer is that they see pictures of the pages.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any, Final

import pikepdf

# PDF 2.0 (ISO 32000-2): keys of dictionaries, and types of actions (12.6.4).
_KEYS: Final = {
    "/JS": "javascript",
    "/JavaScript": "javascript",
    "/EmbeddedFiles": "embedded-file",
    "/EF": "embedded-file",
    "/XFA": "xfa",
    "/RichMediaContent": "rich-media",
}
_ACTIONS: Final = {
    "/JavaScript": "javascript",
    "/Launch": "launch",
    "/SubmitForm": "submit-form",
    "/ImportData": "import-data",
    "/GoToE": "embedded-file",
    "/RichMediaExecute": "rich-media",
}
_TYPES: Final = {"/EmbeddedFile": "embedded-file"}
_SUBTYPES: Final = {"/FileAttachment": "embedded-file", "/RichMedia": "rich-media", "/Screen": "rich-media"}
_MOST_NODES: Final = 300_000
_DEEPEST: Final = 60


class Refused(Exception):
    """The file is not looked at any further. `code` names the reason; `values` are its numbers."""

    def __init__(self, code: str, **values: int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def screen(data: bytes, *, max_pages: int) -> list[str]:
    """Return the flags of a file, sorted. Raises Refused if it is not an unencrypted PDF of 1 to max_pages pages."""
    flags = set(_ends(data))
    try:
        with pikepdf.open(BytesIO(data), suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                raise Refused("encrypted")
            pages = len(pdf.pages)
            if not 1 <= pages <= max_pages:
                raise Refused("page-count", pages=pages, most=max_pages)
            flags |= _walk(pdf)
            if pdf.get_warnings():
                flags.add("repaired")
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except (pikepdf.PdfError, ValueError, RecursionError):
        raise Refused("damaged") from None
    return sorted(flags)


def _ends(data: bytes) -> list[str]:
    if not data.startswith(b"%PDF-"):
        raise Refused("header-late" if b"%PDF-" in data[:4096] else "not-a-pdf")
    end = data.rfind(b"%%EOF")
    if end == -1:
        return ["no-end"]
    return ["trailing-bytes"] if data[end + len(b"%%EOF") :].strip(b"\0 \t\r\n\x0c") else []


def _walk(pdf: pikepdf.Pdf) -> set[str]:
    flags: set[str] = set()
    waiting: list[tuple[Any, int]] = [(pdf.trailer, 0), *((thing, 0) for thing in pdf.objects)]
    seen = 0
    while waiting:
        thing, depth = waiting.pop()
        seen += 1
        if seen > _MOST_NODES or depth > _DEEPEST:
            flags.add("too-complex")
            break
        if isinstance(thing, pikepdf.Array):
            children = list(thing)
        elif isinstance(thing, (pikepdf.Dictionary, pikepdf.Stream)):
            flags |= _signs(thing)
            children = [value for _key, value in thing.items()]
        else:
            continue
        waiting += [(c, depth + 1) for c in children if _is_nested(c)]
    return flags


def _is_nested(thing: Any) -> bool:
    return isinstance(thing, (pikepdf.Array, pikepdf.Dictionary, pikepdf.Stream)) and not thing.is_indirect


def _signs(thing: Any) -> set[str]:
    flags = {_KEYS[key] for key in thing.keys() if key in _KEYS}  # noqa: SIM118 - iterating a stream reads it
    for key, meanings in (("/S", _ACTIONS), ("/Type", _TYPES), ("/Subtype", _SUBTYPES)):
        value = thing.get(key)
        if isinstance(value, pikepdf.Name) and str(value) in meanings:
            flags.add(meanings[str(value)])
    return flags
