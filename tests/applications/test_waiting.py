from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from django.test import Client

from agreements.applications import drafting, submission
from agreements.applications.models import Application, Decision, DecisionKind, SignedCopy, State, Submission
from agreements.applications.waiting import Wait, expected_wait, is_past_expected
from agreements.catalog.models import Dataset, Terms
from agreements.core.clock import frozen
from agreements.core.sizes import size
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.documents.models import StoredDocument
from agreements.flows.agreement_issue import issue_agreement
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import Rendered
from agreements.people.models import User
from tests.applications.cases import put
from tests.flows.scene import Scene, draft_with_signed_copy, signed_in, submitted
from tests.flows.sending import receive_upload

NOW = dt.datetime(2026, 6, 1, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass
class Lab:
    """Answers applications of people nobody heard of before."""

    scene: Scene

    def answer(self, after: float, *, ago: float = 1, kind: DecisionKind = DecisionKind.DECLINE) -> Submission:
        """Return what was handed in and answered so many days later, so many days ago."""
        at = NOW - ago * DAY
        handed_in = self._hand_in(at - after * DAY)
        _decide(handed_in, kind, self.scene.dan, at)
        state = State.APPROVED if kind == DecisionKind.APPROVE else State.DECLINED
        Application.objects.filter(pk=handed_in.application_id).update(state=state)
        return handed_in

    def _hand_in(self, at: dt.datetime) -> Submission:
        number = Application.objects.count()
        applicant = User.objects.create_user(f"p{number}@ethz.ch")
        application = Application.objects.create(
            reference=f"GB-A-{number:06}",
            dataset=self.scene.dataset,
            terms=Terms.objects.get(),
            applicant=applicant,
            email=applicant.email,
            state=State.SUBMITTED,
        )
        document, _made = StoredDocument.objects.get_or_create(store_key="x", sha256="0" * 64, size=1)
        copy = SignedCopy.objects.create(application=application, document=document, original_name="a.pdf")
        return Submission.objects.create(
            application=application,
            number=1,
            form={},
            form_sha256="",
            signed_copy=copy,
            terms=application.terms,
            submitted_at=at,
        )


@pytest.fixture
def lab(scene: Scene) -> Lab:
    return Lab(scene)


def _decide(handed_in: Submission, kind: DecisionKind, reviewer: User, at: dt.datetime) -> None:
    Decision.objects.create(
        application=handed_in.application, submission=handed_in, kind=kind, reviewer=reviewer, decided_at=at
    )


def test_with_fewer_than_five_answers_the_dataset_says_what_to_expect(scene: Scene, lab: Lab) -> None:
    for days in [1, 1, 1, 1]:
        lab.answer(days)
    with frozen(NOW):
        wait = expected_wait(scene.dataset)
    assert wait == Wait(7, 7, 0)
    assert wait.words == "Expect an answer within 7 days."
    assert wait.basis == "That is what the lab aims for; too few applications were answered lately to compute it."


def test_half_and_nine_of_ten_are_ranks_rounded_up_to_days(scene: Scene, lab: Lab) -> None:
    for days in [0.1, 0.5, 1.2, 1.9, 2, 3, 4, 5, 5.5, 40]:
        lab.answer(days)
    with frozen(NOW):
        wait = expected_wait(scene.dataset)
    assert wait == Wait(half=2, most=6, answers=10)
    assert wait.words == ("Half of the recent applications had an answer within 2 days, nine of ten within 6 days.")
    assert wait.basis == "Computed from the 10 newest answers of the lab, none older than 180 days."


def test_one_number_is_said_once(scene: Scene, lab: Lab) -> None:
    for days in [0.01] * 5:
        lab.answer(days)
    with frozen(NOW):
        assert expected_wait(scene.dataset).words == "Nine of ten recent applications had an answer within 1 day."


def test_only_the_newest_twenty_of_the_last_half_year_count(scene: Scene, lab: Lab) -> None:
    for _ in range(5):
        lab.answer(90, ago=181)
    with frozen(NOW):
        assert expected_wait(scene.dataset).answers == 0
    for _ in range(20):
        lab.answer(90, ago=30)
    for days in [1] * 20:
        lab.answer(days)
    with frozen(NOW):
        assert expected_wait(scene.dataset) == Wait(1, 1, 20)


def test_an_approval_that_waits_for_a_second_answers_nobody_and_of_two_the_second_counts(
    scene: Scene, lab: Lab
) -> None:
    both = [lab.answer(9, kind=DecisionKind.APPROVE) for _ in range(5)]
    Application.objects.update(state=State.SUBMITTED)
    with frozen(NOW):
        assert expected_wait(scene.dataset).answers == 0
    for handed_in in both:
        _decide(handed_in, DecisionKind.APPROVE, scene.carol, NOW)
    Application.objects.update(state=State.APPROVED)
    with frozen(NOW):
        assert expected_wait(scene.dataset) == Wait(10, 10, 5)


def test_another_datasets_answers_do_not_count(scene: Scene, lab: Lab) -> None:
    for days in [1] * 5:
        lab.answer(days)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="a@b.example")
    with frozen(NOW):
        assert (expected_wait(scene.dataset).answers, expected_wait(other).answers) == (5, 0)


def test_a_case_is_past_what_was_expected_from_the_moment_on_and_only_while_it_waits(scene: Scene) -> None:
    with frozen(NOW):
        application = submitted(scene)
    wait = expected_wait(scene.dataset)
    with frozen(NOW + 7 * DAY - dt.timedelta(seconds=1)):
        assert not is_past_expected(application, wait)
    with frozen(NOW + 7 * DAY):
        assert is_past_expected(application, wait)
        application.state = State.RETURNED
        assert not is_past_expected(application, wait)
    application.submitted_at = None
    assert not wait.is_past(None)


def _handed_in(scene: Scene) -> Application:
    application = draft_with_signed_copy(scene)
    use = {"intended_use": "Novel views.\nAnd <b>more</b>."}
    by = scene.alice.actor
    drafting.save_site(application=application, fields=use, members=[("Bob Lee", scene.bob.email)], by=by)
    issue_agreement(application=application, by=by)
    issued = newest(application.reference)
    assert issued is not None
    receive_upload(application=application, data=store.read(issued.document), original_name="signed.pdf", by=by)
    submission.submit(application=application, by=by)
    return application


def test_the_confirmation_carries_a_copy_of_what_was_handed_in(scene: Scene) -> None:
    application = _handed_in(scene)
    document = SignedCopy.objects.get(application=application, replaced_at=None).document
    mail = _render(OutboxMessage.objects.get(kind="application-received"))
    assert mail.subject == f"GeneBody: your application {application.reference} was received"
    assert (
        mail.text
        == f"""Dear Alice Zhang 张爱丽,

your application {application.reference} for GeneBody has been received and is waiting for a reviewer. \
Expect an answer within 7 days. \
That is what the lab aims for; too few applications were answered lately to compute it.

What you handed in:

Name: Alice Zhang 张爱丽
E-mail: alice@connect.ust.hk
Position: Research scientist
Organization: Hong Kong University of Science and Technology
Address: Clear Water Bay, Hong Kong, Hong Kong
Site: Computer Science, Hong Kong, Hong Kong
Colleagues: Bob Lee <bob@connect.ust.hk>
Terms: version 1.0
Signed copy: signed.pdf, {size(document.size)}
  SHA-256 {document.sha256}
Intended use:
Novel views.
And <b>more</b>.

You can follow it, or withdraw it, here:
http://127.0.0.1:8000/applications/{application.reference}/

--
You receive this because you applied for GeneBody as alice@connect.ust.hk.
Reference: {application.reference}
http://127.0.0.1:8000
"""
    )
    for part in ("Bob Lee &lt;bob@connect.ust.hk&gt;", "Novel views.<br>And &lt;b&gt;more&lt;/b&gt;.", document.sha256):
        assert part in mail.html


def test_a_confirmation_sent_again_after_the_answer_promises_none(scene: Scene) -> None:
    put(scene, State.DECLINED)
    text = _render(OutboxMessage.objects.get(kind="application-received")).text
    assert "for GeneBody was received." in text
    assert "waiting for a reviewer" not in text
    assert "Expect an answer" not in text


def _render(message: OutboxMessage) -> Rendered:
    kind = registry.find(message.kind)
    assert kind is not None
    return kind.render(message)


def test_the_applicant_reads_what_to_expect_and_plainly_when_it_takes_longer(scene: Scene) -> None:
    with frozen(NOW):
        application = submitted(scene)
    page = f"/applications/{application.reference}/"
    with frozen(NOW + DAY):
        shown = " ".join(signed_in(scene.alice).get(page).content.decode().split())
    assert "In review since 1 June 2026; there is nothing for you to do. Expect an answer within 7 days." in shown
    assert "That is what the lab aims for" in shown
    assert "longer than expected" not in shown
    with frozen(NOW + 9 * DAY):
        shown = " ".join(signed_in(scene.alice).get(page).content.decode().split())
    assert "What applicants are told: “Expect an answer within 7 days.” That is what the lab aims for" in shown
    assert "This takes longer than expected: 9 days so far" in shown
    assert f"write to contact@genebody.example and name {application.reference}." in shown


def test_the_page_of_the_dataset_says_what_to_expect(scene: Scene, lab: Lab) -> None:
    for days in [1, 1, 1, 3, 3]:
        lab.answer(days)
    with frozen(NOW):
        shown = Client().get("/datasets/genebody/").content.decode()
    assert "Half of the recent applications had an answer within 1 day, nine of ten within 3 days." in shown
    assert "Computed from the 5 newest answers of the lab, none older than 180 days." in shown
