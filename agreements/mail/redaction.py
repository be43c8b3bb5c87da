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
# The same where no address stands before it: broken off by a line's end, or written by a scanner in its own form.
_MIXED_TOKEN: Final = re.compile(r"(?<![A-Za-z0-9_~-])(?=[a-z_~-]*[A-Z0-9])(?=[0-9_~-]*[A-Za-z])[A-Za-z0-9_~-]{24,}")
# Mailed codes: django-allauth's two groups of four consonants, and those of digits that others mail.
_LETTER_CODE: Final = re.compile(r"(?<![\w@-])[B-DF-HJ-NP-TV-XZ]{4}-?[B-DF-HJ-NP-TV-XZ]{4}(?![\w@-])")
_DIGIT_CODE: Final = re.compile(r"(?<![\w@.+-])(?:\d{6,8}|\d{3}[ -]\d{3}|\d{4}[ -]\d{4})(?![\w@-]|[.,]\d)")
_SPEAKS_OF_A_CODE: Final = re.compile(r"\b(?:codes?|pin|otp)\b", re.IGNORECASE)
_BEGINS_A_QUOTE: Final = re.compile(r"\s*(?:-{3,}.*-{3,}|_{10,}|From:\s.*|.{3,200}\bwrote:)\s*", re.IGNORECASE)
_LONGEST_HEAD: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]+")


def cut_addresses(text: str) -> str:
    """Return the text with every address that could open something cut after its readable part."""
    text = _SECRET_PATHS.sub(rf"\1{CUT}", text)
    text = _QUERY.sub(rf"\1{CUT}", text)
    return _TOKEN.sub(CUT, text)


def cut_secrets(text: str) -> str:
    """Return what somebody wrote without addresses that could open something, and without tokens and codes of ours."""
    return _LETTER_CODE.sub(CUT, _MIXED_TOKEN.sub(CUT, cut_addresses(text)))


def cut_all_codes(text: str) -> str:
    """Return what a machine wrote, which quotes mail of ours, also without anything like a code of digits."""
    return _DIGIT_CODE.sub(CUT, cut_secrets(text))


def cut_quoted_codes(text: str) -> str:
    """Return a letter without addresses and tokens, and without codes of digits where it quotes or speaks of one.

    Elsewhere numbers stay: telephone numbers and years are among what people write.
    """
    lines, is_quoted, spoke = [], False, False
    for line in cut_secrets(text).split("\n"):
        is_quoted = is_quoted or (len(line) < _LONGEST_HEAD and _BEGINS_A_QUOTE.fullmatch(line) is not None)
        speaks = _SPEAKS_OF_A_CODE.search(line) is not None
        is_cut = is_quoted or speaks or spoke or line.lstrip().startswith((">", "|"))
        lines.append(_DIGIT_CODE.sub(CUT, line) if is_cut else line)
        spoke = speaks or (spoke and not line.strip())
    return "\n".join(lines)


def safe_words(answer: str, *, length: int = 400) -> str:
    """Return what may be kept of a mail server's answer, which can quote the mail: one line, tokens cut."""
    return _BARE_TOKEN.sub(CUT, cut_addresses(_CONTROL.sub(" ", answer))).strip()[:length]
