"""A filled blank form that came by mail, and the draft that it becomes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pikepdf import Pdf, String

from agreements.applications import drafting as applications
from agreements.applications.blank_form import blank_form
from agreements.applications.form import members_of
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, State
from agreements.bars import barring
from agreements.catalog.models import Access, Dataset, Subset, Terms
from agreements.catalog.terms import in_force
from agreements.core import clock
from agreements.core.clock import now
from agreements.flows.mailbox import answering, looking
from agreements.mail import dead_addresses, drain, outbox
from agreements.mail.inbox.models import Outcome
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people import accounts
from agreements.people.models import User
from tests.flows.mailbox.letters_in import ETH, EVE, ZONE, again, letter, pdf, read
from tests.flows.scene import DETAILS, Scene
from tests.mail.inbox import letters

TYPED = {
    "name": "Grace Łukaszewska",
    "position": "PhD student",
    "organization": "ETH Zürich",
    "email": "somebody.else@gmail.com",
    "address_line1": "Rämistrasse 101",
    "city": "Zürich",
    "country": "Switzerland",
    "site_department": "Visual Computing",
    "site_city": "Zürich",
    "site_country": "ch",
    "intended_use": "Free-viewpoint video.\nOf people who dance.",
    "member_1_name": "Bob Đặng",
    "member_1_email": "bob@ethz.ch",
}
GRACE = "Grace <grace@ethz.ch>"


def filled(terms: Terms, texts: Mapping[str, str] = TYPED) -> bytes:
    """Return the blank form of some terms as somebody filled it in with a PDF program."""
    out = BytesIO()
    with Pdf.open(BytesIO(blank_form(terms))) as form:
        for field in form.Root.AcroForm.Fields:
            if str(field.T) in texts:
                field.V = String(texts[str(field.T)])
        form.save(out, object_stream_mode=pikepdf.ObjectStreamMode.preserve)
    return out.getvalue()


def mailed(scene: Scene, texts: Mapping[str, str] = TYPED, **fields: Any) -> bytes:
    return letter(pdf(filled(in_force(scene.dataset), texts)), by=ETH, sender=GRACE, **fields)


def test_a_filled_form_becomes_a_draft_of_who_mailed_it(lab: Scene) -> None:
    mail = read(mailed(lab))
    assert (mail.outcome, mail.reason_code) == (Outcome.DRAFT, "draft"), mail.reason
    draft = Application.objects.get()
    grace = accounts.find("grace@ethz.ch")
    assert grace is not None
    assert (draft.applicant, draft.email, draft.state) == (grace, "grace@ethz.ch", State.DRAFT)
    assert (draft.name, draft.country, draft.site_country) == ("Grace Łukaszewska", "CH", "CH")
    assert draft.intended_use == "Free-viewpoint video.\nOf people who dance."
    assert [(each.name, each.email) for each in members_of(draft)] == [("Bob Đặng", "bob@ethz.ch")]
    assert [item.step for item in what_is_missing(draft)] == ["agreement", "signature"]
    assert mail.application_reference == draft.reference


def test_the_answer_threads_under_their_mail_and_leads_to_the_draft(lab: Scene) -> None:
    mail = read(mailed(lab, message_id="<42.7@ethz.ch>", cc="prof@ethz.ch"))
    draft = Application.objects.get()
    message = OutboxMessage.objects.get()
    assert mail.answer == message
    assert (message.kind, message.recipient, message.thread) == ("mailbox-draft", "grace@ethz.ch", "<42.7@ethz.ch>")
    drain.drain()
    message.refresh_from_db()
    assert f"/applications/{draft.reference}/" in message.sent_subject + message.sent_text
    assert "the agreement, made from your details" in message.sent_text
    assert "could not be copied" not in message.sent_text


def test_what_the_form_would_refuse_is_left_open_and_named(lab: Scene) -> None:
    texts = TYPED | {"country": "Atlantis", "name": "Grace 🦄", "member_1_email": "no address", "city": "Zü\nrich"}
    read(mailed(lab, texts))
    draft = Application.objects.get()
    assert (draft.country, draft.name, draft.city) == ("", "", "Zü rich")
    assert members_of(draft) == []
    drain.drain()
    text = OutboxMessage.objects.get().sent_text
    assert "- full name\n- country\n- colleagues" in text


def test_what_the_person_typed_on_the_pages_is_not_overwritten(lab: Scene) -> None:
    grace = User.objects.create_user("grace@ethz.ch")
    begun = applications.start(dataset=lab.dataset, email="grace@ethz.ch", by=grace.actor)
    applications.save(application=begun, fields=DETAILS, by=grace.actor)
    mail = read(mailed(lab))
    assert (mail.outcome, mail.application_reference) == (Outcome.SHOWN, begun.reference)
    begun.refresh_from_db()
    assert begun.name == DETAILS["name"]
    message = OutboxMessage.objects.get()
    assert message.kind == "mailbox-missing"
    assert "You have begun an application already" in message.values["problem"]


@pytest.mark.parametrize("how", ["unsigned", "signed by another domain"])
def test_of_an_unproven_sender_nothing_is_made_and_nothing_said(lab: Scene, how: str) -> None:
    paper = pdf(filled(in_force(lab.dataset)))
    people = User.objects.count()
    raw = letter(paper, sender=GRACE, sign=how != "unsigned", by=letters.key("evil.example"))
    mail = read(raw)
    assert (mail.outcome, mail.reason_code, mail.dataset_slug) == (Outcome.KEPT, "unproven", "genebody")
    assert not Application.objects.exists()
    assert not OutboxMessage.objects.exists()
    assert User.objects.count() == people


def test_a_barred_person_gets_a_draft_and_is_told_only_when_it_is_handed_in(lab: Scene) -> None:
    barring.set_bar(dataset=lab.dataset, person=lab.eve, reason="Shared it.", until=None, by=lab.dan.actor)
    mail = read(letter(pdf(filled(in_force(lab.dataset))), by=ETH, sender=EVE))
    assert mail.outcome == Outcome.DRAFT


def test_a_draft_that_may_not_be_answered_today_is_made_and_answered_tomorrow(
    lab: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "A_DAY_IN_ALL", 0)
    mail = read(mailed(lab))
    assert (mail.outcome, mail.reason_code) == (Outcome.DRAFT, "draft")
    draft, answer = Application.objects.get(), OutboxMessage.objects.get()
    assert mail.answer == answer
    later = outbox.queue(kind="x", recipient=answer.recipient, language="en", reference=draft.reference, values={})
    assert list(drain.due()) == [later], "what is kept back holds nothing up"
    with clock.frozen(now() + dt.timedelta(days=1, seconds=1)):
        assert answer in drain.due()
        drain.drain()
    answer.refresh_from_db()
    assert answer.state == MessageState.SENT


def test_where_mail_does_not_arrive_a_draft_is_made_and_nothing_sent(lab: Scene) -> None:
    sent = outbox.queue(kind="x", recipient="grace@ethz.ch", language="en", reference="", values={})
    dead_addresses.mark(message=sent, status="5.1.1", words="no such user", went_out=now())
    OutboxMessage.objects.filter(pk=sent.pk).update(sent_at=now() + dt.timedelta(hours=1))  # after the letter came
    mail = read(mailed(lab))
    assert (mail.outcome, mail.answer) == (Outcome.DRAFT, None)
    assert "mail does not arrive at this address" in mail.reason


def test_one_organization_begins_so_many_drafts_a_day_and_the_next_form_is_read_again(
    lab: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "DRAFTS_A_DAY_OF_AN_ORGANIZATION", 1)
    paper = pdf(filled(in_force(lab.dataset)))
    labs = letters.key("labs.evil.example")
    zone = ZONE | letters.zone(labs)
    assert read(letter(paper, by=letters.key("evil.example"), sender="e0@evil.example"), zone).outcome == Outcome.DRAFT
    second = read(letter(paper, by=labs, sender="e1@labs.evil.example"), zone)
    assert (second.outcome, second.reason_code) == (Outcome.KEPT, "no-draft"), second.proof_reasons
    assert accounts.find("e1@labs.evil.example") is None
    assert read(mailed(lab)).outcome == Outcome.DRAFT, "another organization's"
    assert looking.can_be_read_again(second)
    with clock.frozen(now() + dt.timedelta(days=2)):
        looking.read_again(mail=second, by=lab.dan.actor)
        assert again(second, zone).outcome == Outcome.DRAFT


def test_of_two_datasets_with_terms_of_one_version_the_subject_says_which(lab: Scene) -> None:
    other = _another()
    mail = read(mailed(lab, subject="Fwd: bodyparts agreement (signed)"))
    assert (mail.outcome, mail.dataset_slug) == (Outcome.DRAFT, other.slug)
    mail = read(mailed(lab, subject="my form"))
    assert (mail.outcome, mail.reason_code) == (Outcome.ANSWERED, "which-dataset")
    assert OutboxMessage.objects.filter(kind="mailbox-how-to-apply").count() == 1


def test_of_a_withdrawn_dataset_no_draft_is_made(lab: Scene) -> None:
    raw = mailed(lab)
    Subset.objects.update(access=Access.ANNOUNCED)
    mail = read(raw)
    assert (mail.outcome, mail.reason_code) == (Outcome.ANSWERED, "not-possible")
    assert "nothing to apply for" in mail.reason
    assert not Application.objects.exists()


def _another() -> Dataset:
    other = Dataset.objects.create(
        slug="bodyparts",
        reference_prefix="BP",
        title="BodyParts",
        summary="Parts.",
        organization="The lab",
        contact_address="parts@genebody.example",
        mail_subject="BodyParts Agreement",
    )
    like = Terms.objects.get()
    Terms.objects.create(
        dataset=other,
        version=like.version,
        title=like.title,
        effective_from=like.effective_from,
        clauses=like.clauses,
        source="",
        sha256="1" * 64,
    )
    Subset.objects.create(dataset=other, slug="all", title="All", access=Access.AGREEMENT)
    return other
