"""Whether the one who is named in From sent this message, to us, now: docs/operations.md says it for operators.

Proven is a message of which all of this holds, looked at on the bytes as they came:
- it is written so that all programs read the same fields, with one From that names one address;
- To or Cc names our mailbox, and its Date is within seven days: a letter that was signed for somebody else, or long
  ago, can be sent on by whoever has it;
- a DKIM signature without `l=` holds and covers From, To, Cc, Date and Subject, each as far as it is there;
- the signing domain is the one in From, or lies above it within the same organization. One below it is not enough,
  other than in DMARC's relaxed alignment: whoever runs `students.ust.hk` may not speak for `provost@ust.hk`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from agreements.core.addresses import comparison_key
from agreements.mail import dns
from agreements.mail.inbox import caps, dkim_key, dkim_signature, header_block, mailboxes, parsing
from agreements.mail.inbox.dkim_signature import Refused, Signature
from agreements.mail.inbox.header_block import HeaderBlock
from agreements.mail.inbox.mailboxes import Mailbox
from agreements.mail.inbox.models import Proof

OLDEST: Final = dt.timedelta(days=7)
# Clocks differ.
MOST_AHEAD: Final = dt.timedelta(hours=1)
MOST_SIGNATURES: Final = 5
# What a reviewer reads of a message; each must be signed if it is there.
COVERED: Final = ("from", "to", "cc", "date", "subject")
# Of these one alone is read, and which one differs between programs.
SINGLE: Final = (*COVERED, "message-id", "mime-version", "content-type", "content-transfer-encoding")


@dataclass(frozen=True, slots=True)
class Examined:
    """`domain`: whose signature proved it, empty unless proven. `reasons`: [{"code", "words"}], for people.

    `signature_sha256`, empty unless proven, is equal for all copies of one signed letter: it digests the covered
    fields and the body, which nobody can change, not the signature, of which a letter may carry several. `signed`:
    names of all header fields that the signature covers; others may have been added by anybody.
    """

    proof: Proof
    domain: str = ""
    reasons: list[dict[str, str]] = field(default_factory=list)
    signature_sha256: str = ""
    signed: frozenset[str] = frozenset()


def examine(raw: bytes, *, our_addresses: Iterable[str], at: dt.datetime) -> Examined:
    """Return whether the sender is proven; `at` is when the message came.

    UNKNOWN if the name servers could not say: to be examined again later. Raises Unreadable for what passes no cap.
    """
    caps.check(raw)
    block, body = header_block.split(raw)
    try:
        sender = _check_letter(block, raw, {comparison_key(one) for one in our_addresses}, at)
        _check_description(block, body)
    except Refused as refused:
        return Examined(Proof.UNPROVEN, reasons=[_reason(refused)])
    return _by_signatures(block, body, sender, at)


def is_aligned(signing: str, sender: str) -> bool:
    """Return whether a domain may sign for a sender's: it is the same one or above it, in the same organization."""
    organization = _public_suffixes().privatesuffix(sender)
    if organization is None:
        return False
    within = signing == organization or signing.endswith("." + organization)
    return within and (sender == signing or sender.endswith("." + signing))


def _by_signatures(block: HeaderBlock, body: bytes, sender: Mailbox, at: dt.datetime) -> Examined:
    reasons: list[dict[str, str]] = []
    unknown = False
    fields = block.all("dkim-signature")
    for one in fields[:MOST_SIGNATURES]:
        try:
            signature = dkim_signature.read(one)
            _check_claims(signature, block, sender, at)
            key = dkim_key.fetch(signature)
            if not signature.covers_body(body) or not key.verifies(signature.value, signature.digest(block)):
                raise Refused("changed", _("It was changed after %(domain)s signed it.") % {"domain": signature.domain})
        except Refused as refused:
            reasons.append(_reason(refused))
        except dns.NoAnswer:
            unknown = True
            words = _("No name server had the key of %(domain)s when asked.") % {"domain": signature.domain}
            reasons.append({"code": "no-answer", "words": words})
        else:
            words = _("%(domain)s signed it (%(key)s).") % {"domain": signature.domain, "key": key.words}
            return Examined(
                proof=Proof.PROVEN,
                domain=signature.domain,
                reasons=[{"code": "signed", "words": words}],
                signature_sha256=_letter_sha256(block, body),
                signed=frozenset(signature.covered),
            )
    if not fields:
        reasons.append({"code": "unsigned", "words": _("It carries no signature of the sender's domain.")})
    elif len(fields) > MOST_SIGNATURES:
        words = _("It carries %(number)s signatures, of which the first %(most)s were looked at.")
        reasons.append({"code": "many", "words": words % {"number": len(fields), "most": MOST_SIGNATURES}})
    return Examined(Proof.UNKNOWN if unknown else Proof.UNPROVEN, reasons=reasons)


def _check_letter(block: HeaderBlock, raw: bytes, ours: set[str], at: dt.datetime) -> Mailbox:
    """Return the sender. Raises Refused for a message that no signature could prove."""
    if block.irregular or header_block.has_lone_line_ends(raw):
        raise Refused("irregular", _("It is not written as the standard says, so programs could read it differently."))
    for name in SINGLE:
        if len(block.all(name)) > 1:
            raise Refused("twice", _("It has more than one %(field)s.") % {"field": name.title()})
    sender = _sender(block)
    named = [one for name in ("to", "cc") for field in block.all(name) for one in mailboxes.read(field.text).found]
    if not any(one.clean and comparison_key(one.address) in ours for one in named):
        raise Refused("not-to-us", _("Neither To nor Cc names our mailbox: it may have been signed for others."))
    _check_date(block, at)
    return sender


def _sender(block: HeaderBlock) -> Mailbox:
    written = block.all("from")
    found = mailboxes.read(written[0].text) if written else None
    if found is None or len(found.found) != 1:
        raise Refused("sender", _("Its sender is not one address."))
    [sender] = found.found
    if not found.clean or not sender.address:
        raise Refused("sender", _("Its sender is written in a way that programs read differently."))
    # People read the name before the address: a name that is another address is a mask.
    for shown in re.findall(r"[^\s<>\"'(),;:]+[@＠﹫][^\s<>\"'(),;:]+", sender.name):
        if comparison_key(shown) != comparison_key(sender.address):
            raise Refused("mask", _("The sender's name shows an address that is not the sender's."))
    return sender


def _check_date(block: HeaderBlock, at: dt.datetime) -> None:
    written = block.all("date")
    moment = parsing.moment_of(written[0].text) if written else None
    if moment is None:
        raise Refused("date", _("It does not say when it was written."))
    if moment > at + MOST_AHEAD:
        raise Refused("future", _("It says that it was written later than it came."))
    if moment < at - OLDEST:
        raise Refused("old", _("It was written more than %(days)s days before it came.") % {"days": OLDEST.days})


def _check_description(block: HeaderBlock, body: bytes) -> None:
    """Raise Refused if the parts are not divided where the body, which is signed, begins to be.

    Many sign no Content-Type (Gmail does not). With another boundary the same bytes are other papers.
    """
    for one in block.all("content-type"):
        boundary = re.search(rb"boundary\s*(\*?)=\s*(?:\"([^\"]+)\"|([^\s;\"]+))", one.text, re.IGNORECASE)
        multipart = one.text.lower().startswith(b"multipart/")
        first = re.search(rb"(?:\A|\n)--([^\r\n]*)", body)
        if multipart:
            written = boundary and not boundary[1] and (boundary[2] or boundary[3])
            if not written or first is None or first[1].rstrip() != written.rstrip():
                raise Refused("divided", _("Its parts are not divided as its text says."))


def _check_claims(signature: Signature, block: HeaderBlock, sender: Mailbox, at: dt.datetime) -> None:
    if not is_aligned(signature.domain, sender.domain):
        words = _("%(domain)s signed it, which does not speak for %(sender)s.")
        raise Refused("not-aligned", words % {"domain": signature.domain, "sender": sender.domain})
    bare = [name.title() for name in COVERED if block.all(name) and name not in signature.covered]
    if bare:
        words = _("The signature of %(domain)s leaves out %(fields)s.")
        raise Refused("uncovered", words % {"domain": signature.domain, "fields": ", ".join(bare)})
    now = at.timestamp()
    begins, ends = signature.signed_at, signature.expires_at
    if begins is not None and begins > now + MOST_AHEAD.total_seconds():
        raise Refused("future", _("Its signature says that it was made later than the message came."))
    if begins is not None and begins < now - OLDEST.total_seconds():
        raise Refused("old", _("It was signed more than %(days)s days before it came.") % {"days": OLDEST.days})
    if ends is not None and (ends < now or (begins is not None and ends < begins)):
        raise Refused("expired", _("Its signature was no longer valid when it came."))


def _letter_sha256(block: HeaderBlock, body: bytes) -> str:
    """Return a digest of the covered fields and the body, each in the form in which blanks do not count."""
    hasher = hashlib.sha256()
    for name in COVERED:
        for one in block.all(name):
            hasher.update(name.encode() + b":" + one.text + b"\r\n")
    hasher.update(hashlib.sha256(dkim_signature.canonical_body(body, relaxed=True)).digest())
    return hasher.hexdigest()


def _reason(refused: Refused) -> dict[str, str]:
    return {"code": refused.code, "words": refused.words}


@cache
def _public_suffixes() -> PublicSuffixList:
    # The private section names hosts whose customers are each their own; the owner of the domain still signs for all.
    return PublicSuffixList(only_icann=True)
