"""What is too much to be read at all, counted on the bytes before any parser sees them.

The standard library's parser needs 94 s of CPU for a From of 1 MB, 28 s for 100,000 parts, and runs out of stack at
1,000 nested ones (measured with Python 3.11). Each count here is one pass over the bytes in C; what passes all of
them is parsed in under two seconds (tests/mail/inbox/test_caps.py measures the worst of each).
"""

from __future__ import annotations

import re
from typing import Final

from django.utils.translation import gettext as _

from agreements.mail.inbox.header_block import end_of_header

KB: Final = 1024
MOST_BYTES: Final = 25 * KB * KB
MOST_HEADER_BYTES: Final = 64 * KB
MOST_FROM_BYTES: Final = 2 * KB
# 25 MB of base64 in lines of 60 have 437,000.
MOST_LINES: Final = 500_000
# Lines that may begin or end a part.
MOST_DELIMITERS: Final = 2_000
# Parts that hold others: each may lie in the one before it.
MOST_CONTAINERS: Final = 32
# A delivery report's fields are a message of their own after each empty line.
MOST_REPORT_BLOCKS: Final = 2_000
# A field of a part, and all lines of parts that look like fields.
MOST_PART_FIELD_BYTES: Final = 4 * KB

_FROM: Final = re.compile(rb"^from[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_TYPE: Final = re.compile(
    rb"^content-(?:type|disposition|transfer-encoding)[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE
)
_CONTAINER: Final = re.compile(rb"multipart/|message/", re.IGNORECASE)
_REPORT: Final = re.compile(rb"message/(?:global-)?delivery-status", re.IGNORECASE)
_EMPTY_LINE: Final = re.compile(rb"\n\r?(?=\n)")


class Unreadable(Exception):
    """This message is not read. `code` for programs, `words` for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words


def check(raw: bytes) -> None:
    """Raise Unreadable if the message is larger, longer, wider or deeper than any letter with papers is."""
    if len(raw) > MOST_BYTES:
        raise Unreadable(
            "too-large", _("The message is larger than %(limit)s MB.") % {"limit": MOST_BYTES // (KB * KB)}
        )
    end, _body = end_of_header(raw[: MOST_HEADER_BYTES + 4])
    if end > MOST_HEADER_BYTES:
        raise Unreadable(
            "header-too-large", _("Its header is larger than %(limit)s KB.") % {"limit": MOST_HEADER_BYTES // KB}
        )
    if any(len(found[0]) > MOST_FROM_BYTES for found in _FROM.finditer(_newlines(raw[:end]))):
        raise Unreadable("sender-too-long", _("Its sender line is longer than any sender's name and address."))
    if _count_lines(raw) > MOST_LINES:
        raise Unreadable("too-many-lines", _("It has more than %(limit)s lines.") % {"limit": f"{MOST_LINES:,}"})
    _check_parts(_newlines(raw))


def _check_parts(raw: bytes) -> None:
    if raw.count(b"\n--") > MOST_DELIMITERS:
        raise Unreadable("too-many-parts", _("It has more than %(limit)s parts.") % {"limit": f"{MOST_DELIMITERS:,}"})
    if sum(1 for _found in _CONTAINER.finditer(raw)) > MOST_CONTAINERS:
        raise Unreadable(
            "too-deep", _("More than %(limit)s of its parts hold other parts.") % {"limit": MOST_CONTAINERS}
        )
    if any(len(found[0]) > MOST_PART_FIELD_BYTES for found in _TYPE.finditer(raw)):
        raise Unreadable("part-field-too-long", _("The description of one of its parts is too long."))
    if _REPORT.search(raw) and sum(1 for _found in _EMPTY_LINE.finditer(raw)) > MOST_REPORT_BLOCKS:
        raise Unreadable("report-too-long", _("It is a delivery report with too many entries."))


def _count_lines(raw: bytes) -> int:
    # The parser ends a line at a lone CR too.
    return raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n")


def _newlines(raw: bytes) -> bytes:
    """Return the bytes as the parser sees their lines."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in raw else raw
