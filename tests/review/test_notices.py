from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from agreements.applications.models import Application
from agreements.core.clock import frozen
from agreements.people.models import User
from agreements.review import notices
from agreements.review.models import ReviewerNotices
from agreements.review.notices import Wishes
from tests.flows.scene import Scene, submitted
from tests.review.telling import (
    DAY,
    DIGEST,
    HOUR,
    MONDAY,
    MORNING,
    REMINDER,
    mails,
    text_of,
    told_at,
)


def test_the_digest_comes_once_a_day_from_eight_on(waiting: Application) -> None:
    assert told_at(MORNING - dt.timedelta(seconds=1)) == []
    assert told_at(MORNING) == [DIGEST]
    assert told_at(MORNING) == []
    assert told_at(MORNING + 15 * HOUR) == []
    assert told_at(MORNING + DAY - dt.timedelta(seconds=1)) == []
    assert told_at(MORNING + DAY + 3 * HOUR) == [DIGEST]


def test_the_digest_says_what_waits_and_no_more(waiting: Application) -> None:
    told_at(MORNING + DAY)
    mail = text_of(mails()[0], MORNING + DAY)
    assert mail.subject == "GeneBody: 1 application waits for a decision"
    assert (
        mail.text
        == f"""Dear Carol,

1 application waits for a decision:

{waiting.reference} · GeneBody · waiting 1 day
  organization, in the applicant's words: “Hong Kong University of Science and Technology”

To the queue:
http://127.0.0.1:8000/review/

--
You receive this because you review applications for GeneBody. \
What you are mailed is set at http://127.0.0.1:8000/account/#notices.
http://127.0.0.1:8000
"""
    )
    for secret in ("Alice", "alice@", "Zhang", "clothed"):
        assert secret not in mail.text + mail.html + mail.subject + str(mails()[0].values)
    assert f'<a href="http://127.0.0.1:8000/review/{waiting.reference}/">' in mail.html


def test_where_nothing_waits_there_is_no_mail_and_what_comes_later_waits_for_the_next_morning(scene: Scene) -> None:
    assert told_at(MORNING) == []
    with frozen(MORNING + HOUR):
        submitted(scene)
    assert told_at(MORNING + 2 * HOUR) == []
    assert told_at(MORNING + DAY) == [DIGEST]


@pytest.mark.parametrize(
    ("zone", "eight"),
    [("Asia/Hong_Kong", 0), ("America/Los_Angeles", 15), ("UTC", 8), ("Mars/Olympus", 8), ("Pacific/Kiritimati", 18)],
)
def test_eight_is_eight_where_the_reviewer_is(scene: Scene, waiting: Application, zone: str, eight: int) -> None:
    User.objects.filter(pk=scene.carol.pk).update(time_zone=zone)
    ReviewerNotices.objects.create(person=scene.carol, digest_on=dt.date(2026, 6, 2))
    at = dt.datetime(2026, 6, 3, eight, tzinfo=dt.UTC) - (DAY if zone == "Pacific/Kiritimati" else 0 * DAY)
    assert told_at(at - dt.timedelta(seconds=1)) == []
    assert told_at(at) == [DIGEST]


def test_a_reviewer_who_flies_west_over_the_date_line_has_no_day_twice(scene: Scene, waiting: Application) -> None:
    User.objects.filter(pk=scene.carol.pk).update(time_zone="Pacific/Auckland")
    assert told_at(MORNING + 13 * HOUR) == [DIGEST]  # Tuesday there
    User.objects.filter(pk=scene.carol.pk).update(time_zone="America/Los_Angeles")
    assert told_at(MORNING + 14 * HOUR) == []  # Monday again
    assert told_at(MORNING + DAY + 12 * HOUR) == []  # Tuesday again
    assert told_at(MORNING + 2 * DAY + 12 * HOUR) == [DIGEST]


def test_whoever_wants_no_digest_has_none_nor_one_at_noon_after_wanting_it_again(
    scene: Scene, waiting: Application
) -> None:
    notices.choose(person=scene.carol, wishes=Wishes(digest=False), by=scene.carol.actor)
    assert told_at(MORNING) == []
    notices.choose(person=scene.carol, wishes=Wishes(digest=True), by=scene.carol.actor)
    assert told_at(MORNING + 4 * HOUR) == []
    assert told_at(MORNING + DAY) == [DIGEST]


def test_a_reminder_takes_the_digests_place_then_comes_each_week(waiting: Application) -> None:
    days = [told_at(MORNING + day * DAY) for day in range(24)]
    assert days[:7] == [[DIGEST]] * 7
    assert [day for day, told in enumerate(days) if told == [REMINDER]] == [7, 14, 21]
    assert all(told in ([DIGEST], [REMINDER]) for told in days)


def test_without_the_digest_reminders_come_all_the_same(scene: Scene, waiting: Application) -> None:
    notices.choose(person=scene.carol, wishes=Wishes(digest=False), by=scene.carol.actor)
    days = [told_at(MORNING + day * DAY) for day in range(16)]
    assert [day for day, told in enumerate(days) if told == [REMINDER]] == [7, 14]
    assert [told for told in days if told and told != [REMINDER]] == []


def test_one_more_late_case_is_reminded_of_the_next_morning_not_after_the_week(
    scene: Scene, waiting: Application, another: Callable[..., Application]
) -> None:
    another("eve", at=MONDAY + 2 * DAY)
    days = [told_at(MORNING + day * DAY) for day in range(18)]
    assert [day for day, told in enumerate(days) if told == [REMINDER]] == [7, 9, 16]


def test_the_reminder_names_the_late_first(
    scene: Scene, waiting: Application, another: Callable[..., Application]
) -> None:
    new = another("eve", at=MONDAY + 7 * DAY)
    assert told_at(MORNING + 7 * DAY) == [REMINDER]
    mail = text_of(mails()[-1], MORNING + 7 * DAY)
    assert mail.subject == "GeneBody: 1 application waits longer than expected"
    assert (
        mail.text
        == f"""Dear Carol,

1 application waits longer than its applicant was told to expect. They read on their page that it is late:

{waiting.reference} · GeneBody · waiting 7 days, longer than expected
  organization, in the applicant's words: “Hong Kong University of Science and Technology”

Also waiting:

{new.reference} · GeneBody · handed in today
  organization, in the applicant's words: “ETH Zürich”

To the queue:
http://127.0.0.1:8000/review/

--
You receive this because you review applications for GeneBody. \
What you are mailed is set at http://127.0.0.1:8000/account/#notices.
http://127.0.0.1:8000
"""
    )
