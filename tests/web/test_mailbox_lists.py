"""What pages and gauges say of the mailbox itself, and the few messages that a case shows."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from agreements.core.clock import now
from agreements.mail.inbox import imap
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox, Outcome
from agreements.web import gauges
from agreements.web.mailbox_rows import MOST_ON_A_CASE, own_rows
from tests.flows.mailbox.letters_in import EVE, letter, read
from tests.flows.scene import Scene, signed_in, submitted
from tests.web.mailbox_things import lab, main, page

__all__ = ["lab"]


def test_the_state_of_the_mailbox_stands_on_the_page(lab: Scene, settings: Any) -> None:
    dan = signed_in(lab.dan)
    assert "No mailbox is read" in page(dan, "/mailbox/")
    settings.IMAP_HOST, settings.IMAP_USER = "mail.example", "lab"
    assert f"{imap.name()} has not been read to its end yet" in page(dan, "/mailbox/")
    box = Mailbox.objects.create(name=imap.name(), polled_at=now())
    assert f"{imap.name()} was last read on" in page(dan, "/mailbox/")
    box.failing_since, box.error = now(), "The password was refused."
    box.save()
    shown = page(dan, "/mailbox/")
    assert "has not been readable since" in shown
    assert "The password was refused. Nothing is lost" in shown


def test_a_mailbox_of_earlier_settings_is_no_trouble_any_more(lab: Scene, settings: Any) -> None:
    Mailbox.objects.create(name="old@mail.example/INBOX", failing_since=now(), error="The password was refused.")
    settings.IMAP_HOST, settings.IMAP_USER = "mail.example", "lab"
    Mailbox.objects.create(name=imap.name(), polled_at=now())
    assert "old@mail.example" not in page(signed_in(lab.dan), "/mailbox/")
    assert "countersign_mailbox_failing_seconds 0" in gauges.lines()
    settings.IMAP_HOST = ""
    assert "password was refused" not in page(signed_in(lab.dan), "/mailbox/")
    assert not [line for line in gauges.lines() if "mailbox" in line]


def test_a_case_shows_twenty_messages_of_proven_senders_first_and_leads_to_all(lab: Scene) -> None:
    application = submitted(lab)
    read(letter(subject=f"mine {application.reference}"))
    for number in range(MOST_ON_A_CASE + 5):
        raw = letter(sender=EVE, sign=False, subject=f"noise {number} {application.reference}", text="x" * 5000)
        read(raw)
    carol = signed_in(lab.carol)
    with CaptureQueriesContext(connection) as asked:
        case = main(page(carol, f"/review/{application.reference}/"))
    assert case.index("mine ") < case.index("noise ")
    assert case.count('class="may-break">eve@ethz.ch') == MOST_ON_A_CASE - 1
    about = [query["sql"] for query in asked if '"agreements_inboundmail"."subject"' in query["sql"]]
    assert about
    assert not [sql for sql in about if '"agreements_inboundmail"."text"' in sql], "texts are not read for a list"
    everything = f"/stewardship/genebody/mailbox/?show=all&words={application.reference}"
    assert f'href="{escape(everything)}"' in case
    assert "All 26 messages" in case
    assert "26 messages" in page(carol, everything)


def test_the_applicants_page_is_as_short(lab: Scene) -> None:
    application = submitted(lab)
    for number in range(MOST_ON_A_CASE + 2):
        read(letter(subject=f"mine {number}"))
    own = main(page(signed_in(lab.alice), f"/applications/{application.reference}/"))
    assert own.count(">mine ") == MOST_ON_A_CASE
    assert "2 earlier messages are not shown." in own
    assert "/mailbox/" not in own


def test_each_end_of_an_applicants_own_mail_has_its_words(lab: Scene) -> None:
    application = submitted(lab)
    mail = read(letter(subject="mine"))
    ends = {
        (Outcome.SIGNED_COPY, "missing"): "Taken as your signed copy.",
        (Outcome.SIGNED_COPY, "submitted"): "your application was submitted with it.",
        (Outcome.DRAFT, "draft"): "Your form became this draft.",
        (Outcome.SHOWN, "not-taken"): "the mail to you says why.",
        (Outcome.SHOWN, "written"): "Kept with your application.",
    }
    for (outcome, code), words in ends.items():
        InboundMail.objects.filter(pk=mail.pk).update(outcome=outcome, reason_code=code)
        [row] = own_rows(application).rows
        assert words in row.what
    InboundMail.objects.filter(pk=mail.pk).update(state=InboundState.OPENING)
    assert own_rows(application).rows[0].what == "It is being read."
