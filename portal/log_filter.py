"""Cutting the tokens of links out of every log line: whoever reads logs must not be able to download."""

from __future__ import annotations

import logging
import re
from typing import Final


def _encodable(text: str) -> str:
    """Return an expression for a text of which any character may be percent-encoded, once or more often."""
    return "".join(f"(?:{re.escape(character)}|%(?:25)*{ord(character):02x})" for character in text)


_SLASH: Final = _encodable("/")
_BEFORE: Final = "|".join(_encodable(part) for part in ("l", "d", "invitations"))
# As path parts, also when a whole address was percent-encoded into another one's query.
_TOKENS: Final = re.compile(rf"({_SLASH}(?:{_BEFORE}){_SLASH})(?:[^/\s\"'<>?#&%]|%(?!(?:25)*2F))+", re.IGNORECASE)
_BARE: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
CUT: Final = "[cut]"


def cut_tokens(text: str) -> str:
    """Return the text with what follows `/l/`, `/d/` or `/invitations/` cut, and whatever has the length of a token.

    SHA-256 sums in logs are cut with them; the record and the pages show those.
    """
    return _BARE.sub(CUT, _TOKENS.sub(rf"\1{CUT}", text))


class CutTokens(logging.Filter):
    """For handlers: rewrites the record, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        cut = cut_tokens(message)
        if cut != message:
            record.msg, record.args = cut, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = cut_tokens(record.exc_text)
        if record.stack_info:
            record.stack_info = cut_tokens(record.stack_info)
        return True
