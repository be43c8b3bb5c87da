"""What somebody types that stands in the lab's mail: one line, in which no mail program finds an address to follow."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from django.utils.translation import gettext as _

from agreements.core.errors import Invalid

# In some scripts a name cannot be written without these two; other marks that do not show could reorder a line.
_JOINERS: Final = frozenset("\u200c\u200d")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
_DOT: Final = "[.\u3002]"
# A host alone is none: booking.com is the name of a company. With a path or a port it is nobody's name.
_ADDRESS: Final = re.compile(rf"://|@|\bwww\d*{_DOT}|\bhttps?:|\w{_DOT}\w{{2,}}(?:[/\\?#]|:\d)", re.IGNORECASE)
_FOLLOWED: Final = re.compile(rf"(?<=[\w\u200c\u200d]){_DOT}(?=[\w\u200c\u200d])|:(?=[\u200c\u200d]*[/\\])|@")


def check(text: str, *, field: str) -> None:
    """Raise Invalid for line breaks, for marks that do not show, and for addresses of pages or mailboxes."""
    words = text.strip()
    unseen = any(one not in _JOINERS and unicodedata.category(one) in _UNSEEN for one in words)
    if unseen or _ADDRESS.search("".join(one for one in _plain(words) if one not in _JOINERS)):
        raise Invalid(_("Write this on one line, without addresses of web pages or mailboxes."), field=field)


def quoted(text: str, *, most: int) -> str:
    """Return somebody's words as a mail quotes them: one line of so many characters, and nothing to follow in it.

    It holds also for what was typed before `check` asked. A space stands behind what would make an address; marks
    of quotation become plain ones, so that the words do not end before their end.
    """
    seen = "".join(one if one in _JOINERS or unicodedata.category(one) not in _UNSEEN else " " for one in _plain(text))
    words = " ".join(_FOLLOWED.sub(r"\g<0> ", re.sub('[“”„‟«»"]', "'", seen)).split())
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _plain(text: str) -> str:
    """Return a text with the letters and dots that programs read as the usual ones written as such."""
    return unicodedata.normalize("NFKC", text)
