"""What is cut from a text before it is kept: the one rule about addresses that open something."""

from __future__ import annotations

import re
from typing import Final

CUT: Final = "…"

# Addresses whose possession is enough: download links, direct downloads, invitations.
_SECRET_PATHS: Final = re.compile(r"(/(?:l|d|invite|invitations?|join|accept)/)[^\s\"'<>()\[\]]+", re.IGNORECASE)
# In any address, a query or fragment may carry a token.
_QUERY: Final = re.compile(r"(https?://[^\s\"'<>?#]+[?#])[^\s\"'<>]+", re.IGNORECASE)
# A token by its looks: long, without the dots and slashes of ordinary addresses.
_TOKEN: Final = re.compile(r"(?<=[/=])[A-Za-z0-9_~-]{24,}")
_BARE_TOKEN: Final = re.compile(r"[A-Za-z0-9_~-]{24,}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


def cut_addresses(text: str) -> str:
    """Return the text with every address that could open something cut after its readable part."""
    text = _SECRET_PATHS.sub(rf"\1{CUT}", text)
    text = _QUERY.sub(rf"\1{CUT}", text)
    return _TOKEN.sub(CUT, text)


def safe_words(answer: str, *, length: int = 400) -> str:
    """Return what may be kept of a mail server's answer, which can quote the mail: one line, tokens cut."""
    return _BARE_TOKEN.sub(CUT, cut_addresses(_CONTROL.sub(" ", answer))).strip()[:length]
