"""What a letter brings along of other messages is not its sender's own."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from agreements.mail.inbox import parsing
from tests.mail.inbox.letters import write
from tests.mail.inbox.test_parsing import PDF, mixed, raw_letter


def test_what_is_inside_of_forwarded_messages_is_listed_as_that_and_is_not_the_text() -> None:
    inner = EmailMessage(policy=SMTP)
    inner["From"] = "bob@ust.hk"
    inner.set_content("see the form")
    inner.add_attachment(PDF, maintype="application", subtype="pdf", filename="inner.pdf")
    for _depth in range(3):
        outer = EmailMessage(policy=SMTP)
        outer["From"] = "alice@connect.ust.hk"
        outer.set_content("forwarded")
        outer.add_attachment(inner)
        inner = outer
    found = parsing.read(inner.as_bytes())
    assert [(one.name, one.forwarded) for one in found.attachments][-1] == ("inner.pdf", True)
    assert [one.type for one in found.attachments] == ["text/plain"] * 3 + ["application/pdf"]
    assert all(one.forwarded for one in found.attachments)
    assert found.text == "forwarded"


@pytest.mark.parametrize("kind", ["message/rfc822", "message/global", "text/rfc822-headers", "message/partial"])
def test_the_text_of_a_message_inside_is_never_taken_for_that_of_the_letter(kind: str) -> None:
    inner = b"From: portal@portal.example.org\r\nContent-Type: text/plain\r\n\r\nYour link\r\n"
    found = parsing.read(mixed(f"Content-Type: {kind}\r\n\r\n".encode() + inner))
    assert found.text == ""
    assert [one.forwarded for one in found.attachments] == [True]


def test_a_message_that_is_nothing_but_another_has_no_text_and_no_papers_of_its_own() -> None:
    inner = write(attachments=[("form.pdf", "application/pdf", PDF)])
    found = parsing.read(raw_letter("Content-Type: message/rfc822", body=inner))
    assert found.text == ""
    assert [(one.name, one.forwarded) for one in found.attachments][-1] == ("form.pdf", True)


def test_papers_of_the_letter_itself_are_not_forwarded() -> None:
    [found] = parsing.read(write(attachments=[("form.pdf", "application/pdf", PDF)])).attachments
    assert not found.forwarded


def test_what_is_passed_on_crowds_out_no_paper_of_the_letter() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\nContent-Type: image/png\r\n\r\nx"
    found = parsing.read(mixed(*[inner] * 30, b"Content-Type: application/pdf; name=own.pdf\r\n\r\n%PDF"))
    first, *others = found.attachments
    assert (first.name, first.forwarded) == ("own.pdf", False)
    assert len(others) == 30
