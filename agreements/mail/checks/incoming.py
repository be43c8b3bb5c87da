"""Whether the mailbox can be read, and whether its addresses are such that mail, and word of lost mail, ends in it."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings

from agreements.core import addresses
from agreements.core.errors import Invalid
from agreements.mail.checks.findings import Finding, bad, look, ok, skipped
from agreements.mail.inbox import imap


def check() -> Iterator[Finding]:
    """Yield what is found about the way in."""
    yield from _mailbox()
    yield from _addresses()
    yield from _bounces()


def _mailbox() -> Iterator[Finding]:
    if not imap.is_configured():
        yield skipped("Mailbox", "no COUNTERSIGN_IMAP_HOST: no mail is read, and nobody hears of mail that comes back")
        return
    try:
        with imap.opened() as folder:
            waiting = len(folder.uids())
            in_one_step = folder.moves_in_one_step
    except imap.Trouble as trouble:
        to_do = "Check COUNTERSIGN_IMAP_HOST, _PORT, _SECURITY, _USER, _PASSWORD and the three folders."
        yield bad("Mailbox", str(trouble), to_do)
        return
    yield ok("Mailbox", f"{imap.name()}: connected and signed in ({_security()})")
    others = f"{settings.IMAP_DONE_FOLDER} and {settings.IMAP_FAILED_FOLDER}"
    yield ok("Folders", f"{settings.IMAP_FOLDER} can be read, messages waiting: {waiting}; {others} are there")
    if in_one_step:
        yield ok("Moving", "the server moves a message in one step (RFC 6851)")
    else:
        yield look("Moving", "the server knows no MOVE: messages are copied, then removed")


def _security() -> str:
    match settings.IMAP_SECURITY:
        case "tls" | "starttls":
            return f"{settings.IMAP_SECURITY}, and the certificate is valid for this name"
    return "without TLS"


def _addresses() -> Iterator[Finding]:
    given = list(settings.MAILBOX_ADDRESSES)
    if not imap.is_configured():
        return
    if not given:
        to_do = "Set COUNTERSIGN_MAILBOX_ADDRESSES to the addresses under which people write to the mailbox."
        yield look("Addresses of the mailbox", "none: no mail that comes in is ever taken as proven", to_do)
        return
    for address in given:
        if not _is_address(address):
            to_do = "Correct COUNTERSIGN_MAILBOX_ADDRESSES."
            yield bad("Addresses of the mailbox", f"{address} is no mail address", to_do)
            return
    yield ok("Addresses of the mailbox", ", ".join(given))


def _bounces() -> Iterator[Finding]:
    what, given = "Address for bounces", settings.BOUNCE_ADDRESS
    if not given:
        words = "none: word of lost mail goes to the sender's address; not every server returns our tag with it"
        yield look(what, words, "Set COUNTERSIGN_BOUNCE_ADDRESS, such as bounces@your.domain.")
        return
    plain = parseaddr(given)[1]
    if not _is_address(plain) or "." not in plain.rpartition("@")[2] or "+" in plain:
        to_do = "Give a plain address without a +: the tag is put behind its name."
        yield bad(what, f"{given} is not of the shape bounces@your.domain", to_do)
        return
    tagged = plain.replace("@", "+42-tag@")
    if not imap.is_configured():
        yield look(what, f"{plain}, but no mailbox is read", "Set COUNTERSIGN_IMAP_HOST, or use a provider's webhook.")
        return
    yield ok(what, f"{tagged}: see to it that mail for every such address ends in the mailbox")


def _is_address(text: str) -> bool:
    try:
        addresses.parse(text)
    except Invalid:
        return False
    return True
