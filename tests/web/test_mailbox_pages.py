"""The pages about mail that came in: who sees what, what they may do, and that nothing in a message acts."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from agreements.applications import drafting
from agreements.applications.models import Application
from agreements.catalog.models import Role
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.mailbox import forgetting, looking
from agreements.flows.mailbox import raw as raw_bytes
from agreements.flows.mailbox.claims import MOST_PAPERS
from agreements.ledger.models import LedgerEntry
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome
from agreements.people.models import User
from agreements.vault.protocol import OutOfReach
from tests.applications.cases import staff
from tests.flows.mailbox.letters_in import ETH, EVE, again, issued_pdf, letter, pdf, read
from tests.flows.scene import DETAILS, SITE, Scene, signed_in, submitted
from tests.mail.inbox import letters
from tests.web.mailbox_things import lab, main, page

__all__ = ["lab"]


def administrator() -> Client:
    return signed_in(User.objects.create_superuser("adam@site.example"))


def test_the_desk_counts_what_nobody_looked_at_and_leads_to_it(lab: Scene) -> None:
    dan = signed_in(lab.dan)
    assert "nobody has looked at" not in page(dan, "/stewardship/genebody/")
    mail = read(letter(by=ETH, sender=EVE, subject="Question: GeneBody Agreement"))
    assert "1 message came in that nobody has looked at." in page(dan, "/stewardship/genebody/")
    listed = main(page(dan, "/stewardship/genebody/mailbox/"))
    for words in ("Question: GeneBody Agreement", "eve@ethz.ch", "Proven sender", "Answered", ">new<"):
        assert words in listed, words
    assert dan.post(f"/mailbox/{mail.pk}/looked-at/").status_code == 302
    assert "nobody has looked at" not in page(dan, "/stewardship/genebody/")
    assert "Nothing waits for you" in page(dan, "/stewardship/genebody/mailbox/")
    assert "eve@ethz.ch" in page(dan, "/stewardship/genebody/mailbox/?show=all")
    row = LedgerEntry.objects.get(kind="mail.looked-at")
    assert (row.actor, row.role, row.subjects) == (lab.dan.actor.id, "steward", {"dataset": "genebody"})
    dan.post(f"/mailbox/{mail.pk}/looked-at/")
    assert LedgerEntry.objects.filter(kind="mail.looked-at").count() == 1, "once"


def test_one_message_is_shown_with_its_proof_its_text_and_its_pages(lab: Scene) -> None:
    application = submitted(lab)
    mail = read(letter(pdf(issued_pdf(application), "signed <b>.pdf"), sign=False, text="<script>alert(1)</script>"))
    carol = signed_in(lab.carol)
    shown = main(page(carol, f"/mailbox/{mail.pk}/"))
    for words in (
        "Came by mail from alice@connect.ust.hk, sender not proven.",
        escape(mail.proof_reasons[0]["words"]),
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "signed _b_.pdf",
        f"/review/{application.reference}/",
        f"/mailbox/{mail.pk}/papers/{mail.attachments[0]['document']}/1.png",
    ):
        assert words in shown, words
    assert "<script" not in shown
    picture = carol.get(f"/mailbox/{mail.pk}/papers/{mail.attachments[0]['document']}/1.png")
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    case = page(carol, f"/review/{application.reference}/")
    assert "Mail about this application" in case
    assert f'href="/mailbox/{mail.pk}/"' in case


def test_the_applicant_sees_what_is_proven_to_be_theirs_alone(lab: Scene) -> None:
    application = submitted(lab)
    alice = signed_in(lab.alice)
    read(letter(subject="from me"))
    read(letter(subject="in my name", sign=False))
    read(letter(subject="of another", by=ETH, sender=EVE, headers={"X-About": application.reference}))
    own = main(page(alice, f"/applications/{application.reference}/"))
    assert "What you mailed" in own
    assert "Kept with your application." in own
    assert "from me" in own
    assert "in my name" not in own
    assert "of another" not in own
    assert "Mail taken in" not in own, "what anybody can have written is not in their timeline"


def test_the_bytes_go_to_administrators_alone_and_say_nothing_of_themselves(lab: Scene) -> None:
    raw = letter(by=ETH, sender=EVE)
    mail = read(raw)
    for person in (lab.carol, lab.dan):
        assert signed_in(person).get(f"/mailbox/{mail.pk}/raw/").status_code == 404
    adam = administrator()
    answer = adam.get(f"/mailbox/{mail.pk}/raw/")
    assert (answer.content, answer["Content-Type"]) == (raw, "application/octet-stream")
    assert answer["Content-Disposition"] == f'attachment; filename="mail-{mail.pk}.bin"'
    assert (answer["X-Content-Type-Options"], "sandbox" in answer["Content-Security-Policy"]) == ("nosniff", True)


def test_what_fits_no_dataset_is_for_administrators_and_for_the_staff_of_all(lab: Scene) -> None:
    mail = read(letter(sender=EVE, sign=False, subject="Buy now"))
    assert mail.dataset_slug == ""
    carol, adam = signed_in(lab.carol), administrator()
    assert "Buy now" in page(carol, "/mailbox/"), "of the only dataset"
    assert "Buy now" in page(adam, "/mailbox/?dataset=-")
    assert "Buy now" not in page(carol, "/stewardship/genebody/mailbox/")
    assert adam.post(f"/mailbox/{mail.pk}/looked-at/").status_code == 302
    mail.refresh_from_db()
    assert mail.seen_at is not None
    assert signed_in(lab.eve).get("/mailbox/").status_code == 404


def test_nobody_reads_mail_about_their_own_application(lab: Scene) -> None:
    by = lab.carol.actor
    own = drafting.start(dataset=lab.dataset, email=lab.carol.email, by=by)
    drafting.save(application=own, fields=DETAILS | SITE, by=by)
    issue_agreement(application=own, by=by)
    mail = read(letter(pdf(issued_pdf(own)), sign=False))
    assert mail.application_reference == own.reference
    carol = signed_in(lab.carol)
    assert carol.get(f"/mailbox/{mail.pk}/").status_code == 404
    assert own.reference not in main(page(carol, "/mailbox/?show=all"))
    assert signed_in(lab.dan).get(f"/mailbox/{mail.pk}/").status_code == 200


def test_an_auditor_reads_and_has_no_buttons(lab: Scene) -> None:
    mail = read(letter(by=ETH, sender=EVE, subject="GeneBody Agreement"))
    audrey = signed_in(staff(lab, "audrey", Role.AUDITOR))
    shown = main(page(audrey, f"/mailbox/{mail.pk}/"))
    assert "<form" not in shown
    assert "Save it as it came" not in shown
    assert audrey.post(f"/mailbox/{mail.pk}/looked-at/").status_code == 404
    assert audrey.post(f"/mailbox/{mail.pk}/again/").status_code == 404


def test_a_message_is_read_again_after_name_servers_had_not_answered(lab: Scene, settings: Any) -> None:
    mail = read(letter(by=ETH, sender=EVE), zone={})
    assert (mail.outcome, mail.proof) == (Outcome.KEPT, "unproven")
    dan = signed_in(lab.dan)
    assert "Read it again" in page(dan, f"/mailbox/{mail.pk}/")
    assert dan.post(f"/mailbox/{mail.pk}/again/").status_code == 302
    mail = again(mail)
    assert (mail.outcome, mail.proof) == (Outcome.ANSWERED, "proven")
    assert "Read it again" not in page(dan, f"/mailbox/{mail.pk}/")
    told = dan.post(f"/mailbox/{mail.pk}/again/", follow=True).content.decode()
    assert "Reading this message again would come to the same." in told


def test_why_an_attachment_was_not_opened_is_said_of_each(lab: Scene, settings: Any) -> None:
    settings.SIGNED_COPY_LIMIT = 2000
    forwarded = letters.write(sender=EVE, attachments=[pdf(b"%PDF-1.4 of another", "theirs.pdf")])
    papers = [pdf(b"%%PDF-1.4 %d" % number, f"{number}.pdf") for number in range(MOST_PAPERS + 1)]
    large, other = pdf(b"%PDF-1.4" + b"x" * 3000, "large.pdf"), ("notes.txt", "text/csv", b"hello")
    mail = read(letter(large, other, *papers, *[("n", "text/csv", b"%d" % each) for each in range(50)]))
    shown = main(page(signed_in(lab.carol), f"/mailbox/{mail.pk}/"))
    for words in (
        "not opened: only PDFs are",
        "not opened: it is larger than a signed copy may be",
        "not opened: of one message the first five PDFs are",
        "And 8 more, which are in the message as it came alone.",
    ):
        assert words in shown, words
    brought = letter(sign=False).replace(b"Content-Type: text/plain", b"Content-Type: message/rfc822", 1)
    head, _empty, _text = brought.partition(b"\r\n\r\n")
    mail = read(head.replace(b"quoted-printable", b"7bit") + b"\r\n\r\n" + forwarded)
    assert "inside of another message" in main(page(signed_in(lab.carol), f"/mailbox/{mail.pk}/"))


@pytest.mark.parametrize(
    ("failure", "told"),
    [(OutOfReach("no answer"), "Our store does not answer"), (ValueError("other"), "not those that came")],
)
def test_bytes_that_cannot_be_had_are_told_and_not_recorded(
    lab: Scene, monkeypatch: pytest.MonkeyPatch, failure: Exception, told: str
) -> None:
    mail = read(letter(by=ETH, sender=EVE))
    adam = administrator()

    def failing(_mail: InboundMail) -> bytes:
        raise failure

    monkeypatch.setattr(raw_bytes, "bytes_of", failing)
    assert told in adam.get(f"/mailbox/{mail.pk}/raw/", follow=True).content.decode()
    assert not LedgerEntry.objects.filter(kind="mail.handed-out").exists()


def test_whether_the_bytes_may_be_had_is_one_rule(lab: Scene) -> None:
    mail = read(letter(by=ETH, sender=EVE))
    adam = administrator()
    for browser in (adam, signed_in(lab.dan), signed_in(lab.carol)):
        offered = "Save it as it came" in page(browser, f"/mailbox/{mail.pk}/")
        assert offered is (browser.get(f"/mailbox/{mail.pk}/raw/").status_code == 200)
    raw_bytes.remove(mail)
    assert "Save it as it came" not in page(adam, f"/mailbox/{mail.pk}/")
    assert adam.get(f"/mailbox/{mail.pk}/raw/").status_code == 404


def test_an_unreadable_message_is_listed_with_its_reason(lab: Scene) -> None:
    mail = read(b"From: " + b"A" * 5000 + b" <eve@ethz.ch>\r\n\r\nhello\r\n")
    assert mail.state == InboundState.UNREADABLE
    listed = main(page(administrator(), "/mailbox/?show=unreadable"))
    assert "Its sender line is longer" in listed
    assert "Could not be read" in listed
    assert "<form" in page(signed_in(User.objects.get(email="adam@site.example")), f"/mailbox/{mail.pk}/")


def test_the_filters_find_by_sender_subject_and_reference(lab: Scene) -> None:
    application: Application = submitted(lab)
    read(letter(sign=False, subject=f"About {application.reference}", sender=EVE))
    dan = signed_in(lab.dan)
    for words in ("eve@ethz", "About", application.reference):
        assert "eve@ethz.ch" in main(page(dan, f"/mailbox/?show=all&words={words}"))
    assert "No message matches" in page(dan, "/mailbox/?show=all&words=nobody")
    assert "No message matches" in page(dan, "/mailbox/?show=draft")


def test_erased_messages_say_so(lab: Scene) -> None:
    mail = read(letter(by=ETH, sender=EVE, subject="GeneBody Agreement", text="secret words"))
    forgetting.erase(InboundMail.objects.filter(pk=mail.pk))
    shown = main(page(signed_in(lab.dan), f"/mailbox/{mail.pk}/"))
    assert "was erased on" in shown
    assert mail.sha256 in shown
    assert "secret words" not in shown
    assert looking.unseen(InboundMail.objects.all()).count() == 0
