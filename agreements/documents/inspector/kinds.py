"""What sort of file something claims to be, by its first bytes. Cheap enough for any process, and proves nothing."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["pdf", "jpeg", "png", "heic", ""]

HEAD: Final = 32
"""So many bytes tell."""

MOST_FILES: Final = 40
"""So many files may be sent as one signed copy."""

# ISO/IEC 23008-12: a file of one or more HEVC pictures. `mif1` is also what AVIF begins with at times; reading tells.
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})


def kind_of(head: bytes) -> Kind:
    """Return the kind of a file that may be a page or hold pages, "" for every other one."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return "heic"
    return ""
