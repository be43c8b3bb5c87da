"""Whether the one who is named in From sent this message, to us, now: docs/operations.md says it for operators.

Proven is a message of which all of this holds, looked at on the bytes as they came:
- it is written so that all programs read the same fields, with one From that names one address;
- To or Cc names our mailbox, and its Date is within seven days: a letter that was signed for somebody else, or long
  ago, can be sent on by whoever has it;
- a DKIM signature without `l=` holds and covers From, To, Cc, Date and Subject, each as far as it is there;
- what divides its body into papers is signed too, or can be read in one way only (`description`);
- the signing domain is the one in From, or lies above it within the same organization. One below it is not enough,
  other than in DMARC's relaxed alignment: whoever runs `students.ust.hk` may not speak for `provost@ust.hk`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Final

from django.utils.translation import gettext as _
from publicsuffixlist import PublicSuffixList

from agreements.core.addresses import comparison_key
from agreements.mail import dns
from agreements.mail.inbox import (
    caps,
    description,
    dkim_key,
    dkim_signature,
    header_block,
    mailboxes,
    parsing,
    trusted_results,
)
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
SINGLE: Final = (
    *COVERED,
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
)
# Seconds for all that name servers are asked about one message.
TIME_BOUND: Final = 4.0


@dataclass(frozen=True, slots=True)
class Examined:
    """`domain`: whose signature proved it, empty unless proven. `reasons`: [{"code", "words"}], for people; behind
    them what our own mail server found (`trusted_results`), which proves nothing.

    `signature_sha256`, empty unless proven, is equal for all copies of one signed letter: it digests the covered
    fields and the body, which nobody can change, not the signature, of which a letter may carry several.
    """

    proof: Proof
    domain: str = ""
    reasons: list[dict[str, str]] = field(default_factory=list)
    signature_sha256: str = ""


def examine(raw: bytes, *, our_addresses: Iterable[str], at: dt.datetime) -> Examined:
    """Return whether the sender is proven; `at` is when the message came.

    UNKNOWN if the name servers could not say: to be examined again later. Raises Unreadable for what passes no cap.
    Takes TIME_BOUND at most for name servers, whatever they do.
    """
    caps.check(raw)
    found = _examined(raw, {comparison_key(one) for one in our_addresses}, at)
    beside = [{"code": "our-server", "words": each.words} for each in trusted_results.read(raw)]
    return replace(found, reasons=[*found.reasons, *beside])


def is_aligned(signing: str, sender: str) -> bool:
    """Return whether a domain may sign for a sender's: it is the same one or above it, in the same organization."""
    organization = _organization(sender)
    if not organization:
        return False
    within = signing == organization or signing.endswith("." + organization)
    return within and (sender == signing or sender.endswith("." + signing))


def _examined(raw: bytes, ours: set[str], at: dt.datetime) -> Examined:
    block, _body = header_block.split(raw)
    try:
        sender = _check_letter(block, raw, ours, at)
    except Refused as refused:
        return Examined(Proof.UNPROVEN, reasons=[_reason(refused)])
    with dns.within(TIME_BOUND):
        return _by_signatures(raw, sender, at)


def _by_signatures(raw: bytes, sender: Mailbox, at: dt.datetime) -> Examined:
    block, body = header_block.split(raw)
    reasons: list[dict[str, str]] = []
    silent: set[str] = set()
    fields = block.all("dkim-signature")
    for one in fields[:MOST_SIGNATURES]:
        try:
            signature = dkim_signature.read(one)
            _check_claims(signature, block, sender, at)
            if not signature.covers_body(body):
                raise _changed(signature)
            description.check(block, body, covered=signature.covered)
            if signature.domain in silent:
                continue
            key = dkim_key.fetch(signature, organization=_organization(signature.domain))
            if not key.verifies(signature.value, signature.digest(block)):
                raise _changed(signature)
            _check_headers_of_parts(raw)
        except Refused as refused:
            reasons.append(_reason(refused))
        except dns.NoAnswer:
            silent.add(signature.domain)
            words = _("No name server had the key of %(domain)s when asked.") % {"domain": signature.domain}
            reasons.append({"code": "no-answer", "words": words})
        else:
            words = _("%(domain)s signed it (%(key)s).") % {"domain": signature.domain, "key": key.words}
            return Examined(
                proof=Proof.PROVEN,
                domain=signature.domain,
                reasons=[{"code": "signed", "words": words}],
                signature_sha256=_letter_sha256(block, body),
            )
    if not fields:
        reasons.append({"code": "unsigned", "words": _("It carries no signature of the sender's domain.")})
    elif len(fields) > MOST_SIGNATURES:
        words = _("It carries %(number)s signatures, of which the first %(most)s were looked at.")
        reasons.append({"code": "many", "words": words % {"number": len(fields), "most": MOST_SIGNATURES}})
    return Examined(Proof.UNKNOWN if silent else Proof.UNPROVEN, reasons=reasons)


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


def _check_claims(signature: Signature, block: HeaderBlock, sender: Mailbox, at: dt.datetime) -> None:
    if not is_aligned(signature.domain, sender.domain):
        words = _("%(domain)s signed it, which does not speak for %(sender)s.")
        raise Refused("not-aligned", words % {"domain": signature.domain, "sender": sender.domain})
    _check_identity(signature, sender)
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


def _check_headers_of_parts(raw: bytes) -> None:
    if parsing.has_movable_headers(raw):
        words = _("A line of blanks stands in the header of a part, so that programs could divide it differently.")
        raise Refused("irregular", words)


def _changed(signature: Signature) -> Refused:
    return Refused("changed", _("It was changed after %(domain)s signed it.") % {"domain": signature.domain})


def _check_identity(signature: Signature, sender: Mailbox) -> None:
    """Raise Refused if the domain says (`i=`) that it signed for somebody else of its own."""
    of, domain = signature.identity_of, signature.identity_domain
    if not is_aligned(domain, sender.domain) or (of and of != sender.address.rpartition("@")[0].lower()):
        words = _("%(domain)s signed it for %(identity)s, who is not the sender.")
        raise Refused("identity", words % {"domain": signature.domain, "identity": f"{of}@{domain}"})


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


def _organization(domain: str) -> str:
    return _public_suffixes().privatesuffix(domain) or ""


@cache
def _public_suffixes() -> PublicSuffixList:
    # The private section names hosts whose customers are each their own; the owner of the domain still signs for all.
    return PublicSuffixList(only_icann=True)
