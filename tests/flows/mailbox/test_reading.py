"""What was taken in is read one after another, whatever is in it and whoever is killed meanwhile."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import OperationalError

from agreements.applications.models import Application
from agreements.core import clock, sweep
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.documents import store
from agreements.documents.models import MailedPaper, StoredDocument
from agreements.flows.mailbox import claims, forgetting, matching, opening, reading
from agreements.flows.mailbox.taking import LIMIT
from agreements.ledger.act import act
from agreements.ledger.models import LedgerEntry
from agreements.mail import dns, outbox
from agreements.mail.inbox import parsing, proof
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome, Proof
from agreements.mail.inbox.proof import Examined
from agreements.mail.models import MessageState, OutboxMessage
from tests.flows.mailbox.letters_in import ETH, EVE, ZONE, again, issued_pdf, letter, pdf, read, took
from tests.flows.scene import Scene

HEAD = b"From: Eve <eve@ethz.ch>\r\nTo: agreements@portal.example.org\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\n"


def nested(depth: int) -> bytes:
    opens = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (each, each) for each in range(depth)
    )
    return HEAD + opens + b"\r\nthe innermost\r\n"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "1 MB From": lambda: b"From: " + b"A" * 2**20 + b" <eve@ethz.ch>\r\nTo: a@b.example\r\n\r\nhello\r\n",
    "10,000 addresses in From": lambda: b"From: " + b", ".join([b"e@ethz.ch"] * 10_000) + b"\r\n\r\nhello\r\n",
    "100,000 parts": lambda: (
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n"
    ),
    "1,000 nested multiparts": lambda: nested(1000),
    "5,000 nested comments": lambda: b"From: " + b"(" * 900 + b")" * 900 + b" <eve@ethz.ch>\r\n\r\nhello\r\n",
    "1 MB of header": lambda: HEAD + b"X-Long: " + b"x" * 2**20 + b"\r\n\r\nhello\r\n",
}
ODD: dict[str, Callable[[], bytes]] = {
    "wrong charset": lambda: HEAD + b"Content-Type: text/plain; charset=nosuch\r\n\r\nhello\r\n",
    "raw GBK headers": lambda: HEAD + "Subject: 张爱丽 签名\r\n\r\nhello\r\n".encode("gbk"),
    "encoded newline in the subject": lambda: HEAD + b"Subject: =?utf-8?q?a=0D=0ABcc:_x@y.example?=\r\n\r\nhello\r\n",
    "encoded newline in From": lambda: (
        b"From: =?utf-8?q?a=0D=0ABcc:_x@y.example?= <eve@ethz.ch>\r\nTo: a@b.example\r\n\r\nhello\r\n"
    ),
    "NUL everywhere": lambda: HEAD + b"Subject: a\x00b\r\n\r\nhel\x00lo\r\n",
    "no header at all": lambda: b"\r\nhello\r\n",
    "nothing at all": lambda: b"",
    "a date of another world": lambda: HEAD.replace(b"2026", b"99999999") + b"\r\nhello\r\n",
    "two From": lambda: b"From: a@b.example\r\n" + HEAD + b"\r\nhello\r\n",
}


def test_each_hostile_message_is_listed_with_its_reason_and_the_others_are_read(lab: Scene) -> None:
    hostile = {name: took(make()) for name, make in HOSTILE.items()}
    good = took(letter(by=ETH, sender=EVE))
    begun = time.monotonic()
    good = again(good, ZONE)
    assert time.monotonic() - begun < 20
    assert good.outcome == Outcome.ANSWERED
    for name, mail in hostile.items():
        mail.refresh_from_db()
        if mail.state == InboundState.DONE:
            assert (mail.outcome, mail.proof) == (Outcome.KEPT, Proof.UNPROVEN), name
        else:
            assert mail.state == InboundState.UNREADABLE, name
        assert mail.reason, name
        assert mail.store_key, "kept as it came"
    assert sum(mail.state == InboundState.UNREADABLE for mail in hostile.values()) >= 4
    assert list(OutboxMessage.objects.values_list("recipient", flat=True)) == ["eve@ethz.ch"]


@pytest.mark.parametrize("name", ODD)
def test_what_is_written_oddly_is_kept_and_its_words_fit_their_columns(lab: Scene, name: str) -> None:
    mail = read(ODD[name]())
    assert mail.state in {InboundState.DONE, InboundState.UNREADABLE}, mail.reason
    assert mail.reason
    for text in (mail.subject, mail.sender, mail.sender_name, mail.text):
        assert not {"\x00", "\r"} & set(text)
    assert "\n" not in mail.subject + mail.sender + mail.sender_name
    assert not OutboxMessage.objects.exists()


def test_file_names_lead_nowhere(lab: Scene) -> None:
    mail = read(letter(pdf(b"%PDF-1.4 x", "../../etc/cron.d/x.pdf"), ("C:\\boot.ini", "text/plain", b"x"), sender=EVE))
    assert [each["name"] for each in mail.attachments] == ["x.pdf", "boot.ini"]
    assert [bool(each["document"]) for each in mail.attachments] == [True, False]


@pytest.mark.parametrize("failure", [RecursionError, MemoryError, ValueError, KeyError, UnicodeError, AttributeError])
@pytest.mark.parametrize("where", ["parsing", "matching"])
def test_whatever_is_raised_makes_one_unreadable_message_and_stops_no_other(
    lab: Scene, monkeypatch: pytest.MonkeyPatch, failure: type[Exception], where: str
) -> None:
    first = took(letter(by=ETH, sender=EVE))
    original = parsing.read if where == "parsing" else matching.papers_of
    calls: list[int] = []

    def breaks(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise failure("what the letter says: secret")
        return original(*args)

    monkeypatch.setattr(*((parsing, "read") if where == "parsing" else (matching, "papers_of")), breaks)
    second = again(took(letter(by=ETH, sender="adam@ethz.ch")), ZONE)
    first.refresh_from_db()
    assert (first.state, first.reason_code) == (InboundState.UNREADABLE, "error")
    assert failure.__name__ in first.reason
    assert "secret" not in first.reason
    assert second.outcome == Outcome.ANSWERED


def test_a_worker_that_is_killed_each_time_gives_the_message_up_after_three_times(lab: Scene) -> None:
    mail = took(letter(by=ETH, sender=EVE))
    for times in range(reading.ATTEMPTS):
        with clock.frozen(now() + times * 2 * reading.CLAIM):
            claimed = reading.claim_due()
            assert claimed is not None, "and then the process is gone"
            assert reading.claim_due() is None, "nobody else takes it meanwhile"
    with clock.frozen(now() + reading.ATTEMPTS * 2 * reading.CLAIM):
        mail = again(mail, ZONE)
    assert (mail.state, mail.reason_code) == (InboundState.UNREADABLE, "gave-up")
    assert mail.store_key


def test_a_message_is_gone_on_with_where_a_killed_worker_left_it(lab: Scene, draft: Application) -> None:
    mail = took(letter(pdf(issued_pdf(draft))))
    with dns.using(ZONE):
        claimed = reading.claim_due()
        assert claimed is not None
        reading.step(claimed)
    mail.refresh_from_db()
    assert mail.state == InboundState.OPENING
    assert again(mail, ZONE).outcome == Outcome.SIGNED_COPY
    assert MailedPaper.objects.filter(mail=mail).count() == 1


def test_services_that_do_not_answer_are_waited_for_and_cost_no_attempt(
    lab: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail = took(letter(pdf(b"%PDF-1.4 x"), by=ETH, sender=EVE))
    original = store.save
    monkeypatch.setattr(store, "save", lambda data: (_ for _ in ()).throw(NotPossible("full")))
    mail = again(mail, ZONE)
    assert (mail.state, mail.attempts) == (InboundState.TAKEN, 0)
    monkeypatch.setattr(store, "save", original)
    monkeypatch.setattr(opening, "begin", lambda *args: (_ for _ in ()).throw(OperationalError("locked")))
    with clock.frozen(mail.due_at):
        mail = again(mail, ZONE)
    assert (mail.state, mail.attempts) == (InboundState.TAKEN, 0)
    monkeypatch.undo()
    with clock.frozen(mail.due_at):
        assert again(mail, ZONE).outcome == Outcome.ANSWERED


def test_papers_are_stored_once_however_often_a_message_is_read(lab: Scene) -> None:
    paper = pdf(b"%PDF-1.4 x")
    mail = read(letter(paper, ("again.pdf", "application/octet-stream", b"%PDF-1.4 x"), by=ETH, sender=EVE))
    assert [each["document"] for each in mail.attachments] == [MailedPaper.objects.get().document_id] * 2
    InboundMail.objects.filter(pk=mail.pk).update(state=InboundState.TAKEN, due_at=now())
    again(mail, ZONE)
    assert StoredDocument.objects.filter(pk__in=MailedPaper.objects.values("document")).count() == 1


def test_only_some_papers_are_opened_and_none_that_is_too_large(lab: Scene, settings: Any) -> None:
    settings.SIGNED_COPY_LIMIT = 2000
    large = pdf(b"%PDF-1.4 " + b"x" * 3000, "large.pdf")
    papers = [pdf(b"%%PDF-1.4 %d" % each, f"{each}.pdf") for each in range(claims.MOST_PAPERS + 2)]
    mail = read(letter(large, *papers, by=ETH, sender=EVE))
    assert len(mail.attachments) == claims.MOST_PAPERS + 3
    assert MailedPaper.objects.count() == claims.MOST_PAPERS
    assert mail.attachments[0]["document"] is None


def test_word_of_a_mail_that_did_not_arrive_is_a_bounce(lab: Scene) -> None:
    sent = outbox.queue(kind="x", recipient="gone@ethz.ch", language="en", reference="", values={})
    OutboxMessage.objects.update(state=MessageState.SENT, sent_at=now())
    report = (
        b"From: MAILER-DAEMON@ethz.ch\r\nTo: x@portal.example.org\r\nReturn-Path: <>\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n"
        b"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; ethz.ch\r\n\r\n"
        b"Final-Recipient: rfc822; gone@ethz.ch\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: "
        + sent.message_id.encode()
        + b"\r\n\r\n--b--\r\n"
    )
    mail = read(report)
    assert (mail.outcome, mail.reason) == (Outcome.BOUNCE, "Mail to gone@ethz.ch came back: 5.1.1.")
    sent.refresh_from_db()
    assert sent.bounced_at is not None


def test_what_strangers_send_to_nobody_does_not_lengthen_the_record(lab: Scene) -> None:
    before = LedgerEntry.objects.count()
    read(letter(sender=EVE, sign=False, subject="Buy now"))
    assert LedgerEntry.objects.count() == before


def test_a_message_of_the_largest_size_is_read_in_bounded_time(lab: Scene) -> None:
    raw = letter(pdf(b"%PDF-1.4 " + b"x" * (17 * 2**20), "large.pdf"), by=ETH, sender=EVE)
    assert 20 * 2**20 < len(raw) < LIMIT
    begun = time.monotonic()
    mail = read(raw)
    assert mail.state == InboundState.DONE
    assert time.monotonic() - begun < 30


def test_what_our_own_mail_server_found_is_kept_beside_the_proof(lab: Scene, settings: Any) -> None:
    settings.AUTHSERV_ID = "mx.portal.example"
    told = b"Authentication-Results: mx.portal.example; spf=fail smtp.mailfrom=eve@evil.example\r\n"
    mail = read(told + letter(by=ETH, sender=EVE))
    assert (mail.proof, mail.outcome) == (Proof.PROVEN, Outcome.ANSWERED)
    assert [each["code"] for each in mail.proof_reasons][-1] == "our-server"
    assert mail.proof_reasons[-1]["words"] == "SPF: fail for eve@evil.example"


def test_a_signature_is_looked_up_some_six_times_a_day_at_growing_pauses(lab: Scene, settings: Any) -> None:
    settings.NAME_SERVERS = "none"
    mail = took(letter(by=ETH, sender=EVE))
    looks, pauses = 0, []
    while mail.state == InboundState.TAKEN:
        before = mail.due_at
        with clock.frozen(before):
            reading.work_off()
        mail.refresh_from_db()
        looks += 1
        pauses.append(mail.due_at - before)
        assert looks < 10
    assert 5 <= looks <= 8
    assert mail.proof == Proof.UNPROVEN
    assert pauses[:4] == sorted(pauses[:4])
    assert mail.settled_at is not None
    assert dt.timedelta(hours=23) < mail.settled_at - mail.taken_at < dt.timedelta(hours=25)


def test_what_waits_for_name_servers_never_comes_before_a_new_letter(lab: Scene, settings: Any) -> None:
    settings.NAME_SERVERS = "none"
    waits = [took(letter(by=ETH, sender=f"e{number}@ethz.ch")) for number in range(3)]
    reading.work_off()
    with clock.frozen(now() + dt.timedelta(minutes=20)):
        new = took(letter(by=ETH, sender=EVE))
        first = reading.claim_due()
        assert first == new
        assert [reading.claim_due() for _each in waits] == waits


def test_one_sweep_takes_up_nothing_more_after_a_minute(lab: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    budgets: list[float] = []

    def taken(_take: object, *, budget: float) -> Iterator[InboundMail]:
        budgets.append(budget)
        return iter(())

    monkeypatch.setattr(sweep, "taken", taken)
    assert reading.work_off() == 0
    assert budgets
    assert budgets[0] <= 60


def test_what_is_erased_while_name_servers_are_asked_stays_erased(lab: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = took(letter(by=ETH, sender=EVE, text="Ozymandias"))

    def asks(*_args: Any, **_more: Any) -> Examined:
        with act():
            forgetting.erase(InboundMail.objects.filter(pk=mail.pk))
        return Examined(Proof.UNKNOWN)

    monkeypatch.setattr(proof, "examine", asks)
    reading.work_off()
    mail.refresh_from_db()
    assert mail.erased_at is not None
    assert (mail.state, mail.sender, mail.subject, mail.text) == (InboundState.DONE, "", "", "")
