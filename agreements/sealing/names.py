"""Which member names an archive may hold.

A name is unpacked by tools we do not control on systems we do not know, so whatever one of them could turn
into another place or another file is refused when the archive is published.
"""

import re
import unicodedata
from collections.abc import Iterable

MAX_NAME_BYTES = 65_535
"""The name's length is a 16-bit field (APPNOTE 4.4.10)."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile("[A-Za-z]:")


class BadMemberName(ValueError):
    """A member's name that must not go into an archive; ``name`` is the name, the text says why."""

    def __init__(self, name: str, why: str) -> None:
        shown = name if len(name) <= 120 else f"{name[:117]}..."
        super().__init__(f"The member name {shown!r} {why}.")
        self.name = name


def check_name(name: str) -> None:
    """Raises BadMemberName when the name alone is not acceptable. A directory's name ends in '/'."""
    if not name:
        raise BadMemberName(name, "is empty")
    if _CONTROL.search(name):
        raise BadMemberName(name, "holds a control character")
    if "\\" in name:
        raise BadMemberName(name, "holds a backslash")
    if name.startswith("/") or _DRIVE.match(name):
        raise BadMemberName(name, "is an absolute path")
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise BadMemberName(name, "is not valid Unicode") from None
    if len(encoded) > MAX_NAME_BYTES:
        raise BadMemberName(name, f"is longer than {MAX_NAME_BYTES:,} bytes of UTF-8")
    parts = name.removesuffix("/").split("/")
    if ".." in parts:
        raise BadMemberName(name, "leads out of the archive with '..'")
    if "." in parts or "" in parts:
        raise BadMemberName(name, "has an empty or '.' component")


def check_names(names: Iterable[str]) -> None:
    """Raises BadMemberName for the first name that is bad or clashes with another.

    Two names clash when a file system that ignores case or Unicode normal form would make them one, or when
    one is a file and the other needs a directory of that name.
    """
    seen: dict[str, str] = {}
    parents: dict[str, str] = {}
    for name in names:
        check_name(name)
        key = _as_ignorant_file_systems_see_it(name.removesuffix("/"))
        if key in seen:
            if seen[key] == name:
                raise BadMemberName(name, "occurs twice")
            raise BadMemberName(name, f"cannot be told from {seen[key]!r} on every file system")
        seen[key] = name
        cut = key.rfind("/")
        while cut > 0 and key[:cut] not in parents:
            parents[key[:cut]] = name
            cut = key.rfind("/", 0, cut)
    for key, name in seen.items():
        if not name.endswith("/") and key in parents:
            raise BadMemberName(name, f"is a file, but {parents[key]!r} needs a directory of that name")


def _as_ignorant_file_systems_see_it(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
