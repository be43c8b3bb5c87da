"""Many mails queued together are what each would be if it were queued alone."""

from __future__ import annotations

from typing import Any

import pytest

from agreements.mail import outbox
from agreements.mail.models import OutboxMessage
from agreements.mail.outbox import Draft

pytestmark = pytest.mark.django_db
KEPT = ("kind", "recipient", "language", "subject_reference", "values", "state")


def draft(number: int = 0, *, reference: str = "GB-G-1", language: str = "en") -> Draft:
    return Draft("some-kind", f"a{number}@x.edu", language, reference, {"number": number})


def queued_alone(one: Draft) -> OutboxMessage:
    return outbox.queue(
        kind=one.kind, recipient=one.recipient, language=one.language, reference=one.reference, values=one.values
    )


@pytest.mark.parametrize("language", ["en", "zh-hans", "xx"])
def test_each_is_as_if_it_were_alone(language: str) -> None:
    alone = queued_alone(draft(language=language))
    OutboxMessage.objects.all().delete()
    [together] = outbox.queue_many([draft(language=language)])
    assert [getattr(together, name) for name in KEPT] == [getattr(alone, name) for name in KEPT]
    assert abs((together.deadline - alone.deadline).total_seconds()) < 60
    assert OutboxMessage.objects.get() == together


def test_each_joins_its_persons_thread(django_assert_max_num_queries: Any) -> None:
    first = queued_alone(draft(1))
    queued_alone(draft(1))
    with django_assert_max_num_queries(2):
        made = outbox.queue_many(
            [draft(1), draft(2), draft(2), draft(1, reference="GB-G-2"), draft(1, reference=""), draft(1, reference="")]
        )
    threads = [message.thread for message in made]
    assert threads == [first.message_id, "", made[1].message_id, "", "", ""]
    assert len({message.message_id for message in made}) == 6


def test_thousands_take_a_few_queries(django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(60):
        outbox.queue_many(draft(number, reference=f"GB-G-{number}") for number in range(2000))
    assert OutboxMessage.objects.count() == 2000


def test_none_wakes_nobody() -> None:
    assert outbox.queue_many([]) == []
