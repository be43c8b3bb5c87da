from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from agreements.core import wakeups
from agreements.core.actors import person
from agreements.core.clock import frozen
from agreements.core.errors import NotPossible, TooMany
from agreements.core.wakeups import Wakeup
from agreements.mail import outbox, registry
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from tests.mail.conftest import NOON, Letter
from tests.mail.people import ALICE, write
from tests.services.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db
alice = person(public_id="6e0f5d0e-0000-4000-8000-000000000001", pk=1)


@pytest.mark.django_db(transaction=True)
def test_the_mail_exists_only_if_the_decision_does(letter: Letter) -> None:
    woken: list[str] = []
    wakeups.register(Wakeup.MAIL, lambda: woken.append("mail"))

    def decide_and_fail() -> None:
        with transaction.atomic():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        decide_and_fail()
    assert not OutboxMessage.objects.exists()
    assert woken == []
    with transaction.atomic():
        write()
        assert woken == []
    assert woken == ["mail"]


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_gone_reaches_nobody_who_asks_for_mail(letter: Letter) -> None:
    def fail() -> None:
        raise ConnectionError("the broker is gone")

    wakeups.register(Wakeup.MAIL, fail)
    with transaction.atomic():
        write()
    write()
    assert OutboxMessage.objects.count() == 2


def test_sending_again_makes_a_new_row_that_says_who_asked(sink: SmtpSink, letter: Letter) -> None:
    first = write(number=4)
    drain()
    first.refresh_from_db()
    again = outbox.resend(message=first, by=alice, as_role="applicant")
    assert again.pk != first.pk
    assert (again.resend_of, again.requested_by, again.values) == (first, alice.id, {"number": 4})
    assert again.message_id != first.message_id
    assert again.thread == first.message_id
    drain()
    assert [one.message["Subject"] for one in sink.to(ALICE)] == ["GeneBody: news 4"] * 2


def test_a_mail_that_still_waits_is_not_queued_twice(letter: Letter) -> None:
    with pytest.raises(NotPossible, match="already waiting"):
        outbox.resend(message=write(), by=alice, as_role="applicant")


def test_what_is_no_longer_true_is_not_sent_again(sink: SmtpSink, letter: Letter) -> None:
    row = write()
    drain()
    letter.true = False
    with pytest.raises(NotPossible, match="no longer true"):
        outbox.resend(message=row, by=alice, as_role="applicant")


def test_a_kind_may_forbid_sending_again(sink: SmtpSink, letter: Letter) -> None:
    row = write()
    drain()
    registry.register(MessageKind("letter", letter.render, resendable=False))
    with pytest.raises(NotPossible, match="cannot be sent again"):
        outbox.resend(message=row, by=alice, as_role="applicant")


def test_sending_again_has_a_limit_within_the_hour(sink: SmtpSink, letter: Letter) -> None:
    with frozen(NOON):
        row = write()
        drain()
        for _ in range(5):
            outbox.resend(message=row, by=alice, as_role="applicant")
            drain()
        with pytest.raises(TooMany, match="spam folder"):
            outbox.resend(message=row, by=alice, as_role="applicant")
    with frozen(NOON + dt.timedelta(hours=1, seconds=1)):
        outbox.resend(message=row, by=alice, as_role="applicant")


def test_an_unknown_language_falls_back_to_the_site_language(letter: Letter) -> None:
    row = outbox.queue(kind="letter", recipient=ALICE, language="xx", reference="", values={})
    assert row.language == "en"
