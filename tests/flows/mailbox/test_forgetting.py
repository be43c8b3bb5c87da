"""Mail that came in is forgotten with what it is about, with whom it is from, and when its time is over."""

from __future__ import annotations

import datetime as dt

from agreements.applications import withdrawing
from agreements.applications.models import Application
from agreements.core import actors, clock
from agreements.core.clock import now
from agreements.flows import erasure, own_data, retention
from agreements.flows.holding import tables
from agreements.flows.mailbox import forgetting, taking
from agreements.mail.inbox.models import InboundMail, InboundState
from tests.flows.left_behind import found
from tests.flows.mailbox.letters_in import ETH, EVE, issued_pdf, letter, pdf, read, took
from tests.flows.scene import Scene

OPERATOR = actors.job("tests")
WORD = "Ozymandias"


def test_who_is_erased_is_named_by_no_message_any_more(lab: Scene) -> None:
    theirs = letter(pdf(b"%PDF-1.4 Ozymandias", "Ozymandias.pdf"), by=ETH, sender=f"{WORD} <eve@ethz.ch>", text=WORD)
    mail = read(theirs)
    unread = took(letter(sender="EVE+x@ethz.ch", sign=False, subject=WORD))
    others = read(letter(subject="about eve@ethz.ch", text="Ask eve@ethz.ch."))
    assert found(WORD)
    preview = erasure.preview(lab.eve)
    assert "2 mails that came in." in preview.goes
    assert any("folders of the mail server" in line for line in preview.stays)
    done = erasure.erase(person=lab.eve, reason="Asked.", by=OPERATOR)
    assert found(WORD, "eve@ethz.ch") <= {f"eve@ethz.ch in papers/{others.store_key}"}
    for row in InboundMail.objects.filter(pk__in=[mail.pk, unread.pk]):
        assert (row.state, row.store_key, row.sender_key) == (InboundState.DONE, "", "")
        assert row.erased_at is not None
    others.refresh_from_db()
    assert (others.subject, others.text.strip()) == ("about [erased]", "Ask [erased].")
    assert done.rows, "the record's row of the mail's bytes is among those that nothing opens"
    assert taking.take(mailbox=mail.mailbox, raw=theirs) is None, "it is not taken in again"


def test_with_an_application_its_mail_goes(lab: Scene, draft: Application) -> None:
    lab.dataset.forget_days = 40
    lab.dataset.save()
    withdrawing.withdraw(application=draft, by=lab.alice.actor)
    mail = read(letter(pdf(issued_pdf(draft)), text=WORD))
    assert mail.application_reference == draft.reference
    with clock.frozen(now() + dt.timedelta(days=41)):
        retention.run()
    mail.refresh_from_db()
    assert mail.erased_at is not None
    assert not found(WORD)


def test_what_belongs_to_nobody_goes_after_its_time(lab: Scene) -> None:
    mail = read(letter(sender=EVE, sign=False, subject="Buy now"))
    of_dataset = read(letter(sender=EVE, sign=False))
    lab.dataset.forget_days = 30
    lab.dataset.save()
    with clock.frozen(now() + dt.timedelta(days=31)):
        assert forgetting.forget_due() == 1
    of_dataset.refresh_from_db()
    assert of_dataset.erased_at is not None
    with clock.frozen(now() + forgetting.KEPT_FOR + dt.timedelta(days=1)):
        retention.run()
    mail.refresh_from_db()
    assert (mail.erased_at is not None, mail.store_key, mail.subject) == (True, "", "")


def test_a_person_gets_what_is_proven_to_be_theirs_and_nothing_sent_in_their_name(lab: Scene) -> None:
    read(letter(by=ETH, sender=EVE, subject="mine"))
    read(letter(sender=EVE, sign=False, subject="forged"))
    assert dict(own_data.in_words(lab.eve))["Mails of yours that came in"] == 1
    assert [row["subject"] for row in tables.mails_in(lab.eve)] == ["mine"]
