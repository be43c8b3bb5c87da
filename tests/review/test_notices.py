from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest

from agreements.applications import drafting, submission
from agreements.applications.models import Application, State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core.clock import frozen
from agreements.core.errors import NotAllowed
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.signed_copy import receive_upload
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import Rendered
from agreements.people.models import User
from agreements.review import decisions, notice_messages, notices
from agreements.review.models import ReviewerNotices
from agreements.review.notices import Wishes, tell_due
from agreements.review.waiting_cases import waiting_for
from agreements.tasks import tell_reviewers
from tests.applications.cases import SYSTEM, seen, staff
from tests.flows.scene import Scene, draft_with_signed_copy, submitted

MONDAY = dt.datetime(2026, 6, 1, 7, 0, tzinfo=dt.UTC)
MORNING = MONDAY + dt.timedelta(hours=1)
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def waiting(scene: Scene) -> Application:
    """Alice's application, handed in on Monday at seven."""
    with frozen(MONDAY):
        return submitted(scene)


@pytest.fixture
def another(scene: Scene) -> Callable[..., Application]:
    """Hand in what somebody else wrote, at a moment."""

    def make(name: str, *, at: dt.datetime) -> Application:
        with frozen(at):
            application = submitted(replace(scene, alice=getattr(scene, name)))
            Application.objects.filter(pk=application.pk).update(organization="ETH Zürich")
        return application

    return make


def hand_in_again(application: Application, applicant: User) -> None:
    """Sign what is written now, and hand it in."""
    by = applicant.actor
    drafting.save(application=application, fields={"position": "Professor"}, by=by)
    issue_agreement(application=application, by=by)
    issued = newest(application.reference)
    assert issued is not None
    receive_upload(application=application, data=store.read(issued.document), original_name="signed.pdf", by=by)
    submission.submit(application=application, by=by)


def mails(kind: str = "review-") -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind__startswith=kind).order_by("pk"))


def told_at(at: dt.datetime) -> list[tuple[str, str]]:
    """Return what one run at a moment queues: kinds and recipients."""
    before = {mail.pk for mail in mails()}
    with frozen(at):
        count = tell_due()
    new = [(mail.kind, mail.recipient) for mail in mails() if mail.pk not in before]
    assert count == len(new)
    return new


def rendered(message: OutboxMessage, at: dt.datetime) -> Rendered | None:
    """Return the mail as it would be sent at a moment, or None where it is no longer true."""
    kind = registry.find(message.kind)
    assert kind is not None
    assert kind.still_true is not None
    with frozen(at):
        return kind.render(message) if kind.still_true(message) else None


def text_of(message: OutboxMessage, at: dt.datetime) -> Rendered:
    found = rendered(message, at)
    assert found is not None
    return found


DIGEST = ("review-digest", "carol@genebody.example")
REMINDER = ("review-reminder", "carol@genebody.example")
CASE = ("review-case", "carol@genebody.example")


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
  Hong Kong University of Science and Technology

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
  Hong Kong University of Science and Technology

Also waiting:

{new.reference} · GeneBody · handed in today
  ETH Zürich

To the queue:
http://127.0.0.1:8000/review/

--
You receive this because you review applications for GeneBody. \
What you are mailed is set at http://127.0.0.1:8000/account/#notices.
http://127.0.0.1:8000
"""
    )


def test_a_mail_for_each_case_comes_only_to_who_asked_and_for_what_comes_after(scene: Scene) -> None:
    with frozen(MONDAY):
        application = submitted(scene)
    assert told_at(MONDAY) == []
    with frozen(MONDAY + dt.timedelta(minutes=1)):
        notices.choose(person=scene.carol, wishes=Wishes(each_case=True), by=scene.carol.actor)
    assert told_at(MONDAY + dt.timedelta(minutes=2)) == []
    with frozen(MONDAY + dt.timedelta(minutes=3)):
        decisions.return_for_changes(
            application=application, seen=seen(application), reason="Sign.", by=scene.carol.actor
        )
        hand_in_again(application, scene.alice)
    assert told_at(MONDAY + dt.timedelta(minutes=4)) == [CASE]
    assert told_at(MONDAY + dt.timedelta(minutes=4)) == []
    (message,) = mails("review-case")
    mail = text_of(message, MONDAY + dt.timedelta(minutes=4))
    assert mail.subject == f"GeneBody: application {application.reference} was handed in again"
    assert (
        mail.text
        == f"""Dear Carol,

an application for GeneBody was handed in again (submission 2) and waits for a decision:

{application.reference} · GeneBody · handed in today
  Hong Kong University of Science and Technology

To the case:
http://127.0.0.1:8000/review/{application.reference}/

--
You receive this because you review applications for GeneBody. \
What you are mailed is set at http://127.0.0.1:8000/account/#notices.
Reference: {application.reference}
http://127.0.0.1:8000
"""
    )


def test_a_worker_that_was_down_for_a_day_still_tells_of_each_case(scene: Scene) -> None:
    with frozen(MONDAY):
        notices.choose(person=scene.carol, wishes=Wishes(digest=False, each_case=True), by=scene.carol.actor)
        submitted(scene)
    assert told_at(MONDAY + DAY) == [CASE]
    assert "application GB-A-" in text_of(mails()[0], MONDAY + DAY).subject
    assert text_of(mails()[0], MONDAY + DAY).subject.endswith("came in")


def test_a_mail_that_is_no_longer_true_is_not_sent(scene: Scene, waiting: Application) -> None:
    with frozen(MONDAY):
        notices.choose(person=scene.carol, wishes=Wishes(each_case=True), by=scene.carol.actor)
    told_at(MORNING)
    case, digest = mails()
    assert rendered(digest, MORNING)
    assert rendered(case, MORNING)
    decisions.decline(application=waiting, seen=seen(waiting), reason="No.", by=scene.dan.actor)
    assert rendered(digest, MORNING) is None
    assert rendered(case, MORNING) is None


def test_whoever_lost_the_role_or_the_address_is_told_nothing(scene: Scene, waiting: Application) -> None:
    told_at(MORNING)
    (digest,) = mails()
    roles.end(user=scene.carol, dataset=scene.dataset, role=Role.REVIEWER, by=scene.dan.actor)
    assert rendered(digest, MORNING) is None
    # Nobody reviews any more: the steward is told.
    assert told_at(MORNING + DAY) == [("review-digest", "dan@genebody.example")]


def test_stewards_beside_a_reviewer_auditors_and_strangers_are_told_nothing(scene: Scene, waiting: Application) -> None:
    staff(scene, "audrey", Role.AUDITOR)
    assert told_at(MORNING) == [DIGEST]
    for person in (scene.dan, User.objects.get(name="Audrey"), scene.eve):
        assert not notices.is_told(person)
        with pytest.raises(NotAllowed):
            notices.choose(person=person, wishes=Wishes(), by=person.actor)
    with pytest.raises(NotAllowed):
        notices.choose(person=scene.carol, wishes=Wishes(), by=scene.dan.actor)


def test_a_steward_who_reviews_too_is_told(scene: Scene, waiting: Application) -> None:
    roles.give(user=scene.dan, dataset=scene.dataset, role=Role.REVIEWER, by=SYSTEM)
    assert told_at(MORNING) == [DIGEST, ("review-digest", "dan@genebody.example")]


def test_a_case_of_ones_own_organization_is_listed_as_not_theirs_and_alone_brings_no_mail(
    scene: Scene, waiting: Application, another: Callable[..., Application]
) -> None:
    Dataset.objects.update(reviewers_decide_on_own_organization=False)
    frank = staff(scene, "frank", Role.REVIEWER, host="connect.ust.hk")
    assert told_at(MORNING) == [DIGEST]
    another("eve", at=MORNING)
    told_at(MORNING + DAY)
    mail = text_of(mails()[-1], MORNING + DAY)
    assert mails()[-1].recipient == frank.email
    assert "(for somebody else to decide: it is of your own organization)" in mail.text


def test_whoever_is_named_in_a_case_is_not_told_of_it(scene: Scene) -> None:
    with frozen(MONDAY):
        application = draft_with_signed_copy(scene)
        drafting.save_site(
            application=application, fields={}, members=[("Carol", scene.carol.email)], by=scene.alice.actor
        )
        hand_in_again(application, scene.alice)
    assert told_at(MORNING) == []


def test_whoever_approved_already_is_not_asked_again(scene: Scene, waiting: Application) -> None:
    Dataset.objects.update(approvals_needed=2)
    staff(scene, "frank", Role.REVIEWER)
    with frozen(MONDAY):
        decisions.approve(application=waiting, seen=seen(waiting), reason="Known.", by=scene.carol.actor)
    assert told_at(MORNING) == [("review-digest", "frank@genebody.example")]


def test_what_goes_wrong_with_one_reviewers_mail_does_not_keep_it_from_the_others(
    scene: Scene, waiting: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff(scene, "frank", Role.REVIEWER)
    usual = waiting_for

    def fails_for_carol(person: User) -> object:
        if person == scene.carol:
            raise RuntimeError
        return usual(person)

    monkeypatch.setattr(notices, "waiting_for", fails_for_carol)
    assert told_at(MORNING) == [("review-digest", "frank@genebody.example")]
    monkeypatch.undo()
    assert told_at(MORNING) == [DIGEST]


def test_fifty_are_named_and_the_rest_counted(
    scene: Scene, waiting: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notice_messages, "_SHOWN", 0)
    told_at(MORNING)
    assert "\nand 1 more.\n" in text_of(mails()[0], MORNING).text


def test_the_task_tells(scene: Scene, waiting: Application) -> None:
    with frozen(MORNING):
        tell_reviewers()
    assert len(mails()) == 1
    assert Application.objects.get().state == State.SUBMITTED
