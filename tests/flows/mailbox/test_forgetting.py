"""Mail that came in is forgotten with what it is about, with whom it is from, and when its time is over."""

from __future__ import annotations

import datetime as dt

from agreements.applications import withdrawing
from agreements.applications.models import Application
from agreements.core import actors, clock
from agreements.core.clock import now
from agreements.flows import erasure, own_data, retention
from agreements.flows.holding import tables
from agreements.flows.mailbox import forgetting, looking, raw, taking
from agreements.mail.inbox.models import InboundMail, InboundState
from agreements.mail.models import OutboxMessage
from tests.flows.left_behind import found
from tests.flows.mailbox.letters_in import ETH, EVE, issued_pdf, letter, pdf, read, took
from tests.flows.scene import Scene
from tests.mail import reports
from tests.mail.inbox import letters

OPERATOR = actors.job("tests")
WORD = "Ozymandias"


def test_who_is_erased_is_named_by_no_message_any_more(lab: Scene) -> None:
    theirs = letter(pdf(b"%PDF-1.4 Ozymandias", "Ozymandias.pdf"), by=ETH, sender=f"{WORD} <eve@ethz.ch>", text=WORD)
    mail = read(theirs)
    looking.mark_looked_at(mail=mail, by=lab.dan.actor)
    unread = took(letter(sender="EVE+x@ethz.ch", sign=False, subject=WORD))
    others = read(letter(subject="about eve@ethz.ch", text="Ask eve@ethz.ch."))
    assert found(WORD)
    preview = erasure.preview(lab.eve)
    assert "2 mails that came in." in preview.goes
    assert any("folders of the mail server" in line for line in preview.stays)
    erasure.erase(person=lab.eve, reason="Asked.", by=OPERATOR)
    assert not found(WORD, "eve@ethz.ch")
    for row in InboundMail.objects.filter(pk__in=[mail.pk, unread.pk]):
        assert (row.state, row.store_key, row.sender_key) == (InboundState.DONE, "", "")
        assert row.erased_at is not None
    others.refresh_from_db()
    assert (others.subject, others.text.strip()) == ("about [erased]", "Ask [erased].")
    assert taking.take(mailbox=mail.mailbox, raw=theirs) is None, "it is not taken in again"


def test_a_message_of_several_senders_goes_with_each_of_them(lab: Scene) -> None:
    several = read(letter(sender=f"Alice <alice@connect.ust.hk>, {WORD} <eve@ethz.ch>", text=WORD, sign=False))
    assert several.sender == ""
    erasure.erase(person=lab.eve, reason="Asked.", by=OPERATOR)
    several.refresh_from_db()
    assert several.erased_at is not None
    assert not found(WORD, "eve@ethz.ch")


def test_of_a_message_that_could_not_be_read_the_bytes_go_with_whom_they_name(lab: Scene) -> None:
    def broken(sender: str) -> InboundMail:
        return read(b"From: " + b"A" * 5000 + f" <{sender}>\r\n\r\nhello\r\n".encode())

    theirs, others = broken("EVE@ethz.ch"), broken("bob@ust.hk")
    assert (theirs.state, theirs.sender) == (InboundState.UNREADABLE, "")
    erasure.erase(person=lab.eve, reason="Asked.", by=OPERATOR)
    assert not found("eve@ethz.ch")
    others.refresh_from_db()
    assert raw.bytes_of(others), "of nobody else's"


def test_a_mail_of_others_that_names_who_is_erased_loses_its_bytes_alone(lab: Scene) -> None:
    copied = read(letter(subject="for two", cc="eve@ethz.ch"))
    other = read(letter(subject="for one"))
    erasure.erase(person=lab.eve, reason="Asked.", by=OPERATOR)
    copied.refresh_from_db()
    other.refresh_from_db()
    assert (copied.subject, copied.store_key, copied.erased_at) == ("for two", "", None)
    assert other.store_key
    assert not found("eve@ethz.ch")


def test_the_answer_forgets_to_which_message_it_was_one(lab: Scene) -> None:
    read(letter(by=ETH, sender=EVE, message_id="<Ozymandias.1@ethz.ch>"))
    assert OutboxMessage.objects.filter(thread="<Ozymandias.1@ethz.ch>").exists()
    erasure.erase(person=lab.eve, reason="Asked.", by=OPERATOR)
    assert not found(WORD)


def test_the_bytes_of_what_came_back_go_at_once_and_its_row_stays(lab: Scene) -> None:
    back = read(reports.dsn(to=letters.OURS, recipient="nobody@hku.hk"))
    assert (back.outcome, bool(back.store_key)) == ("bounce", True)
    retention.run()
    back.refresh_from_db()
    assert (back.store_key, back.erased_at, back.subject) == ("", None, "Undelivered Mail Returned to Sender")


def test_the_bytes_of_what_nobody_is_proven_to_have_written_go_after_thirty_days(
    lab: Scene, draft: Application
) -> None:
    nobodys = read(letter(sender=EVE, sign=False, subject="Buy now"))
    away = read(letter(subject=f"Away: {draft.reference}", headers={"Auto-Submitted": "auto-replied"}))
    proven = read(letter(by=ETH, sender=EVE))
    about = read(letter(pdf(issued_pdf(draft)), sign=False))
    assert about.application_reference == draft.reference
    with clock.frozen(now() + forgetting.BYTES_KEPT_FOR - dt.timedelta(hours=1)):
        assert forgetting.remove_bytes_in_time() == 0
    with clock.frozen(now() + forgetting.BYTES_KEPT_FOR + dt.timedelta(hours=1)):
        assert forgetting.remove_bytes_in_time() == 2
    for mail in (nobodys, away, proven, about):
        mail.refresh_from_db()
    assert (nobodys.store_key, nobodys.subject, away.store_key) == ("", "Buy now", "")
    assert proven.store_key
    assert about.store_key
    assert raw.remove_lost() == 0, "nothing is left behind"


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
