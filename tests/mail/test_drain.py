from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import Settings

from agreements.core.clock import frozen, now
from agreements.mail import drain as drain_module
from agreements.mail import queries
from agreements.mail.drain import drain, pause_after
from agreements.mail.models import MessageState, OutboxMessage
from tests.mail.conftest import NOON, Letter
from tests.mail.people import ALICE, BOB, write
from tests.services.ports import free_port
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


def seconds(number: float) -> dt.timedelta:
    return dt.timedelta(seconds=number)


def test_a_queued_mail_arrives_as_a_person_reads_it_and_its_row_stays(sink: SmtpSink, letter: Letter) -> None:
    with frozen(NOON):
        row = write(number=1)
        assert drain() == 1
    row.refresh_from_db()
    (mail,) = sink.to(ALICE)
    assert (row.state, row.sent_at, row.attempts) == (MessageState.SENT, NOON, 1)
    assert mail.message["Subject"] == row.sent_subject == "GeneBody: news 1"
    assert mail.text.strip() == row.sent_text.strip() == "Your application has arrived."
    assert "<p>Your application has arrived.</p>" in mail.html
    assert letter.sent == [(row.pk, NOON)]


def test_the_headers_say_that_a_machine_wrote(sink: SmtpSink, letter: Letter) -> None:
    with frozen(NOON):
        row = write()
        drain()
    headers = sink.messages[0].message
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["X-Auto-Response-Suppress"] == "All"
    assert headers["Message-ID"] == row.message_id
    assert row.message_id.endswith("@portal.example.org>")
    assert headers["Date"].datetime == NOON
    assert headers["In-Reply-To"] is None


def test_later_mail_about_the_same_thing_answers_the_first(sink: SmtpSink, letter: Letter) -> None:
    first, second, third, other = write(), write(), write(), write(reference="GB-A-222222")
    drain()
    threads = {one.message["Message-ID"]: one.message["References"] for one in sink.messages}
    assert threads[second.message_id] == threads[third.message_id] == first.message_id
    assert threads[first.message_id] is None
    assert threads[other.message_id] is None


def test_a_550_is_final_at_once(sink: SmtpSink, letter: Letter) -> None:
    row = write("perm@ust.hk")
    drain()
    row.refresh_from_db()
    assert row.state == MessageState.FAILED
    assert row.last_error == "550 5.1.1 no such mailbox"
    assert list(queries.with_prefix("GB-").filter(queries.not_arrived())) == [row]


def test_a_refusal_of_the_content_is_final_too(sink: SmtpSink, letter: Letter) -> None:
    sink.after_data = "554 5.7.1 looks like spam: http://portal.example.org/l/7ab3.AbCdEfGhIjKl"
    row = write()
    drain()
    row.refresh_from_db()
    assert row.state == MessageState.FAILED
    assert row.last_error == "554 5.7.1 looks like spam: http://portal.example.org/l/…"


def test_a_451_is_tried_again_after_pauses_that_double(sink: SmtpSink, letter: Letter) -> None:
    with frozen(NOON):
        row = write("tempfail@ust.hk")
        drain()
    at = NOON
    for attempt, pause in enumerate((10, 20, 40, 80), start=1):
        row.refresh_from_db()
        assert (row.state, row.attempts) == (MessageState.QUEUED, attempt)
        assert row.last_error == "451 4.7.1 greylisted, try again later"
        assert row.next_attempt_at == at + seconds(pause)
        with frozen(row.next_attempt_at - seconds(1)):
            assert drain() == 0
        row.refresh_from_db()
        assert row.attempts == attempt
        at = row.next_attempt_at
        with frozen(at):
            drain()
    sink.answers["tempfail@ust.hk"] = "550 5.1.1 gone"
    row.refresh_from_db()
    with frozen(row.next_attempt_at):
        assert drain() == 1


def test_pauses_grow_to_twelve_hours_and_no_further() -> None:
    assert [pause_after(number).total_seconds() for number in (1, 2, 3, 12)] == [10, 20, 40, 20480]
    assert [pause_after(number) for number in (14, 99)] == [dt.timedelta(hours=12)] * 2


def test_at_its_deadline_a_mail_is_given_up_with_the_last_answer(sink: SmtpSink, letter: Letter) -> None:
    with frozen(NOON):
        row = write("tempfail@ust.hk", deadline=NOON + seconds(25))
        drain()
    with frozen(NOON + seconds(10)):
        drain()
    row.refresh_from_db()
    assert row.next_attempt_at == NOON + seconds(25)
    with frozen(NOON + seconds(25)):
        assert drain() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == (MessageState.FAILED, 3)
    assert row.last_error == "451 4.7.1 greylisted, try again later"


def test_the_deadline_is_three_days_unless_the_caller_says_otherwise(letter: Letter) -> None:
    with frozen(NOON):
        assert write().deadline == NOON + dt.timedelta(days=3)


def test_a_silent_server_keeps_everything_waiting_and_ends_the_run(
    sink: SmtpSink, letter: Letter, settings: Settings
) -> None:
    settings.EMAIL_PORT = free_port()
    with frozen(NOON):
        rows = [write(), write(BOB)]
        assert drain() == 0
    attempts = [OutboxMessage.objects.get(pk=row.pk).attempts for row in rows]
    assert attempts == [1, 0]
    settings.EMAIL_PORT = sink.port
    with frozen(NOON + seconds(10)):
        assert drain() == 2
    assert len(sink.messages) == 2


def test_what_is_no_longer_true_is_marked_and_not_sent(sink: SmtpSink, letter: Letter) -> None:
    row = write()
    letter.true = False
    assert drain() == 1
    row.refresh_from_db()
    assert row.state == MessageState.SUPERSEDED
    assert sink.messages == []


def test_mail_to_one_person_about_one_thing_keeps_its_order(sink: SmtpSink, letter: Letter) -> None:
    sink.answers[ALICE] = "451 later"
    with frozen(NOON):
        write(number=1)
        drain()
        del sink.answers[ALICE]
        write(number=2)
        write(BOB, number=3)
        drain()
    assert [one.message["Subject"] for one in sink.messages] == ["GeneBody: news 3"]
    with frozen(NOON + seconds(10)):
        assert drain() == 2
    assert [one.message["Subject"] for one in sink.to(ALICE)] == ["GeneBody: news 1", "GeneBody: news 2"]


def test_a_mail_that_was_given_up_does_not_hold_up_the_next(sink: SmtpSink, letter: Letter) -> None:
    sink.answers[ALICE] = "550 full"
    write(number=1)
    drain()
    del sink.answers[ALICE]
    write(number=2)
    drain()
    assert [one.message["Subject"] for one in sink.to(ALICE)] == ["GeneBody: news 2"]


def test_a_kind_that_cannot_be_rendered_says_so_without_quoting_and_stops_nobody(
    sink: SmtpSink, letter: Letter, caplog: pytest.LogCaptureFixture
) -> None:
    letter.broken = True
    row = write()
    drain()
    row.refresh_from_db()
    assert (row.state, row.last_error) == (MessageState.QUEUED, "could not be written (KeyError)")
    assert "aVerySecretToken" not in caplog.text


def test_a_kind_that_stays_broken_is_given_up_so_that_the_next_mail_can_go(sink: SmtpSink, letter: Letter) -> None:
    row = write()
    OutboxMessage.objects.filter(pk=row.pk).update(attempts=drain_module.ATTEMPTS_TO_WRITE - 1)
    letter.broken = True
    assert drain() == 1
    row.refresh_from_db()
    assert (row.state, row.last_error) == (MessageState.FAILED, "could not be written (KeyError)")


def test_a_hook_that_breaks_does_not_send_the_mail_again(sink: SmtpSink, letter: Letter) -> None:
    letter.on_sent_fails = True
    row = write()
    drain()
    drain()
    row.refresh_from_db()
    assert row.state == MessageState.SENT
    assert len(sink.messages) == 1


def test_the_kept_text_opens_nothing(sink: SmtpSink, letter: Letter) -> None:
    letter.body = "Download: https://portal.example.org/l/7.AbCdEfGhIjKlMnOp.QrStUv (until Friday)"
    row = write()
    drain()
    row.refresh_from_db()
    assert "/l/7.AbCdEfGhIjKlMnOp.QrStUv" in sink.messages[0].text
    assert row.sent_text.strip() == "Download: https://portal.example.org/l/… (until Friday)"


def test_a_line_break_in_an_address_fails_for_good(sink: SmtpSink, letter: Letter) -> None:
    row = write("alice@ust.hk\nBcc: eve@evil.com")
    drain()
    row.refresh_from_db()
    assert row.state == MessageState.FAILED
    assert sink.messages == []


@pytest.mark.django_db(transaction=True)
def test_drains_at_once_send_each_mail_once(sink: SmtpSink, letter: Letter) -> None:
    rows = [write(f"person{number}@ust.hk", reference=f"GB-A-{number}") for number in range(12)]
    start = threading.Barrier(4)

    def one_worker() -> None:
        try:
            start.wait()
            drain()
        finally:
            connection.close()

    _all_at_once(one_worker, 4)
    assert sorted(one.message["Message-ID"] for one in sink.messages) == sorted(row.message_id for row in rows)
    assert queries.counts()[MessageState.SENT] == 12


def _all_at_once(work: Callable[[], None], number: int) -> None:
    workers = [threading.Thread(target=work) for _ in range(number)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)


def test_the_clock_of_the_row_is_the_portal_clock(letter: Letter) -> None:
    assert abs(write().created_at - now()) < seconds(5)
