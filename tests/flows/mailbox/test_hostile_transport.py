"""Messages that were made to hurt whoever fetches them: the poller goes on, and each is listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreements.flows.mailbox import polling, raw
from agreements.mail.inbox.models import InboundMail, InboundState
from tests.flows.mailbox.boxes import Box, a_box, mail, taken
from tests.services.dovecot import Dovecot

pytestmark = pytest.mark.django_db
MB = 1024 * 1024


@pytest.fixture
def box(dovecot_server: Dovecot, settings: Any, tmp_path: Path) -> Box:
    return a_box(dovecot_server, settings, tmp_path / "papers")


def parts(count: int) -> bytes:
    """Return a message of that many empty parts."""
    head = b'Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
    return head + b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"


HOSTILE = {
    "a header line of 1 MB": b"From: " + b"a" * MB + b" <a@b.example>\r\nSubject: long\r\n\r\nbody\r\n",
    "100,000 header fields": b"X-Field: 1\r\n" * 100_000 + b"\r\nbody\r\n",
    "100,000 parts": parts(100_000),
    "NULs": b"From: a@b.example\r\nSubject: nul\x00nul\r\n\r\nbo\x00dy\x00\r\n",
    "8-bit garbage in the header": b"From: \xff\xfe\x80 <a@b.example>\r\nSubj\xe9ct: \xb1\xb1\xbe\xa9\r\n\r\nbody\r\n",
    "no header": b"\r\n\r\nonly a body\r\n",
    "no line end": b"From: a@b.example",
    "lone line feeds": b"From: a@b.example\nSubject: lf\n\nbody\n",
    "lone carriage returns": b"From: a@b.example\rSubject: cr\r\rbody\r",
    "an answer of the server in the text": mail(7, body=')\r\nA1 OK FETCH completed\r\n* 99 FETCH (UID 99 BODY[] "x")'),
}


def test_each_is_listed_and_the_good_ones_between_them_are_taken(box: Box) -> None:
    sixty = mail(60, body=("x" * 76 + "\r\n") * (60 * MB // 78))
    box.server.drop([mail(1), *HOSTILE.values(), sixty, mail(2)], user=box.user)
    done = polling.poll()
    assert (done.taken, done.too_large, done.left, done.error) == (len(HOSTILE) + 2, 1, 0, "")
    assert box.counts == (0, len(HOSTILE) + 2, 1)
    lies_there = box.server.contents(box.user, "Processed")
    kept = [raw.bytes_of(row) for row in taken() if row.state == InboundState.TAKEN]
    assert sorted(kept) == sorted(lies_there)
    assert {mail(1), mail(2)} < set(kept)
    large = InboundMail.objects.get(state=InboundState.UNREADABLE)
    assert large.size == len(sixty)
    assert large.reason.startswith("It has 60.0 MiB, and no more than 25.0 MiB are taken.")
