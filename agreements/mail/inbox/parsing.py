"""What a message says: its sender, its text and its papers, cleaned and cut to what a row holds.

The header is read by `header_block`, the same bytes that a signature is checked on. The standard library reads the
parts, in its older way (`compat32`), which interprets nothing before it is asked; it is given the first of each field
that describes the body and no other. Nothing in here is a path, whatever a sender calls a file.
"""

from __future__ import annotations

import datetime as dt
import email
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.errors import FirstHeaderLineIsContinuationDefect
from email.message import Message
from email.policy import Compat32
from email.utils import collapse_rfc2231_value, parsedate_to_datetime
from typing import Final, TypeVar

from django.utils.translation import gettext as _

from agreements.mail.inbox import caps, header_block, mailboxes, words
from agreements.mail.inbox.caps import Unreadable
from agreements.mail.inbox.header_block import HeaderBlock

_Found = TypeVar("_Found")

# The columns of InboundMail.
_NAME: Final = 200
_SUBJECT: Final = 300
_MESSAGE_ID: Final = 300
_TEXT_BYTES: Final = 20_000
_MOST_ATTACHMENTS: Final = 50
_MOST_REFERENCES: Final = 50
_MOST_FIELD: Final = 500
_BODY_FIELDS: Final = ("mime-version", "content-type", "content-transfer-encoding", "content-disposition")


class _AsItStands(Compat32):
    """Fields as they were parsed; the standard policy gives, for bytes of no charset, an object that breaks others."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Attachment:
    """`name` is for people's eyes and never a path; `type` as it is claimed, in lower case.

    `forwarded`: it is inside of another message that this one brings along, so it is not the sender's own: it is
    listed, and neither opened nor counted as a paper.
    """

    name: str
    type: str
    data: bytes
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a message claims. `sender` is empty unless From names exactly one address; then `sender_name` is what
    stands there instead. `fields`: lower-case name -> values from the top. `left_out`: papers beyond the first fifty.
    `text` is the first plain text, of HTML if there is no other; never that of a message inside of this one."""

    sender: str
    sender_name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    sent_at: dt.datetime | None
    text: str
    type: str
    attachments: tuple[Attachment, ...]
    left_out: int
    fields: Mapping[str, tuple[str, ...]]

    def field(self, name: str) -> str:
        """Return the topmost value of a field, in one line; empty if there is none."""
        return next(iter(self.fields.get(name.lower(), ())), "")


def read(raw: bytes) -> Parsed:
    """Return what the message says. Raises Unreadable, and nothing else, also for what passes no cap."""
    caps.check(raw)
    return _carefully(_read, raw)


def _carefully(reading: Callable[[bytes], _Found], raw: bytes) -> _Found:
    try:
        return reading(raw)
    except (MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as problem:
        # RecursionError too: whatever a parser stumbles over, the others in the mailbox are read.
        code = "parser-" + type(problem).__name__.lower()[:30]
        raise Unreadable(code, _("The way in which it is written could not be read.")) from None


def has_movable_headers(raw: bytes) -> bool:
    """Return whether a line of blanks stands within or above the header of a part. Raises nothing but Unreadable.

    Most signatures do not tell it from the empty line that ends a header: where one is taken for the other, the text
    of a part becomes its description.
    """
    return _carefully(_has_movable_headers, raw)


def moment_of(value: bytes) -> dt.datetime | None:
    """Return what a Date field says, in UTC; None if it says no moment."""
    try:
        moment = parsedate_to_datetime(value[:200].decode("ascii", "replace"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def file_name(claimed: str, *, otherwise: str) -> str:
    """Return the last part of a path that a sender calls a file, without what shows nothing; at most 200 characters."""
    last = re.split(r"[/\\]", words.one_line(claimed, most=2_000))[-1]
    cleaned = re.sub(r'[<>:"|?*]', "_", last).strip(" .")
    if len(cleaned) > _NAME:
        stem, dot, ending = cleaned.rpartition(".")
        cleaned = stem[: _NAME - 10] + dot + ending[:9] if dot else cleaned[:_NAME]
    return cleaned or otherwise


def _read(raw: bytes) -> Parsed:
    block, body = header_block.split(raw)
    message = _body_of(block, body)
    sender, name = _sender(block)
    papers, left_out = _attachments(message)
    return Parsed(
        sender=sender,
        sender_name=name,
        to=_addresses(block, "to"),
        cc=_addresses(block, "cc"),
        subject=words.header_text(_first(block, "subject"), most=_SUBJECT),
        message_id=words.one_line(words.text_of(_first(block, "message-id")[:2_000]), most=_MESSAGE_ID),
        in_reply_to=words.one_line(words.text_of(_first(block, "in-reply-to")[:2_000]), most=_MESSAGE_ID),
        references=_references(_first(block, "references")),
        sent_at=moment_of(_first(block, "date")),
        text=_text(message),
        type=message.get_content_type(),
        attachments=papers,
        left_out=left_out,
        fields=_fields(block),
    )


def _first(block: HeaderBlock, name: str) -> bytes:
    return next((one.text for one in block.all(name)), b"")


def _fields(block: HeaderBlock) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for one in block.fields:
        found.setdefault(one.name, []).append(words.one_line(words.text_of(one.text[:2_000]), most=_MOST_FIELD))
    return {name: tuple(values) for name, values in found.items()}


def _sender(block: HeaderBlock) -> tuple[str, str]:
    written = [one for field in block.all("from") for one in mailboxes.read(field.text).found]
    if len(written) == 1 and written[0].address and len(block.all("from")) == 1:
        return written[0].address, written[0].name
    return "", words.header_text(b", ".join(one.text for one in block.all("from")), most=_NAME)


def _addresses(block: HeaderBlock, name: str) -> tuple[str, ...]:
    named = (one.address for field in block.all(name) for one in mailboxes.read(field.text).found)
    return tuple(dict.fromkeys(address for address in named if address))[: mailboxes.MOST]


def _references(value: bytes) -> tuple[str, ...]:
    named = re.findall(r"<[^<>\s]{1,298}>", words.text_of(value))
    return tuple(words.one_line(one, most=_MESSAGE_ID) for one in named[-_MOST_REFERENCES:])


def _body_of(block: HeaderBlock, body: bytes) -> Message:
    described = b"".join(
        name.encode() + b": " + value + b"\r\n" for name in _BODY_FIELDS if (value := _first(block, name))
    )
    return email.message_from_bytes(described + b"\r\n" + body, policy=_AsItStands())


def _leaves(message: Message, *, forwarded: bool = False) -> Iterator[tuple[Message, bool]]:
    """Return the parts that hold no others, and whether each is (of) a message inside of this one."""
    kind = message.get_content_type()
    if kind == "message/delivery-status":
        return
    forwarded = forwarded or kind.startswith("message/") or kind == "text/rfc822-headers"
    inside = message.get_payload()
    if isinstance(inside, list):
        for part in inside:
            if isinstance(part, Message):
                yield from _leaves(part, forwarded=forwarded)
    else:
        yield message, forwarded


def _has_movable_headers(raw: bytes) -> bool:
    for part in _body_of(*header_block.split(raw)).walk():
        if any(isinstance(one, FirstHeaderLineIsContinuationDefect) for one in part.defects):
            return True
        if any(not line.strip() for value in part.values() for line in value.split("\n")[1:]):
            return True
    return False


def _claimed_name(part: Message) -> str:
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(parameter, header=header)
        if isinstance(value, tuple):
            charset, _language, text = value
            return words.text_of(text.encode("latin-1", "replace"), charset or None) or collapse_rfc2231_value(value)
        if value:
            # Raw bytes of a name come as halves of characters; encoded words stand here though no standard allows it.
            return words.decoded(words.text_of(value.encode("ascii", "surrogateescape")), most=2_000)
    return ""


def _is_text(part: Message) -> bool:
    kept = (part.get_content_disposition() or "inline") == "inline" and not _claimed_name(part)
    return kept and part.get_content_type() in {"text/plain", "text/html"}


def _content(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(message: Message) -> str:
    texts: Sequence[Message] = [part for part, forwarded in _leaves(message) if not forwarded and _is_text(part)]
    for kind in ("text/plain", "text/html"):
        for part in texts:
            if part.get_content_type() == kind:
                return _shown(part, kind)
    return ""


def _shown(part: Message, kind: str) -> str:
    charset = part.get_param("charset")
    text = words.text_of(_content(part)[: _TEXT_BYTES * 8], charset if isinstance(charset, str) else None)
    if kind == "text/html":
        text = re.sub(r"<(style|script)\b[^<]*(?:<(?!/\1)[^<]*)*", " ", text, flags=re.IGNORECASE)
        text = re.sub(r"<[^<>]*>", " ", text)
    return words.many_lines(text, most=_TEXT_BYTES)


def _attachments(message: Message) -> tuple[tuple[Attachment, ...], int]:
    papers = [(part, forwarded) for part, forwarded in _leaves(message) if forwarded or not _is_text(part)]
    # The sender's own first: what they pass on crowds out none of it.
    papers.sort(key=lambda each: each[1])
    found = []
    for number, (part, forwarded) in enumerate(papers[:_MOST_ATTACHMENTS], 1):
        name = file_name(_claimed_name(part), otherwise=_("attachment %(number)s") % {"number": number})
        kind = words.one_line(part.get_content_type(), most=100)
        found.append(Attachment(name, kind, _content(part), forwarded))
    return tuple(found), max(0, len(papers) - _MOST_ATTACHMENTS)
