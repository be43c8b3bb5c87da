from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.db.models import Q

from agreements.applications import drafting
from agreements.applications.models import Application, State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core.clock import frozen
from agreements.core.errors import NotAllowed
from agreements.people.models import User
from agreements.review import decisions, notice_messages, notices
from agreements.review.notices import Wishes
from agreements.review.waiting_cases import waiting_for
from agreements.tasks import tell_reviewers
from tests.applications.cases import SYSTEM, seen, staff
from tests.flows.scene import Scene, draft_with_signed_copy, submitted
from tests.review.telling import (
    CASE,
    DAY,
    DIGEST,
    MONDAY,
    MORNING,
    hand_in_again,
    mails,
    rendered,
    text_of,
    told_at,
)

STEWARD = ("review-digest", "dan@genebody.example")


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
  organization, in the applicant's words: “Hong Kong University of Science and Technology”

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
    assert told_at(MORNING + DAY) == [STEWARD]


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
    assert told_at(MORNING) == [DIGEST, STEWARD]


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


def test_a_case_that_no_reviewer_can_decide_is_told_to_who_can(
    scene: Scene, waiting: Application, another: Callable[..., Application]
) -> None:
    Dataset.objects.update(reviewers_decide_on_own_organization=False)
    User.objects.filter(pk=scene.carol.pk).update(email="carol@ust.hk")
    assert told_at(MORNING) == [STEWARD]
    assert notices.is_told(scene.dan)
    mail = text_of(mails()[-1], MORNING)
    assert "(no reviewer can decide it: a steward has to)" in mail.text
    assert "because you are a steward of GeneBody, where no reviewer can decide this. What you are mailed" in mail.text
    others = another("eve", at=MORNING)
    assert told_at(MORNING + DAY) == [("review-digest", "carol@ust.hk"), STEWARD]
    mail = text_of(mails()[-1], MORNING + DAY)
    assert others.reference not in mail.text, "Carol can decide that one"
    assert mail.subject == "GeneBody: 1 application waits for a decision"
    staff(scene, "frank", Role.REVIEWER)
    assert STEWARD not in told_at(MORNING + 2 * DAY)
    assert rendered(mails("review-digest")[0], MORNING + 2 * DAY) is None
    assert not notices.is_told(scene.dan)


def test_a_second_approval_that_no_reviewer_is_left_to_give_is_asked_of_the_steward(
    scene: Scene, waiting: Application
) -> None:
    Dataset.objects.update(approvals_needed=2)
    with frozen(MONDAY):
        decisions.approve(application=waiting, seen=seen(waiting), reason="Known.", by=scene.carol.actor)
    assert told_at(MORNING) == [STEWARD]


def test_what_an_applicant_typed_before_it_was_refused_leads_nowhere_from_the_mail(
    scene: Scene, waiting: Application
) -> None:
    lure = "Your session expired: sign in at https://portal-genebody.example.net/review/"
    Application.objects.filter(pk=waiting.pk).update(organization=lure)
    told_at(MORNING)
    mail = text_of(mails()[0], MORNING)
    words = "the applicant's words: “Your session expired: sign in at https: //portal-genebody. example. net/review/”"
    assert words in mail.text
    assert "genebody.example" not in mail.text + mail.html


def test_whoever_is_named_in_a_case_is_not_told_of_it(scene: Scene) -> None:
    with frozen(MONDAY):
        application = draft_with_signed_copy(scene)
        drafting.save_site(
            application=application, fields={}, members=[("Carol", scene.carol.email)], by=scene.alice.actor
        )
        hand_in_again(application, scene.alice)
    assert told_at(MORNING) == [STEWARD], "nobody else may decide it"


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

    def fails_for_carol(person: User, *only: Q) -> object:
        if person == scene.carol:
            raise RuntimeError
        return usual(person, *only)

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
