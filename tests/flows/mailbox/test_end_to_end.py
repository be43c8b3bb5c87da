"""Mail from a researcher's server to the case and back: a real Dovecot, a real SMTP server, real name servers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agreements.applications import submission
from agreements.applications.models import Application, EvidenceRun, SignedCopy, State
from agreements.catalog.terms import in_force
from agreements.core.clock import now
from agreements.flows.mailbox import polling, reading
from agreements.mail import drain
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome, Proof
from agreements.review import gathering
from tests.flows.mailbox.boxes import Box, a_box
from tests.flows.mailbox.letters_in import ETH, EVE, ZONE, issued_pdf, letter, pdf
from tests.flows.mailbox.test_drafting import GRACE, filled
from tests.flows.mailbox.test_reading import HOSTILE, ODD
from tests.flows.scene import SITE, Scene
from tests.mail.inbox import letters
from tests.services import name_server, smtp_sink
from tests.services.dovecot import Dovecot
from tests.services.smtp_sink import SmtpSink


@dataclass
class Post:
    """The mailbox at the lab's server, and the server that takes the lab's own mail."""

    box: Box
    sink: SmtpSink

    def deliver(self, raw: bytes, *, sender: str) -> None:
        """Bring a message the way a mail server does: it puts its own fields on top."""
        self.box.server.deliver(raw, self.box.user, sender=sender)

    def work(self) -> None:
        """Poll, read, gather and send, as the tasks do."""
        polling.poll()
        reading.work_off()
        gathering.work_off()
        drain.drain()


@pytest.fixture
def post(dovecot_server: Dovecot, lab: Scene, settings: Any, tmp_path: Path) -> Iterator[Post]:
    box = a_box(dovecot_server, settings, tmp_path / "papers")
    with name_server.running(ZONE) as names, smtp_sink.running() as sink:
        settings.NAME_SERVERS = names.setting
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = sink.host, sink.port
        settings.DEFAULT_FROM_EMAIL = "Countersign <access@portal.example.org>"
        settings.SITE_URL = "https://portal.example.org"
        yield Post(box, sink)


def only() -> InboundMail:
    return InboundMail.objects.get()


def test_a_signed_form_that_is_mailed_in_becomes_evidence_on_the_right_application(
    post: Post, draft: Application
) -> None:
    post.deliver(letter(pdf(issued_pdf(draft), "scan.pdf"), cc="prof@connect.ust.hk"), sender="alice@connect.ust.hk")
    post.work()
    mail = only()
    assert (mail.outcome, mail.proof, mail.proof_domain) == (Outcome.SIGNED_COPY, Proof.PROVEN, "connect.ust.hk")
    draft.refresh_from_db()
    assert draft.state == State.SUBMITTED
    run = EvidenceRun.objects.get(submission__application=draft)
    found = {each["check"]: each["outcome"] for each in run.findings}
    assert (found["structure"], found["page_set"]) == ("pass", "pass")
    handed_in = submission.newest(draft)
    assert handed_in is not None
    assert handed_in.signed_copy.mail_id == mail.pk
    assert [one.recipients for one in post.sink.messages] == [("alice@connect.ust.hk",)], "nobody in Cc is written to"
    assert "received" in post.sink.messages[0].message["Subject"]
    assert post.box.counts == (0, 1, 0)


def test_a_filled_blank_form_becomes_a_draft_and_the_link_of_the_answer_continues_it(post: Post, lab: Scene) -> None:
    raw = letter(pdf(filled(in_force(lab.dataset))), by=ETH, sender=GRACE, message_id="<77@ethz.ch>", cc="prof@ethz.ch")
    post.deliver(raw, sender="grace@ethz.ch")
    post.work()
    draft = Application.objects.get()
    (answer,) = post.sink.messages
    assert answer.recipients == ("grace@ethz.ch",)
    headers = answer.message
    assert (headers["In-Reply-To"], headers["References"]) == ("<77@ethz.ch>", "<77@ethz.ch>")
    assert headers["Auto-Submitted"].startswith("auto-")
    link = re.search(r"https://portal\.example\.org(/applications/\S+)", answer.text)
    assert link
    browser = Client()
    assert browser.get(link[1]).status_code == 302, "the link alone opens nothing"
    browser.post("/accounts/login/", {"login": "grace@ethz.ch", "email": "grace@ethz.ch"})
    code = re.search(r"[0-9A-Z]{3}-[0-9A-Z]{3}", post.sink.messages[-1].text)
    assert code
    browser.post("/accounts/login/code/confirm/", {"code": code.group()})
    page = browser.get(link[1]).content.decode()
    assert "What you mailed" in page
    assert "Grace Łukaszewska" in browser.get(f"{link[1]}details/").content.decode()
    browser.post(f"{link[1]}site/", SITE | {"members": ""})
    browser.post(f"{link[1]}agreement/")
    post.deliver(letter(pdf(issued_pdf(draft)), by=ETH, sender=GRACE), sender="grace@ethz.ch")
    post.work()
    draft.refresh_from_db()
    assert draft.state == State.SUBMITTED


def test_what_is_forged_changed_or_replayed_is_never_proven_and_never_answered(post: Post, draft: Application) -> None:
    paper = pdf(issued_pdf(draft))
    for name, (raw, why) in tricks(paper).items():
        post.deliver(raw, sender="alice@connect.ust.hk")
        post.work()
        mail = InboundMail.objects.order_by("-pk")[0]
        assert (mail.proof, [each["code"] for each in mail.proof_reasons]) == (Proof.UNPROVEN, [why]), name
        assert mail.outcome in {Outcome.SHOWN, Outcome.KEPT}, name
    assert InboundMail.objects.count() == len(tricks(paper))
    assert not SignedCopy.objects.exists()
    assert post.sink.messages == []
    draft.refresh_from_db()
    assert draft.state == State.DRAFT
    post.deliver(letter(paper, subject="GENEBODY AGREEMENT"), sender="alice@connect.ust.hk")
    post.work()
    draft.refresh_from_db()
    assert draft.state == State.SUBMITTED


def test_a_replay_with_other_unsigned_headers_is_never_proven_and_never_answered(post: Post, lab: Scene) -> None:
    good = letter(by=ETH, sender=EVE)
    post.deliver(good, sender="eve@ethz.ch")
    post.work()
    assert only().outcome == Outcome.ANSWERED
    for number in range(3):
        post.deliver(b"Reply-To: victim%d@else.example\r\n" % number + good, sender="eve@ethz.ch")
    post.work()
    replayed = InboundMail.objects.order_by("pk")[1:]
    assert [(each.proof, each.proof_reasons[-1]["code"]) for each in replayed] == [("unproven", "seen-before")] * 3
    assert [one.recipients for one in post.sink.messages] == [("eve@ethz.ch",)]


def test_hostile_mail_goes_through_the_whole_way_and_each_is_listed_with_its_reason(post: Post, lab: Scene) -> None:
    made: dict[str, Callable[[], bytes]] = HOSTILE | {name: make for name, make in ODD.items() if make()}
    raws = [make() for make in made.values()]
    post.box.server.drop([*raws, b"From: a@b.example\r\n\r\n" + b"x" * (60 * 2**20)], user=post.box.user)
    machine = letter(by=ETH, sender=EVE, headers={"Auto-Submitted": "auto-replied"})
    post.deliver(machine, sender="eve@ethz.ch")
    post.deliver(letter(by=ETH, sender=EVE), sender="eve@ethz.ch")
    for _round in range(3):
        post.work()
    mails = list(InboundMail.objects.order_by("pk"))
    assert len(mails) == len(raws) + 3
    assert {mail.state for mail in mails} <= {InboundState.DONE, InboundState.UNREADABLE}
    assert all(mail.reason for mail in mails)
    assert sum(mail.reason_code == "too-large" for mail in mails) >= 1
    assert [mail.outcome for mail in mails].count(Outcome.AUTOMATIC) == 1
    assert [one.recipients for one in post.sink.messages] == [("eve@ethz.ch",)], "the one letter of a person"
    assert post.box.count("INBOX") == 0


def tricks(paper: letters.Attachment) -> dict[str, tuple[bytes, str]]:
    """Return letters with Alice's signed form that do not prove to be hers, and the code of why, by the trick."""
    at = now()
    good = letter(paper, subject="good")
    plain = letter(paper, sign=False)
    head, _blank, body = good.partition(b"\r\n\r\n")
    size = str(len(plain.partition(b"\r\n\r\n")[2]))
    middle = len(body) // 2
    line = body.index(b"\r\n", middle) + 2
    changed = body[:line] + (b"A" if body[line : line + 1] != b"A" else b"B") + body[line + 1 :]
    old = at - dt.timedelta(days=60)
    return {
        "From forged": (plain, "unsigned"),
        "l= used": (letters.signed(plain, at=at, tags={"l": size}) + b"and more\r\n", "length"),
        "a second From": (b"From: Eve <eve@ethz.ch>\r\n" + good, "twice"),
        "DKIM of another domain": (letters.signed(plain, letters.key("evil.example"), at=at), "not-aligned"),
        "a changed attachment": (head + b"\r\n\r\n" + changed, "changed"),
        "signed for another recipient": (letter(paper, to="registrar@connect.ust.hk"), "not-to-us"),
        "months old": (letters.signed(letters.write(attachments=[paper], date=old), at=old), "old"),
    }
