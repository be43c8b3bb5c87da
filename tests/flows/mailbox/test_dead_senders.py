"""Somebody to whom mail came back and who is proven to write is written to again."""

from __future__ import annotations

import datetime as dt

from agreements.core.clock import now
from agreements.ledger.models import LedgerEntry
from agreements.mail import dead_addresses, outbox
from agreements.mail.inbox.models import Outcome, Proof
from agreements.mail.models import OutboxMessage
from tests.flows.mailbox.letters_in import ETH, EVE, letter, read
from tests.flows.scene import Scene


def eve_is_dead(*, went_out: dt.datetime) -> None:
    row = outbox.queue(kind="letter", recipient="eve@ethz.ch", language="en", reference="", values={})
    OutboxMessage.objects.filter(pk=row.pk).update(sent_at=went_out)
    row.refresh_from_db()
    assert dead_addresses.mark(message=row, status="5.1.1", words="no such mailbox", went_out=went_out)


def test_a_proven_letter_lifts_a_dead_address_and_is_answered_as_any_other(lab: Scene) -> None:
    eve_is_dead(went_out=now() - dt.timedelta(days=1))
    mail = read(letter(by=ETH, sender=EVE))
    assert (mail.proof, mail.outcome) == (Proof.PROVEN, Outcome.ANSWERED)
    assert dead_addresses.is_dead("eve@ethz.ch") is None
    entry = LedgerEntry.objects.get(kind="address.lives")
    assert (entry.payload, entry.actor, entry.role) == ({"cause": "wrote"}, "system:mail", "system")


def test_a_letter_that_is_not_proven_lifts_nothing(lab: Scene) -> None:
    eve_is_dead(went_out=now() - dt.timedelta(days=1))
    assert read(letter(sign=False, sender=EVE)).proof == Proof.UNPROVEN
    assert dead_addresses.is_dead("eve@ethz.ch") is not None


def test_a_letter_that_came_before_the_mail_went_out_lifts_nothing(lab: Scene) -> None:
    eve_is_dead(went_out=now() + dt.timedelta(hours=1))
    assert read(letter(by=ETH, sender=EVE)).proof == Proof.PROVEN
    assert dead_addresses.is_dead("eve@ethz.ch") is not None
