"""What a report has to show before it is believed, and how little one does that shows a Message-ID alone."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

import pytest
from pytest_django import Settings

from agreements.core.clock import frozen
from agreements.mail import dead_addresses, registry
from agreements.mail.bounces import Bounce, note_bounce
from agreements.mail.checks import outgoing
from agreements.mail.drain import drain
from agreements.mail.envelopes import MARK
from agreements.mail.inbox.models import InboundMail, Mailbox, Proof
from agreements.mail.models import DeadAddress, MessageState, OutboxMessage
from agreements.mail.queries import STANDINGS, in_standing, standing_of
from agreements.people.models import User
from tests.mail.conftest import NOON, Letter
from tests.mail.people import ALICE, BOB, write
from tests.mail.reports import by_id, dsn, qmail
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

LATER = NOON + dt.timedelta(minutes=5)
PLAIN = "access@portal.example.org"


@pytest.fixture
def row(sink: SmtpSink, letter: Letter, settings: Settings) -> OutboxMessage:
    """A mail that went to Alice where no address for bounces is set."""
    settings.BOUNCE_ADDRESS = ""
    with frozen(NOON):
        message = write()
        drain()
    message.refresh_from_db()
    return message


def mark_of(sink: SmtpSink) -> str:
    return str(sink.messages[-1].message[MARK])


def returned(mark: str, *, headers_alone: bool = False, recipient: str = ALICE) -> bytes:
    raw = dsn(to=PLAIN, recipient=recipient).replace(
        b"Subject: GeneBody", f"{MARK}: {mark}\r\nSubject: GeneBody".encode()
    )
    return raw.replace(b"Type: message/rfc822", b"Type: text/rfc822-headers") if headers_alone else raw


def mail_from(sender_key: str, *, proof: Proof, at: dt.datetime) -> InboundMail:
    mailbox, _made = Mailbox.objects.get_or_create(name="access@imap.example/INBOX")
    number = InboundMail.objects.count()
    return InboundMail.objects.create(
        mailbox=mailbox, sha256=f"{number:064}", size=1, sender_key=sender_key, proof=proof, taken_at=at
    )


@pytest.mark.parametrize("headers_alone", [False, True])
def test_without_an_address_for_bounces_our_own_header_field_is_the_proof(
    sink: SmtpSink, row: OutboxMessage, headers_alone: bool
) -> None:
    with frozen(LATER):
        assert note_bounce(returned(mark_of(sink), headers_alone=headers_alone)) == Bounce(row.pk, "5.1.1", ALICE)
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_words) == (LATER, "550 5.1.1 no such mailbox")
    assert dead_addresses.is_dead(ALICE) is not None


@pytest.mark.parametrize("has_signed_in", [True, False])
def test_late_news_and_news_of_who_came_in_since_calls_no_address_dead(
    sink: SmtpSink, row: OutboxMessage, has_signed_in: bool
) -> None:
    """A tag stands for ever in the header of a mail that was passed on."""
    if has_signed_in:
        User.objects.create_user(ALICE, last_login=NOON + dt.timedelta(minutes=1))
    with frozen(LATER if has_signed_in else NOON + dt.timedelta(days=8)):
        assert note_bounce(returned(mark_of(sink))) == Bounce(row.pk, "5.1.1", ALICE)
    row.refresh_from_db()
    assert row.bounced_at is not None
    assert dead_addresses.is_dead(ALICE) is None


def test_a_report_names_an_address_or_nobody(row: OutboxMessage) -> None:
    lure = "Your session expired: write to it@evil.example"
    found = note_bounce(dsn(to=PLAIN, recipient=lure))
    assert found is None or found.recipient == ""


def test_an_older_server_repeats_the_field_in_its_text(sink: SmtpSink, row: OutboxMessage) -> None:
    raw = qmail(to=PLAIN, recipient=ALICE)
    with frozen(LATER):
        assert note_bounce(raw + f"{MARK}: {mark_of(sink)}\r\n".encode()) == Bounce(row.pk, "5.0.0", ALICE)
    assert dead_addresses.is_dead(ALICE) is not None


def test_the_field_counts_for_its_own_mail_in_the_returned_header_alone(
    sink: SmtpSink, row: OutboxMessage, letter: Letter
) -> None:
    with frozen(NOON):
        other = write(BOB)
        drain()
    mark = mark_of(sink)
    number, _dash, tag = mark.partition("-")
    forged = (
        returned(f"{row.pk}-{tag}"),
        returned(f"{number}-{'a' * 16}"),
        returned(f"{mark}, {mark}"),
        returned("x").replace(b"Your application", f"{MARK}: {mark}\r\nYour application".encode()),
        dsn(to=PLAIN, recipient=ALICE, diagnostic=f"smtp; 550 5.1.1 no\r\n{MARK}: {mark}"),
        returned("x", recipient=BOB).replace(b"Return-Path: <>", f"{MARK}: {mark}\r\nReturn-Path: <>".encode()),
    )
    for raw in forged:
        word = note_bounce(raw)
        assert word is not None
        assert word.message is None
    # The field of Bob's mail says nothing of Alice's address.
    assert note_bounce(returned(mark)) == Bounce(other.pk, "5.1.1", ALICE)
    assert not DeadAddress.objects.exists()


def test_with_an_address_for_bounces_no_mail_carries_the_field(
    sink: SmtpSink, letter: Letter, settings: Settings
) -> None:
    settings.BOUNCE_ADDRESS = "bounces@portal.example.org"
    write()
    drain()
    assert sink.messages[0].message[MARK] is None


def test_a_message_id_alone_marks_the_row_keeps_no_words_and_kills_no_address(row: OutboxMessage) -> None:
    said = "smtp; 550 5.1.1 your session expired: sign in at https://evil.example/review/"
    with frozen(LATER):
        assert note_bounce(by_id(row, diagnostic=said)) == Bounce(row.pk, "5.1.1", ALICE)
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_status, row.bounce_words) == (LATER, "5.1.1", "")
    assert not DeadAddress.objects.exists()


def _late(_row: OutboxMessage) -> dt.datetime:
    return NOON + dt.timedelta(days=7)


def _wrote_since(_row: OutboxMessage) -> dt.datetime:
    mail_from(ALICE, proof=Proof.PROVEN, at=LATER)
    return LATER + dt.timedelta(minutes=1)


def _signed_in_since(_row: OutboxMessage) -> dt.datetime:
    dead_addresses.register_sign("sign-in", lambda address, moment: (address, moment) == (ALICE, NOON))
    return LATER


def _never_sent(row: OutboxMessage) -> dt.datetime:
    OutboxMessage.objects.filter(pk=row.pk).update(state=MessageState.FAILED)
    return LATER


@pytest.mark.parametrize("since", [_late, _wrote_since, _signed_in_since, _never_sent])
def test_a_message_id_alone_says_nothing_once_a_week_is_over_or_the_recipient_was_here(
    row: OutboxMessage, since: Callable[[OutboxMessage], dt.datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_addresses, "_signs", {})
    mail_from(ALICE, proof=Proof.UNPROVEN, at=LATER)
    with frozen(since(row)):
        assert note_bounce(by_id(row)) == Bounce(None, "5.1.1", ALICE)
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_status) == (None, "")


def test_no_address_is_dead_from_which_proven_mail_came_since(sink: SmtpSink, row: OutboxMessage) -> None:
    mail_from(ALICE, proof=Proof.PROVEN, at=LATER)
    with frozen(LATER):
        note_bounce(returned(mark_of(sink)))
    row.refresh_from_db()
    assert row.bounced_at == LATER
    assert not DeadAddress.objects.exists()


def test_what_mail_says_it_is_agrees_with_the_lists(letter: Letter) -> None:
    for state in MessageState:
        for bounced_at in (None, NOON):
            message = write()
            OutboxMessage.objects.filter(pk=message.pk).update(state=state, bounced_at=bounced_at)
            message.refresh_from_db()
            (name,) = [
                name for name in STANDINGS if in_standing(OutboxMessage.objects.all(), name).filter(pk=message.pk)
            ]
            assert standing_of(message) == {"waiting": "queued"}.get(name, name)


def test_the_reader_of_older_servers_words_writes_no_lines() -> None:
    assert not logging.getLogger("flufl.bounce").isEnabledFor(logging.ERROR)


def test_the_test_mail_has_a_name_and_is_not_sent_again() -> None:
    kind = registry.find(outgoing.KIND)
    assert kind is not None
    assert (str(kind.title), kind.resendable) == ("Test mail", False)
