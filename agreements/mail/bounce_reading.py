"""What a message says about mail that did not arrive: RFC 3464's form, and what else is known. Pure, and capped."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from itertools import islice
from typing import Final

from flufl.bounce import all_failures

from agreements.core.addresses import comparison_key
from agreements.mail.envelopes import MARK
from agreements.mail.redaction import safe_words

FAILED: Final = "failed"
DELAYED: Final = "delayed"

_READ: Final = 512 * 1024  # bytes; the report stands before the mail that it quotes
_HEADERS: Final = 64 * 1024
# What older servers write is short; looking for it in 500 KB takes four seconds.
_OWN_WORDS: Final = 64 * 1024
_BOUNDARIES: Final = 200
_BLOCKS: Final = 20
_IDS: Final = 20
_MARKS: Final = 5
# Where servers write to which address a message was delivered.
_DELIVERED_TO: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
_OUR_IDS: Final = re.compile(r"<[0-9a-f]{32}@[^<>\s]{1,150}>")
_MARK_LINE: Final = re.compile(rf"^{MARK}:([^\r\n]{{1,100}})", re.IGNORECASE | re.MULTILINE)
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_ONE_ADDRESS: Final = re.compile(r"[^\s@<>;,:/]+@[^\s@<>;,:/]+")
_CODE: Final = re.compile(r"(?<!\d)([45])\d\d(?!\d)")
_ROBOTS: Final = frozenset({"mailer-daemon", "postmaster", "mail-daemon", "mdaemon", "mailerdaemon", "mailer_daemon"})


@dataclass(frozen=True, slots=True)
class Failure:
    """What became of one recipient. `keys` are comparison keys; `status` is RFC 3463's, perhaps empty."""

    keys: frozenset[str]
    recipient: str
    action: str
    status: str
    words: str


@dataclass(frozen=True, slots=True)
class Report:
    """`delivered_to` are header values, `marks` those of our own field in the header of the mail that is returned,
    `message_ids` what is quoted and looks like ours; none is proven.
    """

    delivered_to: tuple[str, ...]
    marks: tuple[str, ...]
    message_ids: tuple[str, ...]
    failures: tuple[Failure, ...]


def read(raw: bytes) -> Report | None:
    """Return what a message reports, or None if it is no report of this kind. Raises what the parser raises."""
    start = raw[:_READ]
    end = re.search(rb"\r?\n\r?\n", start)
    if (end.start() if end else len(start)) > _HEADERS or start.count(b"\n--") > _BOUNDARIES:
        return None
    # Headers stay as they are with this policy: parsing a hostile From can take minutes.
    message = email.message_from_bytes(start)
    failures, marks = tuple(_by_the_book(message)), tuple(islice(_marks(message), _MARKS))
    if not failures:
        failures, marks = _otherwise(start[:_OWN_WORDS])
    if not failures:
        return None
    delivered = [str(value) for name in _DELIVERED_TO for value in message.get_all(name, [])[:5]]
    ids = dict.fromkeys(_OUR_IDS.findall(start.decode("ascii", "replace")))
    return Report(tuple(delivered), marks, tuple(ids)[:_IDS], failures)


def status_in(words: str) -> str:
    """Return the enhanced status that a server's answer holds, such as 5.1.1, or an empty text."""
    found = _STATUS.search(words)
    return found.group() if found else ""


def _by_the_book(message: Message) -> Iterator[Failure]:
    """Return what a multipart/report of delivery status says, recipient by recipient, in its own order."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return
    for part in message.get_payload():
        if isinstance(part, Message) and part.get_content_type() == "message/delivery-status" and part.is_multipart():
            blocks: list[Message] = [block for block in part.walk() if block is not part]
            yield from (_failure(block) for block in blocks[: _BLOCKS + 1] if block.get("Action"))


def _marks(message: Message) -> Iterator[str]:
    """Return the values of our own field in the returned header of a report: the whole mail, or its header alone."""
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return
    for part in message.get_payload():
        if not isinstance(part, Message) or part.get_content_type() == "message/delivery-status":
            continue
        returned: object = None
        if part.get_content_maintype() == "message" and part.is_multipart():
            returned = part.get_payload(0)
        elif part.get_content_type() == "text/rfc822-headers":
            returned = email.message_from_bytes(bytes(part.get_payload(decode=True) or b"")[:_HEADERS])
        if isinstance(returned, Message):
            yield from (str(value) for value in returned.get_all(MARK, []))


def _failure(block: Message) -> Failure:
    named = [_address(block.get(name)) for name in ("Final-Recipient", "Original-Recipient")]
    said = str(block.get("Diagnostic-Code", ""))[:2000].partition(";")
    words = safe_words(said[2] or said[0])
    status = status_in(str(block.get("Status", ""))[:50]) or status_in(words)
    if not status and (code := _CODE.search(words)):
        status = f"{code.group(1)}.0.0"
    return Failure(
        keys=frozenset(comparison_key(address) for address in named if "@" in address),
        recipient=next((address for address in named if "@" in address), "")[:320],
        action=str(block["Action"])[:40].strip().lower(),
        status=status,
        words=words or status,
    )


def _address(value: object) -> str:
    """Return the address of a field such as `rfc822; alice@example.org` (RFC 3464, 2.3.2); '' for other words."""
    text = str(value or "")[:1000].rpartition(";")[2].strip().strip("<>").strip()
    return text if _ONE_ADDRESS.fullmatch(text) else ""


def _otherwise(start: bytes) -> tuple[tuple[Failure, ...], tuple[str, ...]]:
    """Return what older servers say in sentences of their own: only mail of a robot is taken at its word here.

    Also the values of our own field: these servers repeat the mail as text, its header first.
    """
    message = email.message_from_bytes(start)
    if not _is_from_a_robot(message) or message.get_content_type() == "multipart/report":
        return (), ()
    failures = []
    temporary, permanent = all_failures(message)
    for found, action, status in ((permanent, FAILED, "5.0.0"), (temporary, DELAYED, "4.0.0")):
        for address in sorted(found)[:_BLOCKS]:
            text = address.decode("ascii", "replace")
            failures.append(Failure(frozenset({comparison_key(text)}), text[:320], action, status, ""))
    marks = _MARK_LINE.findall(start.decode("ascii", "replace"))
    return tuple(failures), tuple(marks[:_MARKS])


def _is_from_a_robot(message: Message) -> bool:
    if str(message.get("Return-Path", "-")).strip() == "<>":
        return True
    sender = parseaddr(str(message.get("From", ""))[:2000])[1]
    return sender.partition("@")[0].lower() in _ROBOTS
