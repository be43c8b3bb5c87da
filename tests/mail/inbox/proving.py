"""What the tests about proven senders share: a letter, and what is said of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dkim

from agreements.mail import dns
from agreements.mail.dns import Failing, Zone
from agreements.mail.inbox import proof
from agreements.mail.inbox.models import Proof
from agreements.mail.inbox.proof import Examined
from tests.mail.inbox import letters
from tests.mail.inbox.letters import NOON, OURS, write

PDF = b"%PDF-1.7 the signed agreement " * 200
ALICES = letters.key()
ED = letters.key(selector="ed", kind="ed25519")
EVIL = letters.key("evil.example")
FIELDS = letters.SIGNED_FIELDS


def examined(
    raw: bytes, *, zone: Zone = letters.ZONE, at: dt.datetime = NOON, ours: Sequence[str] = (OURS,)
) -> Examined:
    with dns.using(zone):
        return proof.examine(raw, our_addresses=ours, at=at)


def codes(raw: bytes, *, zone: Zone = letters.ZONE, at: dt.datetime = NOON) -> list[str]:
    """Why it is unproven."""
    found = examined(raw, zone=zone, at=at)
    assert found.proof == Proof.UNPROVEN
    assert (found.domain, found.signature_sha256) == ("", "")
    return [reason["code"] for reason in found.reasons]


def letter() -> bytes:
    return write(attachments=[("form.pdf", "application/pdf", PDF)], headers={"X-Mailer": "Mail"})


def dkimpy_says(raw: bytes, zone: Zone = letters.ZONE) -> bool:
    def asked(name: bytes, timeout: int = 5) -> str | None:
        found = zone.get((name.decode().rstrip("."), "TXT"))
        return found[0] if found and not isinstance(found, Failing) else None

    library: Any = dkim
    return bool(library.verify(raw, dnsfunc=asked))
