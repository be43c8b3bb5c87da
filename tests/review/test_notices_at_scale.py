"""However many cases wait, as much is asked, and nothing of it while others wait to write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest import mock

import pytest
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import Application, ApplicationMember, Submission
from agreements.applications.permissions import Permission, may
from agreements.catalog.models import Dataset, Role
from agreements.core.clock import frozen
from agreements.people.models import User
from agreements.review import notices
from agreements.review.notices import Wishes
from agreements.review.waiting_cases import waiting_for
from tests.applications.cases import staff
from tests.flows.scene import Scene
from tests.review.telling import DAY, HOUR, MONDAY, MORNING, mails, text_of, told_at


def copied(thing: Model, **changed: object) -> dict[str, object]:
    fields = [field.attname for field in thing._meta.concrete_fields if not field.primary_key]
    return {name: getattr(thing, name) for name in fields} | changed


def many(first: Application, count: int) -> list[Application]:
    """Hand in as many more as one already is, each by somebody else."""
    submission = Submission.objects.get(application=first)
    people = [User(email=f"u{number}@uni{number}.example", name=f"U {number}") for number in range(count)]
    people = User.objects.bulk_create(people)
    made = Application.objects.bulk_create(
        Application(**copied(first, reference=f"GB-A-{at:06d}", applicant_id=who.pk, email=who.email))
        for at, who in enumerate(people)
    )
    Submission.objects.bulk_create(Submission(**copied(submission, application_id=each.pk)) for each in made)
    return made


def asked(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as queries:
        work()
    return len(queries)


@pytest.fixture
def wished(scene: Scene, waiting: Application) -> Application:
    with frozen(MONDAY):
        notices.choose(person=scene.carol, wishes=Wishes(each_case=True), by=scene.carol.actor)
        Dataset.objects.update(reviewers_decide_on_own_organization=False)
        return waiting


@pytest.mark.parametrize("number", [5, 50])
def test_fifty_cases_ask_as_much_as_five(wished: Application, number: int) -> None:
    many(wished, number - 1)
    with frozen(MORNING):
        assert asked(notices.tell_due) <= 52
    with frozen(MORNING + dt.timedelta(minutes=1)):
        assert asked(notices.tell_due) <= 12
    assert len(mails("review-case")) == number
    for kind in ("review-case", "review-digest"):
        assert asked(partial(text_of, mails(kind)[-1], MORNING)) <= 22


@contextmanager
def reading_outside() -> Iterator[list[bool]]:
    """Note at each reading of what waits whether a transaction was open that the reading began in."""
    outer, seen = len(connection.savepoint_ids), []

    def read(person: User, *only: object) -> object:
        seen.append(len(connection.savepoint_ids) > outer)
        return waiting_for(person, *only)  # type: ignore[arg-type]

    with mock.patch.object(notices, "waiting_for", read):
        yield seen


def test_what_waits_is_read_before_the_transaction(wished: Application) -> None:
    with reading_outside() as seen, frozen(MORNING):
        assert notices.tell_due() == 2
    assert seen == [False] * len(seen)
    assert len(seen) >= 2


def test_each_of_sixty_is_told_of_once(wished: Application) -> None:
    many(wished, 59)
    told_at(MORNING + HOUR)
    told_at(MORNING + 2 * HOUR)
    assert len({mail.subject_reference for mail in mails("review-case")}) == len(mails("review-case")) == 60


def test_whose_a_case_is_agrees_with_the_table_of_permissions(scene: Scene, wished: Application) -> None:
    made = many(wished, 6)
    frank = staff(scene, "frank", Role.REVIEWER, host="uni2.example")
    ApplicationMember.objects.create(application=made[0], name="F", email="Frank+x@uni2.example")
    Application.objects.filter(pk=made[1].pk).update(email="x@cs.uni2.example")
    Application.objects.filter(pk=made[3].pk).update(email="frank@uni2.example")
    found = {case.application.pk: case.not_theirs for case in waiting_for(frank)}
    cases = [wished, *Application.objects.filter(pk__in=[each.pk for each in made])]
    assert {each.pk for each in cases if may(Permission.VIEW_CASE, application=each, by=frank.actor)} == set(found)
    decides = {each.pk for each in cases if may(Permission.DECIDE, application=each, by=frank.actor)}
    assert decides == {pk for pk, why in found.items() if not why}
    assert (len(decides), len(found)) == (3, 5)


def test_without_the_digest_each_case_is_told_of_however_late(scene: Scene, waiting: Application) -> None:
    with frozen(MONDAY):
        notices.choose(person=scene.carol, wishes=Wishes(digest=False, each_case=True), by=scene.carol.actor)
    assert [kind for kind, _who in told_at(MONDAY + 4 * DAY)] == ["review-case"]
    assert told_at(MONDAY + 4 * DAY) == []
