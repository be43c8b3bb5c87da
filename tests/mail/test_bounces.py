from __future__ import annotations

import datetime as dt
import time

import pytest
from pytest_django import Settings

from agreements.core import actors
from agreements.core.clock import frozen
from agreements.core.erased import named
from agreements.core.errors import NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.mail import bounce_reading, dead_addresses, forgetting, immediate, outbox
from agreements.mail.bounces import Bounce, note_bounce
from agreements.mail.drain import drain
from agreements.mail.envelopes import sender_of
from agreements.mail.models import DeadAddress, MessageState, OutboxMessage
from tests.mail.conftest import NOON, Letter
from tests.mail.people import ALICE, BOB, write
from tests.mail.reports import by_id, dsn, qmail
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

LATER = NOON + dt.timedelta(minutes=5)


@pytest.fixture(autouse=True)
def bounce_address(settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@portal.example.org"


def sent(recipient: str = ALICE, *, reference: str = "GB-A-7K2F9M") -> OutboxMessage:
    with frozen(NOON):
        row = write(recipient, reference=reference)
        drain()
    row.refresh_from_db()
    return row


def kinds() -> list[str]:
    return list(LedgerEntry.objects.order_by("sequence").values_list("kind", flat=True))


def test_the_envelope_is_an_address_of_its_own_and_the_sender_is_shown_as_ever(sink: SmtpSink, letter: Letter) -> None:
    first, second = sent(), sent(BOB)
    one, other = sink.messages
    assert one.sender == sender_of(first) != other.sender == sender_of(second)
    assert one.sender.startswith(f"bounces+{first.pk}-")
    assert one.sender.endswith("@portal.example.org")
    assert one.message["From"] == other.message["From"] == "Countersign <access@portal.example.org>"


def test_without_an_address_for_bounces_the_envelope_is_the_senders(
    sink: SmtpSink, letter: Letter, settings: Settings
) -> None:
    settings.BOUNCE_ADDRESS = ""
    sent()
    assert sink.messages[0].sender == "access@portal.example.org"
    assert sink.messages[0].message["From"] == "Countersign <access@portal.example.org>"


def test_word_to_the_mails_own_address_marks_the_row_and_the_address(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    with frozen(LATER):
        word = note_bounce(dsn(to=sender_of(row), recipient=ALICE))
    assert word == Bounce(row.pk, "5.1.1", ALICE)
    row.refresh_from_db()
    assert (row.state, row.bounced_at, row.bounce_status) == (MessageState.SENT, LATER, "5.1.1")
    assert row.bounce_words == "550 5.1.1 no such mailbox"
    dead = dead_addresses.is_dead("Alice+list@connect.hku.hk")
    assert dead is not None
    assert (dead.address, dead.status, dead.message) == (ALICE, "5.1.1", row)
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.payload, entry.actor) == ("address.dead", {"status": "5.1.1"}, "system:mail")
    assert ALICE not in str(entry.payload) + str(entry.subjects)


def test_the_same_word_twice_is_one(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    raw = dsn(to=sender_of(row), recipient=ALICE)
    with frozen(LATER):
        assert note_bounce(raw) == note_bounce(raw)
    with frozen(LATER + dt.timedelta(days=1)):
        note_bounce(by_id(row, diagnostic="smtp; 550 5.1.1 other words"))
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_words) == (LATER, "550 5.1.1 no such mailbox")
    assert DeadAddress.objects.count() == 1
    assert kinds() == ["address.dead"]


def test_a_forged_word_kills_nobodys_address(sink: SmtpSink, letter: Letter) -> None:
    row, other = sent(), sent(BOB)
    tag = sender_of(other).partition("-")[2]
    for raw in (
        dsn(to="bounces@portal.example.org", recipient=ALICE),
        dsn(to=f"bounces+{row.pk}-aaaaaaaaaaaaaaaa@portal.example.org", recipient=ALICE),
        dsn(to=f"bounces+{row.pk}-{tag}", recipient=ALICE),  # the tag of another mail
        dsn(to=f"bounces+{row.pk}-@portal.example.org", recipient=ALICE),
        dsn(to="access@portal.example.org", recipient=ALICE, message_id="<" + "0" * 32 + "@portal.example.org>"),
        qmail(to="bounces@portal.example.org", recipient=ALICE),
    ):
        assert note_bounce(raw) == Bounce(None, "5.0.0" if b"qmail" in raw else "5.1.1", ALICE)
    row.refresh_from_db()
    assert row.bounced_at is None
    assert not DeadAddress.objects.exists()
    assert kinds() == []


def test_whoever_got_a_mail_can_kill_no_address_but_their_own(sink: SmtpSink, letter: Letter) -> None:
    eve, alice = sent("eve@evil.com"), sent()
    with frozen(LATER):
        assert note_bounce(by_id(eve, recipient=ALICE)) == Bounce(None, "5.1.1", ALICE)
    # The tag proves that Eve's mail went astray; whose address is named beside it does not matter.
    assert note_bounce(dsn(to=sender_of(eve), recipient=ALICE)) == Bounce(eve.pk, "5.1.1", ALICE)
    alice.refresh_from_db()
    assert alice.bounced_at is None
    assert not DeadAddress.objects.exists()


def test_a_mail_that_was_forwarded_and_failed_there_came_back_but_its_address_lives(
    sink: SmtpSink, letter: Letter
) -> None:
    row = sent()
    note_bounce(dsn(to=sender_of(row), recipient="alice@elsewhere.example", status="5.2.2"))
    row.refresh_from_db()
    assert row.bounced_at is not None
    assert dead_addresses.is_dead(ALICE) is None
    named = dsn(to=sender_of(row), recipient="alice@elsewhere.example", original_recipient=ALICE)
    assert note_bounce(named) == Bounce(row.pk, "5.1.1", "alice@elsewhere.example")


@pytest.mark.parametrize("status", ["5.2.2", "5.2.3", "5.3.4", "5.6.1", "5.7.1"])
def test_a_refusal_of_this_one_mail_says_nothing_about_the_address(sink: SmtpSink, letter: Letter, status: str) -> None:
    row = sent()
    word = note_bounce(dsn(to=sender_of(row), recipient=ALICE, status=status, diagnostic=f"smtp; 552 {status} no"))
    assert word == Bounce(row.pk, status, ALICE)
    row.refresh_from_db()
    assert row.bounced_at is not None
    assert dead_addresses.is_dead(ALICE) is None


def test_a_delay_is_noted_and_no_more(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    word = note_bounce(dsn(to=sender_of(row), recipient=ALICE, action="delayed", status="4.4.1", diagnostic="x; busy"))
    assert word == Bounce(row.pk, "4.4.1", ALICE)
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_status, row.bounce_words) == (None, "4.4.1", "busy")
    with frozen(LATER):
        note_bounce(dsn(to=sender_of(row), recipient=ALICE, status="4.4.7", diagnostic="smtp; 451 given up"))
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_status) == (LATER, "4.4.7")
    assert dead_addresses.is_dead(ALICE) is None


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_word_of_success_is_no_bounce(sink: SmtpSink, letter: Letter, action: str) -> None:
    row = sent()
    assert note_bounce(dsn(to=sender_of(row), recipient=ALICE, action=action, status="2.0.0")) is None
    row.refresh_from_db()
    assert (row.bounced_at, row.bounce_status) == (None, "")


def test_what_an_older_server_writes_is_understood_too(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    word = note_bounce(qmail(to=sender_of(row), recipient=ALICE))
    assert word == Bounce(row.pk, "5.0.0", ALICE)


def test_a_persons_words_about_a_bounce_are_no_bounce(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    raw = qmail(to=sender_of(row), recipient=ALICE)
    person = raw.replace(b"Return-Path: <>", b"Return-Path: <bob@hku.hk>").replace(b"MAILER-DAEMON@mx", b"bob@")
    assert note_bounce(person) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x00\xff" * 1000,
        b"From: " + b"a" * 1_000_000 + b"\r\n\r\nhello",
        b"Return-Path: <>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000,
        b"Return-Path: <>\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/delivery-status\r\n\r\n" + b"Action: failed\r\n\r\n" * 20_000,
        b"Content-Type: multipart/report; report-type=delivery-status\r\n\r\nno parts",
        b"Return-Path: <>\r\n\r\n" + b"Hi. This is the\r\n<a@b.example>:\r\n" * 16_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1000)),
    ],
    ids=[
        "empty",
        "noise",
        "1 MB From",
        "100,000 parts",
        "20,000 blocks",
        "no parts",
        "500 KB of qmail",
        "1,000 nested",
    ],
)
def test_hostile_mail_is_no_bounce_and_takes_no_time(raw: bytes) -> None:
    started = time.process_time()
    word = note_bounce(raw)
    assert word is None or word.message is None
    assert time.process_time() - started < 2


def test_whatever_breaks_within_is_no_bounce(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_raw: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr(bounce_reading, "read", breaks)
    assert note_bounce(b"anything") is None


def test_nothing_more_is_sent_to_a_dead_address_and_its_row_says_why(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    with frozen(LATER):
        note_bounce(dsn(to=sender_of(row), recipient=ALICE))
        later = write(number=2)
        assert drain() == 1
    later.refresh_from_db()
    assert later.state == MessageState.FAILED
    assert later.last_error == "mail to this address came back on 2 March 2026; 550 5.1.1 no such mailbox"
    assert len(sink.messages) == 1
    with frozen(LATER), pytest.raises(NotPossible, match="came back on 2 March 2026"):
        outbox.resend(message=row, by=actors.job("test"), as_role="system")


def test_a_code_still_goes_to_a_dead_address(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    note_bounce(dsn(to=sender_of(row), recipient=ALICE))
    immediate.send_now(kind="sign-in-code", recipient=ALICE, language="en", subject="Code", text="1\n", html="")
    assert len(sink.to(ALICE)) == 2


def test_an_address_that_was_shown_to_live_gets_mail_again_and_late_news_changes_nothing(
    sink: SmtpSink, letter: Letter
) -> None:
    first, second = sent(), sent(reference="GB-A-222222")
    with frozen(LATER):
        note_bounce(dsn(to=sender_of(first), recipient=ALICE))
        lifted = dead_addresses.lift(ALICE.upper(), by=actors.job("test"), cause="signed-in", as_role="person")
        assert lifted is not None
        assert dead_addresses.lift(ALICE, by=actors.job("test"), cause="signed-in", as_role="person") is None
        note_bounce(dsn(to=sender_of(second), recipient=ALICE))
        assert dead_addresses.is_dead(ALICE) is None
        third = write(number=3)
        assert drain() == 1
    third.refresh_from_db()
    assert third.state == MessageState.SENT
    assert kinds() == ["address.dead", "address.lives"]
    with frozen(LATER + dt.timedelta(hours=1)):
        note_bounce(dsn(to=sender_of(third), recipient=ALICE))
        assert dead_addresses.is_dead(ALICE) is not None


def test_a_refusal_at_the_door_that_names_no_mailbox_marks_the_address(sink: SmtpSink, letter: Letter) -> None:
    row = sent("perm@ust.hk")
    assert (row.state, row.last_error) == (MessageState.FAILED, "550 5.1.1 no such mailbox")
    dead = dead_addresses.is_dead("perm@ust.hk")
    assert dead is not None
    assert (dead.status, dead.words) == ("5.1.1", "550 5.1.1 no such mailbox")


@pytest.mark.parametrize("answer", ["550 no", "550 5.7.1 you are not liked", "554 5.2.2 full", "550 5.1.18 x"])
def test_any_other_refusal_at_the_door_marks_nobody_dead(sink: SmtpSink, letter: Letter, answer: str) -> None:
    sink.answers[ALICE] = answer
    assert sent().state == MessageState.FAILED
    assert not DeadAddress.objects.exists()


def test_a_code_to_an_address_that_nobody_else_wrote_to_marks_the_row_alone(sink: SmtpSink) -> None:
    row = immediate.send_now(kind="sign-in-code", recipient=BOB, language="en", subject="Code", text="1\n", html="")
    assert note_bounce(dsn(to=sender_of(row), recipient=BOB)) == Bounce(row.pk, "5.1.1", BOB)
    row.refresh_from_db()
    assert row.bounced_at is not None
    assert not DeadAddress.objects.exists()


def test_who_is_erased_leaves_no_dead_address_and_no_words(sink: SmtpSink, letter: Letter) -> None:
    row = sent()
    words = f"smtp; 550 5.1.1 <{ALICE}>: no such mailbox"
    note_bounce(dsn(to=sender_of(row), recipient=ALICE, diagnostic=words))
    forgetting.forget_person(named([ALICE], []), address="erased-1@erased.invalid")
    row.refresh_from_db()
    assert (row.bounce_words, row.bounce_status) == ("", "5.1.1")
    assert not DeadAddress.objects.exists()
