"""What is handed in by mail is what was meant to be: a question with a paper, or a letter of somebody else, is not."""

from __future__ import annotations

import datetime as dt
import email
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import pytest

from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog.terms import in_force
from agreements.core import clock
from agreements.core.clock import now
from agreements.flows.mailbox import looking
from agreements.mail.inbox.models import InboundMail, Outcome, Proof
from agreements.mail.models import OutboxMessage
from agreements.review import decisions
from tests.applications.cases import seen, with_evidence
from tests.flows.mailbox.letters_in import ETH, again, issued_pdf, letter, pdf, read, unsigned_pdf
from tests.flows.mailbox.test_drafting import GRACE, filled
from tests.flows.scene import Scene
from tests.mail.inbox import letters


def state_of(application: Application) -> str:
    application.refresh_from_db()
    return application.state


def told() -> list[str]:
    return [str(each.values["problem"]) for each in OutboxMessage.objects.filter(kind="mailbox-missing")]


def test_the_agreement_as_it_was_made_is_no_signed_copy(lab: Scene, draft: Application) -> None:
    mail = read(letter(pdf(unsigned_pdf(draft)), text="I have NOT signed this yet: may I change clause 3 first?"))
    assert (mail.outcome, mail.reason_code, state_of(draft)) == (Outcome.SHOWN, "not-taken", State.DRAFT)
    assert not SignedCopy.objects.exists()
    assert "it bears no signature yet" in told()[0]


@pytest.mark.parametrize(
    "subject",
    [
        "Question about page 2",
        "",
        "GeneBody",
        "Agreement GeneBody",
        "Fwd: GeneBody Agreement",
        "Question about the GeneBody Agreement",
    ],
)
def test_under_another_subject_it_is_taken_and_handed_in_on_the_page(
    lab: Scene, draft: Application, subject: str
) -> None:
    mail = read(letter(pdf(issued_pdf(draft)), subject=subject))
    assert (mail.outcome, mail.reason_code, state_of(draft)) == (Outcome.SIGNED_COPY, "to-confirm", State.DRAFT)
    assert SignedCopy.objects.get().mail_id == mail.pk
    (words,) = told()
    assert "was taken as your signed copy" in words
    assert "is not “GeneBody Agreement”" in words
    assert words.endswith("Hand it in on the page.")


@pytest.mark.parametrize("subject", ["genebody  AGREEMENT.", "GeneBody\r\n Agreement"])
def test_the_subject_is_compared_as_people_write_it(lab: Scene, draft: Application, subject: str) -> None:
    mail = read(letter(pdf(issued_pdf(draft)), subject=" ".join(subject.split("\r\n"))))
    assert (mail.reason_code, state_of(draft)) == ("submitted", State.SUBMITTED)


def test_what_was_returned_is_not_handed_in_again_as_it_was(lab: Scene, draft: Application) -> None:
    read(letter(pdf(issued_pdf(draft))))
    with_evidence(draft)
    reason = "Sign page 2, please."
    decisions.return_for_changes(application=draft, seen=seen(draft), reason=reason, by=lab.carol.actor)
    mail = read(letter(pdf(issued_pdf(draft)), text="What do you mean by that? This is what I sent."))
    assert (mail.outcome, mail.reason_code, state_of(draft)) == (Outcome.SIGNED_COPY, "to-confirm", State.RETURNED)
    assert Submission.objects.count() == 1
    assert "the very same as what was handed in before" in told()[-1]
    mail = read(letter(pdf(issued_pdf(draft) + b"% signed on page 2, too\n")))
    assert (mail.outcome, mail.reason_code, state_of(draft)) == (Outcome.SIGNED_COPY, "to-confirm", State.RETURNED)
    assert "The application was returned for changes." in told()[-1]


def test_papers_of_a_letter_that_is_sent_on_are_listed_and_not_opened(lab: Scene, draft: Application) -> None:
    inner = letters.write(sender="Eve <eve@evil.example>", attachments=[pdf(issued_pdf(draft), "eves.pdf")])
    outer = EmailMessage(policy=SMTP)
    outer["From"], outer["To"], outer["Subject"] = letters.ALICE, letters.OURS, "Fwd: GeneBody Agreement"
    outer["Date"], outer["Message-ID"] = format_datetime(now()), "<77@connect.ust.hk>"
    outer.set_content("Do you know this person? She sent me the attached.\n")
    outer.add_attachment(email.message_from_bytes(inner, policy=SMTP))
    mail = read(letters.signed(outer.as_bytes(), at=now()))
    assert (mail.proof, mail.outcome, state_of(draft)) == (Proof.PROVEN, Outcome.SHOWN, State.DRAFT)
    assert [each["document"] for each in mail.attachments if each["name"] == "eves.pdf"] == [None]
    assert not SignedCopy.objects.exists()


def test_what_came_long_ago_is_shown_and_neither_handed_in_nor_made_a_draft(lab: Scene, draft: Application) -> None:
    """Read again by the staff, with the name servers answering at last."""
    form = read(letter(pdf(issued_pdf(draft))), zone={})
    blank = read(letter(pdf(filled(in_force(lab.dataset))), by=ETH, sender=GRACE), zone={})
    assert (form.proof, blank.proof) == (Proof.UNPROVEN, Proof.UNPROVEN)
    OutboxMessage.objects.all().delete()
    with clock.frozen(now() + dt.timedelta(days=8)):
        for mail in (form, blank):
            looking.read_again(mail=mail, by=lab.dan.actor)
        form, blank = again(form), again(blank)
    assert (form.proof, form.outcome, form.reason_code) == (Proof.PROVEN, Outcome.SHOWN, "late")
    assert (blank.proof, blank.outcome, blank.reason_code) == (Proof.PROVEN, Outcome.KEPT, "late")
    assert (state_of(draft), SignedCopy.objects.count(), Application.objects.count()) == (State.DRAFT, 0, 1)
    assert not OutboxMessage.objects.exists()


def test_the_same_within_the_week_is_handed_in(lab: Scene, draft: Application) -> None:
    mail = read(letter(pdf(issued_pdf(draft))), zone={})
    with clock.frozen(now() + dt.timedelta(days=6)):
        looking.read_again(mail=mail, by=lab.dan.actor)
        assert again(mail).reason_code == "submitted"
    assert InboundMail.objects.get().outcome == Outcome.SIGNED_COPY
