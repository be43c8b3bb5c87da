"""Reminders before and after the date, the stewards told, and silence once it is settled: sixty days, day by day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.core import clock
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people.models import User
from agreements.revocation import attesting, following_up, messages
from agreements.revocation.models import Destruction, Procedure
from agreements.tasks import follow_up_destruction
from tests.applications.cases import SYSTEM, staff
from tests.flows.scene import Scene
from tests.revocation.ended import DUE, NOON, day, ended, owed_by


def walk(days: range, *, times: int = 2) -> dict[int, list[tuple[str, str]]]:
    """Follow up on each day, more than once; return what was queued, by days after the due date."""
    queued: dict[int, list[tuple[str, str]]] = {}
    for number in days:
        before = set(OutboxMessage.objects.values_list("pk", flat=True))
        for turn in range(times):
            with clock.frozen(day(number, hour=6 + turn)):
                following_up.follow_up()
        fresh = OutboxMessage.objects.exclude(pk__in=before).order_by("pk")
        if told := [(one.kind, one.recipient) for one in fresh]:
            queued[number] = told
    return queued


def test_sixty_days_without_an_answer(scene: Scene) -> None:
    ended(scene)
    reminder = (messages.REMINDER, scene.alice.email)
    assert walk(range(-14, 46)) == {
        -3: [reminder],
        1: [reminder],
        7: [(messages.OVERDUE, scene.dan.email)],
        8: [reminder],
        15: [reminder],
    }
    owed = owed_by(scene.alice)
    assert (owed.reminders, owed.reminded_at, owed.escalated_at) == (4, day(15, hour=6), day(7, hour=6))
    [entry] = LedgerEntry.objects.filter(kind="destruction.overdue")
    assert entry.payload == {"due": DUE.isoformat()}
    assert entry.actor == "system:following up"
    assert entry.subjects["procedure"] == owed.affected.procedure.reference
    assert verify().holds


@pytest.mark.parametrize("last_day", [-4, 0, 5, 9])
def test_nothing_more_is_said_once_it_is_attested(scene: Scene, last_day: int) -> None:
    ended(scene)
    before = walk(range(-14, last_day + 1))
    with clock.frozen(day(last_day, hour=20)):
        attesting.attest(destruction=owed_by(scene.alice), name="Alice Zhang", by=scene.alice.actor)
    assert walk(range(last_day + 1, 46)) == {}
    assert max(before, default=-99) <= last_day


def test_who_is_excused_is_left_alone(scene: Scene) -> None:
    ended(scene)
    attesting.excuse(destruction=owed_by(scene.alice), reason="Unreachable.", by=scene.dan.actor)
    assert walk(range(-14, 46)) == {}


def test_a_reminder_that_waits_is_superseded_by_the_attestation(scene: Scene) -> None:
    ended(scene)
    with clock.frozen(day(1)):
        following_up.follow_up()
        attesting.attest(destruction=owed_by(scene.alice), name="Alice Zhang", by=scene.alice.actor)
        drain()
    assert OutboxMessage.objects.get(kind=messages.REMINDER).state == MessageState.SUPERSEDED
    assert OutboxMessage.objects.get(kind=messages.ATTESTED).state == MessageState.SENT


def test_after_a_long_silence_of_the_worker_one_reminder_goes_out_and_not_three(scene: Scene) -> None:
    ended(scene)
    assert walk(range(12, 46)) == {
        12: [(messages.REMINDER, scene.alice.email), (messages.OVERDUE, scene.dan.email)],
        15: [(messages.REMINDER, scene.alice.email)],
    }


def test_where_the_notice_itself_is_near_the_date_there_is_no_reminder_ahead(scene: Scene) -> None:
    ended(scene)
    Procedure.objects.update(begun_at=day(-3))
    assert -3 not in walk(range(-3, 3))
    assert owed_by(scene.alice).reminders == 2


def test_who_cannot_sign_in_any_more_is_not_written_to_but_stands_as_overdue(scene: Scene) -> None:
    ended(scene, members=(scene.bob,))
    User.objects.filter(pk=scene.bob.pk).update(is_active=False)
    told = walk(range(-14, 46))
    assert {recipient for rows in told.values() for _, recipient in rows} == {scene.alice.email, scene.dan.email}
    assert owed_by(scene.bob).escalated_at is not None


def test_the_reminder_ahead_says_until_when_where_and_why_it_came(scene: Scene) -> None:
    affected = ended(scene)
    owed, reference = owed_by(scene.alice), affected.grant.reference
    with clock.frozen(day(-3)):
        following_up.follow_up()
        mail.outbox.clear()
        drain()
    [letter] = [one for one in mail.outbox if "attest" in one.subject]
    assert letter.subject == f"GeneBody: your copies under {reference}: please attest soon that they are destroyed"
    text = str(letter.body)
    for words in (
        "Dear Alice Zhang 张爱丽,",
        f"your access {reference} to GeneBody has ended.",
        "Please destroy your copies by 16 March 2026 and attest that you did.",
        f"/grants/{reference}/destruction/{owed.pk}/",
        f"write to contact@genebody.example and name {affected.procedure.reference}.",
        "You receive this because alice@connect.ust.hk has, or had, access",
    ):
        assert words in text, words


def test_the_reminder_after_says_that_it_is_overdue(scene: Scene) -> None:
    affected = ended(scene)
    with clock.frozen(day(1)):
        following_up.follow_up()
        mail.outbox.clear()
        drain()
    [letter] = [one for one in mail.outbox if "overdue" in one.subject]
    assert letter.subject == f"GeneBody: your copies under {affected.grant.reference}: your attestation is overdue"
    assert "were to be destroyed by 16 March 2026, and you have not attested yet" in str(letter.body)


def test_each_steward_gets_one_mail_that_lists_everybody(scene: Scene) -> None:
    affected = ended(scene, members=(scene.bob,))
    ursula = staff(scene, "ursula", Role.STEWARD)
    with clock.frozen(day(7)):
        assert following_up.escalate_due() == 2
        mail.outbox.clear()
        drain()
    letters = [one for one in mail.outbox if "not attested" in one.subject]
    assert sorted(one.to[0] for one in letters) == sorted([scene.dan.email, ursula.email])
    text = str(letters[0].body)
    assert letters[0].subject == "GeneBody: the destruction of copies is not attested by 2 people"
    names = f"access {affected.grant.reference}, procedure {affected.procedure.reference}, due by 16 March 2026"
    assert f"- Alice Zhang 张爱丽, alice@connect.ust.hk: {names}" in text
    assert f"- Bob, bob@connect.ust.hk: {names}" in text
    assert "/stewardship/genebody/procedures/" in text
    assert "You receive this because you are a steward of GeneBody." in text
    assert LedgerEntry.objects.filter(kind="destruction.overdue").count() == 2


def test_what_was_settled_before_the_stewards_mail_went_is_not_in_it(scene: Scene) -> None:
    ended(scene, members=(scene.bob,))
    with clock.frozen(day(7)):
        following_up.escalate_due()
        attesting.attest(destruction=owed_by(scene.bob), name="Bob", by=scene.bob.actor)
        mail.outbox.clear()
        drain()
    [letter] = [one for one in mail.outbox if "not attested" in one.subject]
    assert letter.subject.endswith("by 1 person")
    assert "bob@" not in str(letter.body)


def test_nobody_left_to_list_supersedes_the_stewards_mail(scene: Scene) -> None:
    ended(scene)
    with clock.frozen(day(7)):
        following_up.escalate_due()
        attesting.attest(destruction=owed_by(scene.alice), name="Alice Zhang", by=scene.alice.actor)
        drain()
    assert OutboxMessage.objects.get(kind=messages.OVERDUE).state == MessageState.SUPERSEDED


def test_a_dataset_without_a_steward_still_records_it(scene: Scene) -> None:
    ended(scene)
    roles.give(user=scene.eve, dataset=scene.dataset, role=Role.STEWARD, by=SYSTEM)
    User.objects.filter(pk__in=[scene.eve.pk, scene.dan.pk]).update(is_active=False)
    with clock.frozen(day(7)):
        assert following_up.escalate_due() == 1
    assert not OutboxMessage.objects.filter(kind=messages.OVERDUE).exists()


def test_a_hundred_and_more_are_reminded_once_each_in_batches(scene: Scene) -> None:
    affected = ended(scene)
    people = User.objects.bulk_create(User(email=f"m{n}@connect.ust.hk", name=f"M {n}") for n in range(120))
    Destruction.objects.bulk_create(Destruction(affected=affected, person=one, due_on=DUE) for one in people)
    with clock.frozen(day(1)):
        assert following_up.remind_due() == 121
        assert following_up.remind_due() == 0
    assert OutboxMessage.objects.filter(kind=messages.REMINDER).count() == 121


def test_the_task_does_both(scene: Scene) -> None:
    ended(scene)
    with clock.frozen(NOON + dt.timedelta(days=14 + 7)):
        follow_up_destruction()
    assert OutboxMessage.objects.filter(kind__in=[messages.REMINDER, messages.OVERDUE]).count() == 2
