"""Addresses at which mail does not arrive: nothing that can wait is sent there until somebody shows that it would.

Codes still go (`immediate`): whoever waits for one on a page finds out at once, and typing it proves the mailbox.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.core import actors
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.mail import telling
from agreements.mail.inbox.models import InboundMail, Proof
from agreements.mail.models import DeadAddress, OutboxMessage
from agreements.mail.telling import Told, What

BY: Final = actors.job("mail")
WROTE: Final = "wrote"

_signs: dict[str, Callable[[str, dt.datetime], bool]] = {}


def register_sign(name: str, sign: Callable[[str, dt.datetime], bool]) -> None:
    """Have `sign` asked whether whoever has an address did something after a moment; the name again replaces it."""
    _signs[name] = sign


def was_active_since(address: str, moment: dt.datetime) -> bool:
    """Return whether proven mail came from an address after a moment, or a registered sign says so."""
    return wrote_since(address, moment) or any(sign(address, moment) for sign in _signs.values())


def wrote_since(address: str, moment: dt.datetime) -> bool:
    """Return whether mail that came from an address after a moment was proven: the mailbox is in use."""
    proven = InboundMail.objects.filter(sender_key=comparison_key(address), proof=Proof.PROVEN)
    return proven.filter(taken_at__gt=moment).exists()


def is_dead(address: str) -> DeadAddress | None:
    """Return what is known of an address at which mail does not arrive, in any spelling; None for all others."""
    return DeadAddress.objects.filter(key=comparison_key(address), lifted_at=None).first()


def among(addresses: set[str]) -> dict[str, DeadAddress]:
    """Return those of many addresses, as they are given, at which mail does not arrive."""
    keys = {address: comparison_key(address) for address in addresses}
    found = {dead.key: dead for dead in DeadAddress.objects.filter(key__in=set(keys.values()), lifted_at=None)}
    return {address: found[key] for address, key in keys.items() if key in found}


def words_of(dead: DeadAddress) -> str:
    """Return in words since when mail to an address comes back, and what was said."""
    said = _("mail to this address came back on %(date)s") % {"date": date_format(dead.since, "j F Y")}
    return f"{said}; {dead.words}" if dead.words else said


def mark(*, message: OutboxMessage, status: str, words: str, went_out: dt.datetime) -> DeadAddress | None:
    """Send nothing more to the recipient of a mail that did not arrive; return None if it was known already.

    Also None where the address was shown to live after that mail went out: late news says nothing about today.
    """
    key = comparison_key(message.recipient)
    with transaction.atomic():
        lifted = DeadAddress.objects.filter(key=key, lifted_at__gt=went_out)
        if lifted.exists() or wrote_since(message.recipient, went_out):
            return None
        dead, fresh = DeadAddress.objects.get_or_create(
            key=key,
            lifted_at=None,
            defaults={
                "address": message.recipient,
                "status": status[:12],
                "words": words[:500],
                "message": message,
                "since": now(),
            },
        )
        if not fresh:
            return None
        about = message.subject_reference
        telling.tell(Told(What.ADDRESS_DEAD, status or "unknown", message.recipient, about, BY, "system"))
    return dead


def note_letter(mail: InboundMail) -> None:
    """Send again to whoever is proven to have written since the mail went out that came back from there."""
    dead = is_dead(mail.sender) if mail.proof == Proof.PROVEN and mail.sender else None
    if dead is None:
        return
    went_out = (dead.message.sent_at if dead.message else None) or dead.since
    if mail.taken_at > went_out:
        lift(mail.sender, by=BY, cause=WROTE, as_role="system")


def lift(address: str, *, by: Actor, cause: str, as_role: str) -> DeadAddress | None:
    """Send to an address again; return what was lifted, None if nothing was. `cause` is a word of the record."""
    with transaction.atomic():
        dead = DeadAddress.objects.select_for_update().filter(key=comparison_key(address), lifted_at=None).first()
        if dead is None:
            return None
        dead.lifted_at, dead.lifted_by = now(), by.id
        dead.save(update_fields=["lifted_at", "lifted_by"])
        about = dead.message.subject_reference if dead.message else ""
        telling.tell(Told(What.ADDRESS_LIVES, cause, dead.address, about, by, as_role))
    return dead
