"""Who answers our mail quotes it, as does word that it did not arrive: its links and codes are not kept from there."""

from __future__ import annotations

from typing import Any

import pytest

from agreements.applications.models import Application
from agreements.catalog.models import Role
from agreements.flows import retention
from agreements.flows.mailbox import taking
from agreements.mail.inbox.models import InboundMail, Mailbox, Outcome
from tests.applications.cases import staff
from tests.flows.left_behind import found
from tests.flows.mailbox.letters_in import letter, pdf, read
from tests.flows.scene import Scene, signed_in
from tests.mail.inbox import letters

TOKEN = "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1"
LINK = f"https://portal.example.org/l/{TOKEN}"
SECRETS = (TOKEN, "482913", "BCDF-GHJK")
QUOTED = f"Your links, good for 14 days:\r\n{LINK}\r\nYour code is 482913\r\n    BCDF-GHJK\r\n"
TOP = f"From: MAILER-DAEMON@relay.example\r\nTo: {letters.OURS}\r\nSubject: failure notice {LINK} 482913\r\n"


def report(*parts: str) -> bytes:
    """Return a report with these parts, each with its header."""
    inside = "".join(f"--b\r\n{part}\r\n" for part in parts)
    head = "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    return (TOP + head + inside + "--b--\r\n").encode()


STATUS = (
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example\r\n\r\n"
    "Final-Recipient: rfc822; eve@hku.hk\r\nAction: failed\r\nStatus: 5.1.1\r\n"
)
REPORTS = {
    "in sentences": (TOP + f"\r\nI could not deliver to <eve@hku.hk>. The message:\r\n\r\n{QUOTED}").encode(),
    "with a page": report(f"Content-Type: text/html\r\n\r\n<p>{QUOTED}</p>", STATUS),
    "with the mail": report(STATUS, f"Content-Type: message/rfc822\r\n\r\nSubject: {LINK} 482913\r\n\r\n{QUOTED}"),
    "with its header": report(STATUS, f"Content-Type: text/rfc822-headers\r\n\r\nSubject: {LINK} 482913\r\n"),
    "named so": report(f'Content-Type: application/x; name="{TOKEN}"\r\n\r\n{QUOTED}', STATUS),
}


def kept_in_tables(*words: str) -> set[str]:
    return {place for place in found(*words) if " in table " in place}


@pytest.mark.parametrize("which", sorted(REPORTS))
def test_nothing_of_a_quoted_mail_is_kept_of_word_that_it_did_not_arrive(lab: Scene, which: str) -> None:
    mail = read(REPORTS[which])
    assert mail.outcome in {Outcome.BOUNCE, Outcome.AUTOMATIC}
    assert not kept_in_tables(*SECRETS)
    if mail.outcome == Outcome.BOUNCE:
        retention.run()
        assert not found(*SECRETS), "its bytes neither"


def test_an_answer_that_quotes_our_mail_shows_its_secrets_to_nobody(
    lab: Scene, draft: Application, settings: Any
) -> None:
    settings.STAFF_MFA_REQUIRED = False
    text = "Thanks, it works!\n\nOn Monday the lab wrote:\n" + QUOTED.replace("\r\n", "\n> ")
    raw = letter(pdf(b"none", f"{TOKEN}.txt"), text=text, subject=f"Re: {draft.reference} {LINK}")
    mail = read(raw)
    assert "Thanks, it works!" in mail.text
    assert mail.application_reference == draft.reference
    assert not kept_in_tables(*SECRETS)
    page = signed_in(staff(lab, "audrey", Role.AUDITOR)).get(f"/mailbox/{mail.pk}/").content.decode()
    assert "Thanks, it works!" in page
    for secret in SECRETS:
        assert secret not in page


def test_nor_is_it_kept_of_a_message_that_is_too_large(lab: Scene) -> None:
    mailbox = Mailbox.objects.create(name="agreements@portal.example.org/INBOX")
    head = TOP.encode() + b"\r\n" + QUOTED.encode()
    assert taking.take_head(mailbox=mailbox, head=head, size=60 * 1024 * 1024) is not None
    assert InboundMail.objects.get().sender == "mailer-daemon@relay.example"
    assert not kept_in_tables(*SECRETS)
