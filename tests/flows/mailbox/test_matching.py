"""A paper with our codes that came by mail: whose it is, and what it becomes."""

from __future__ import annotations

import pytest

from agreements.applications import drafting, evidence, submission, withdrawing
from agreements.applications.models import Application, EvidenceRun, SignedCopy, State
from agreements.bars import barring
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.mailbox import looking
from agreements.ledger.models import LedgerEntry
from agreements.mail.inbox.models import InboundState, Outcome, Proof
from agreements.mail.models import OutboxMessage
from tests.applications.cases import with_evidence
from tests.flows.mailbox.letters_in import ETH, EVE, ZONE, issued_pdf, letter, opened, pdf, read
from tests.flows.scene import Scene, submitted
from tests.mail.inbox import letters


def answers() -> list[str]:
    return list(OutboxMessage.objects.filter(kind__startswith="mailbox-").values_list("kind", flat=True))


def test_the_signed_form_mailed_from_the_applicants_address_is_handed_in(lab: Scene, draft: Application) -> None:
    mail = read(letter(pdf(issued_pdf(draft), "signed by Alice.pdf")))
    draft.refresh_from_db()
    assert (mail.state, mail.outcome, mail.proof) == (InboundState.DONE, Outcome.SIGNED_COPY, Proof.PROVEN)
    assert (mail.application_reference, mail.dataset_slug) == (draft.reference, "genebody")
    assert "was submitted" in mail.reason
    assert draft.state == State.SUBMITTED
    copy = SignedCopy.objects.get(application=draft)
    assert (copy.mail_id, copy.original_name, copy.replaced_at) == (mail.pk, "signed by Alice.pdf", None)
    handed_in = submission.newest(draft)
    assert handed_in is not None
    assert handed_in.signed_copy_id == copy.pk
    assert answers() == [], "the confirmation of the submission is answer enough"
    assert OutboxMessage.objects.get().kind == "application-received"
    row = LedgerEntry.objects.get(kind="mail.taken")
    assert row.subjects == {"application": draft.reference, "dataset": "genebody"}
    assert row.payload == {"sha256": mail.sha256, "size": mail.size, "outcome": "signed-copy", "proof": "proven"}


def test_what_is_still_missing_is_mailed_with_the_page(lab: Scene, draft: Application) -> None:
    data = issued_pdf(draft)
    drafting.save(application=draft, fields={"position": "Professor"}, by=lab.alice.actor)
    mail = read(letter(pdf(data)))
    draft.refresh_from_db()
    assert (mail.outcome, draft.state) == (Outcome.SIGNED_COPY, State.DRAFT)
    assert answers() == ["mailbox-missing"]
    assert mail.answer is not None
    assert mail.answer.recipient == "alice@connect.ust.hk"


def test_a_copy_of_an_earlier_issue_is_not_taken(lab: Scene, draft: Application) -> None:
    earlier = issued_pdf(draft)
    drafting.save(application=draft, fields={"position": "Professor"}, by=lab.alice.actor)
    issue_agreement(application=draft, by=lab.alice.actor)
    mail = read(letter(pdf(earlier)))
    assert (mail.outcome, mail.reason_code) == (Outcome.SHOWN, "not-taken")
    assert "issue 1; the newest is issue 2" in mail.reason
    assert not SignedCopy.objects.exists()
    assert answers() == ["mailbox-missing"]


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("unsigned", "sender not proven"),
        ("by evil", "sender not proven"),
        ("from eve", "not the address under which was applied"),
    ],
)
def test_from_elsewhere_it_is_shown_and_never_taken_or_answered(
    lab: Scene, draft: Application, what: str, words: str
) -> None:
    paper = pdf(issued_pdf(draft))
    raw = {
        "unsigned": lambda: letter(paper, sign=False),
        "by evil": lambda: letter(paper, by=letters.key("evil.example")),
        "from eve": lambda: letter(paper, by=ETH, sender=EVE),
    }[what]()
    mail = read(raw)
    assert (mail.outcome, mail.application_reference) == (Outcome.SHOWN, draft.reference)
    assert words in mail.reason
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    assert not SignedCopy.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_the_address_counts_in_capitals_and_with_no_tag_of_somebody_elses(lab: Scene, draft: Application) -> None:
    mail = read(letter(pdf(issued_pdf(draft)), sender="alice+lab@connect.ust.hk"))
    assert (mail.proof, mail.outcome) == (Proof.PROVEN, Outcome.SHOWN)
    assert "not the address under which was applied" in mail.reason
    assert not looking.own(draft).exists()
    mail = read(letter(pdf(issued_pdf(draft)), sender="ALICE@Connect.UST.hk"))
    assert mail.outcome == Outcome.SIGNED_COPY
    assert looking.own(draft).get() == mail


def test_while_in_review_it_is_shown_and_evidence_gathered_again(lab: Scene) -> None:
    application = submitted(lab)
    data = issued_pdf(application) + b"\n% scanned again\n"
    read(letter(pdf(data), subject="again, while evidence is pending"))
    assert EvidenceRun.objects.count() == 1, "one is pending already"
    with_evidence(application)
    mail = read(letter(pdf(data)))
    assert (mail.outcome, mail.reason_code) == (Outcome.SHOWN, "in-review")
    handed_in = submission.newest(application)
    assert handed_in is not None
    newest = evidence.newest(handed_in)
    assert newest is not None
    assert newest.number == 2
    assert SignedCopy.objects.count() == 1, "the signed copy stays what was handed in"
    assert answers() == ["mailbox-shown"], "told once a day"


def test_after_the_end_it_is_kept_and_linked(lab: Scene, draft: Application) -> None:
    withdrawing.withdraw(application=draft, by=lab.alice.actor)
    OutboxMessage.objects.all().delete()
    mail = read(letter(pdf(issued_pdf(draft))))
    assert (mail.outcome, mail.application_reference) == (Outcome.KEPT, draft.reference)
    assert "withdrawn" in mail.reason
    assert not OutboxMessage.objects.exists()


def test_who_is_barred_is_told_after_handing_in_as_on_the_page(lab: Scene, draft: Application) -> None:
    barring.set_bar(dataset=lab.dataset, person=lab.alice, reason="Shared it.", until=None, by=lab.dan.actor)
    mail = read(letter(pdf(issued_pdf(draft))))
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    assert mail.outcome == Outcome.SIGNED_COPY
    message = OutboxMessage.objects.get(kind="mailbox-missing")
    assert "You cannot apply for this dataset at present" in message.values["problem"]


def test_no_more_copies_a_day_than_by_the_page(lab: Scene, draft: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agreements.applications.signing.COPIES_PER_DAY", 0)
    mail = read(letter(pdf(issued_pdf(draft))))
    assert (mail.outcome, mail.reason_code) == (Outcome.SHOWN, "not-taken")
    assert not SignedCopy.objects.exists()


def test_a_closed_account_hands_nothing_in(lab: Scene, draft: Application) -> None:
    lab.alice.is_active = False
    lab.alice.save()
    mail = read(letter(pdf(issued_pdf(draft))))
    assert mail.outcome == Outcome.SHOWN
    assert not SignedCopy.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_a_paper_without_codes_belongs_to_the_senders_running_application(lab: Scene, draft: Application) -> None:
    mail = read(letter(pdf(b"%PDF-1.4\nnot much\n%%EOF\n")))
    assert (mail.outcome, mail.application_reference) == (Outcome.SHOWN, draft.reference)
    assert opened(mail) == ["refused"]
    message = OutboxMessage.objects.get()
    assert message.kind == "mailbox-missing"
    assert "No page of the agreement was recognised" in message.values["problem"]


def test_an_answer_to_one_of_our_mails_belongs_to_what_that_was_about(lab: Scene) -> None:
    application = submitted(lab)
    ours = OutboxMessage.objects.get(kind="application-received")
    raw = letter(by=ETH, sender=EVE, subject="Re: hello", headers={"In-Reply-To": ours.message_id})
    mail = read(raw)
    assert (mail.outcome, mail.application_reference) == (Outcome.SHOWN, application.reference)
    assert "not the address under which was applied" in mail.reason
    named = read(letter(sign=False, sender=EVE, subject=f"About {application.reference.lower()}"), ZONE)
    assert named.application_reference == application.reference


def test_the_record_tells_of_what_a_proven_sender_did_and_of_nothing_else(lab: Scene, draft: Application) -> None:
    taken = LedgerEntry.objects.filter(kind="mail.taken")
    paper, named = pdf(issued_pdf(draft)), f"About {draft.reference}"
    read(letter(paper, sign=False))
    read(letter(paper, by=letters.key("evil.example"), subject=named))
    read(letter(subject=named, headers={"Auto-Submitted": "auto-replied"}))
    read(letter(by=ETH, sender=EVE))
    assert not taken.exists()
    read(letter(by=ETH, sender=EVE, subject=named))
    assert [row.payload["outcome"] for row in taken] == ["shown"]


def test_automatic_mail_about_a_case_is_for_the_staff_of_its_dataset(lab: Scene, draft: Application) -> None:
    mail = read(letter(sign=False, subject=f"Out of office: {draft.reference}", headers={"X-Autoreply": "yes"}))
    assert (mail.outcome, mail.dataset_slug) == (Outcome.AUTOMATIC, "genebody")
    assert looking.visible_to(lab.carol.actor).filter(pk=mail.pk).exists()
