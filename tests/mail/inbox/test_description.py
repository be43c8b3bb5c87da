"""The same signed bytes under another description are other papers: none of it is proven."""

from __future__ import annotations

import base64
import re
from typing import Final

import pytest

from agreements.mail.inbox import parsing
from agreements.mail.inbox.models import Proof
from tests.mail.inbox.letters import ALICE, OURS, signed, write
from tests.mail.inbox.proving import PDF, codes, examined

BARE: Final = ("from", "to", "cc", "subject", "date", "message-id")
"""What Gmail signs of a letter's header."""
DESCRIBED: Final = (*BARE, "content-type")
EVES: Final = b"%PDF-1.7 the papers that Eve chose " * 10


def quoted(boundary: str) -> bytes:
    """What Eve wrote to Alice, and Alice's program quotes without marks."""
    head = f"--{boundary}\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(EVES).replace(b"\n", b"\r\n") + f"--{boundary}--\r\n".encode()


def own(kind: bytes, body: bytes, *, fields: tuple[str, ...] = BARE, more: bytes = b"") -> bytes:
    """Alice's letter as her server signed it; `more`: further lines of its header."""
    head = (
        f"From: {ALICE}\r\nTo: {OURS}\r\nSubject: Re: GeneBody Agreement\r\nDate: Mon, 02 Mar 2026 12:00:00 +0000\r\n"
    )
    described = b"MIME-Version: 1.0\r\n" + (b"Content-Type: " + kind + b"\r\n" if kind else b"") + more
    return signed(head.encode() + b"Message-ID: <9@connect.ust.hk>\r\n" + described + b"\r\n" + body, fields=fields)


def with_papers() -> bytes:
    """Alice's own letter with her form, whose text quotes Eve's."""
    raw = write(attachments=[("form.pdf", "application/pdf", PDF)])
    return raw.replace(b"Dear all,", b"Dear all,\r\n" + quoted("EVIL").replace(b"=", b"=3D"), 1)


def described_as(raw: bytes, kind: bytes) -> bytes:
    """The same bytes under another Content-Type; an empty one takes the field away."""
    found = re.search(rb"\r\nContent-Type: [^\r\n]*(?:\r\n[ \t][^\r\n]*)*", raw)
    assert found is not None
    changed = raw[: found.start()] + (b"\r\nContent-Type: " + kind if kind else b"") + raw[found.end() :]
    assert changed != raw
    return changed


OTHERS: Final = {
    "another boundary": (b'multipart/mixed; boundary="EVIL"', "divided"),
    "bare": (b"multipart/mixed; boundary=EVIL", "divided"),
    "the true one inside of another parameter": (b'multipart/mixed; x="boundary=@ "; boundary="EVIL"', "described"),
    "the same in one that is known": (b'multipart/mixed; type="boundary=@ "; boundary="EVIL"', "described"),
    "the true one in a name that ends alike": (b'multipart/mixed; x-boundary=@; boundary="EVIL"', "described"),
    "in pieces": (b'multipart/mixed; boundary*0="EVIL"; x="boundary=@ "', "described"),
    "in a charset": (b"multipart/mixed; boundary*=utf-8''EVIL", "described"),
    "twice": (b'multipart/mixed; boundary="@"; boundary="EVIL"', "described"),
    "escaped": (b'multipart/mixed; boundary="\\EVIL"', "described"),
    "behind a comment": (b'multipart/mixed; (boundary="@") boundary="EVIL"', "described"),
    "behind a separator of files": (b'\x1cmultipart/mixed; boundary="EVIL"', "described"),
    "behind an odd line end": (b'\xc2\x85multipart/mixed; boundary="EVIL"', "described"),
    "behind a lone odd line end": (b'\x85multipart/mixed; boundary="EVIL"', "described"),
    "a digest of letters": (b'multipart/digest; boundary="@"', "described"),
    "parts without a boundary": (b"multipart/mixed", "described"),
    "a letter inside": (b"message/rfc822", "described"),
    "a paper": (b"application/pdf", "described"),
    "a text of another kind": (b"text/x-pdf", "described"),
    "a text with a file name": (b"text/plain; name=form.pdf", "described"),
    "a text with a boundary": (b'text/plain; boundary="@"', "described"),
    "a text": (b"text/plain", "divided"),
    "a page": (b"text/html; charset=utf-8", "divided"),
    "nothing at all": (b"", "divided"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_signed_letter_under_another_description_is_not_proven(name: str) -> None:
    kind, code = OTHERS[name]
    raw = signed(with_papers(), fields=BARE)
    found = re.search(rb"boundary=\"([^\"]+)\"", raw)
    assert found is not None
    assert examined(raw).proof == Proof.PROVEN
    assert codes(described_as(raw, kind.replace(b"@", found[1]))) == [code]


@pytest.mark.parametrize("name", OTHERS)
def test_nor_where_the_signature_covers_the_description(name: str) -> None:
    raw = signed(with_papers(), fields=DESCRIBED)
    assert examined(raw).proof == Proof.PROVEN
    assert codes(described_as(raw, OTHERS[name][0])) in (["changed"], ["described"])


def test_a_quotation_in_a_plain_letter_becomes_no_papers() -> None:
    text = b"Eve, I do not want to apply. The lab (Cc) may help you.\r\n\r\n____________\r\nFrom: Eve\r\n\r\n"
    for closing in (b"", b"\r\nAlice\r\n"):
        raw = own(b"text/plain; charset=utf-8", text + quoted("EVIL") + closing)
        forged = described_as(raw, b"multipart/mixed; boundary=EVIL")
        assert [one.data for one in parsing.read(forged).attachments] == [EVES]
        assert codes(forged) == ["divided"]
    assert examined(raw).proof == Proof.PROVEN


@pytest.mark.parametrize("preamble", [b"", b"\r\n", b"This is a multi-part message in MIME format.\r\n", b"Parts:\r\n"])
def test_papers_do_not_vanish_from_a_letter_that_is_called_a_text(preamble: bytes) -> None:
    raw = own(b"multipart/mixed; boundary=b", preamble + quoted("b"))
    assert codes(described_as(raw, b"text/plain")) == ["divided"]
    assert examined(raw).proof == (Proof.UNPROVEN if b"Parts" in preamble else Proof.PROVEN)


def test_a_text_becomes_no_attached_paper() -> None:
    text = base64.encodebytes(EVES).replace(b"\n", b"\r\n")
    raw = own(b"text/plain", b"Dear all,\r\n" + text, more=b"X-Mine: 1\r\n")
    assert examined(raw).proof == Proof.PROVEN
    for line in (b"Content-Disposition: attachment; filename=form.pdf", b"Content-Transfer-Encoding: base64"):
        assert codes(raw.replace(b"X-Mine: 1", line, 1)) == ["described"]
    assert codes(raw.replace(b"X-Mine: 1", b"Content-Transfer-Encoding: x-uuencode", 1)) == ["described"]
    assert codes(raw.replace(b"X-Mine: 1", b"Content-Disposition: inline\r\nContent-Disposition: attachment", 1)) == [
        "twice"
    ]


def test_parts_are_in_no_coding_and_papers_in_the_one_that_was_signed() -> None:
    raw = own(b"multipart/mixed; boundary=b", quoted("b"), more=b"Content-Transfer-Encoding: 7bit\r\n")
    assert examined(raw).proof == Proof.PROVEN
    assert codes(raw.replace(b"Encoding: 7bit", b"Encoding: base64", 1)) == ["described"]
    paper, coding = base64.encodebytes(EVES).replace(b"\n", b"\r\n"), b"Content-Transfer-Encoding: base64\r\n"
    fields = (*DESCRIBED, "content-transfer-encoding")
    assert examined(own(b"application/pdf", paper, more=coding, fields=fields)).proof == Proof.PROVEN
    assert codes(own(b"application/pdf", paper, more=coding, fields=DESCRIBED)) == ["described"]
    assert codes(own(b"application/pdf", paper, more=coding)) == ["described"]


def test_an_empty_line_that_becomes_blanks_moves_no_text_into_the_header_of_a_part() -> None:
    """Relaxed canonicalization does not tell the two apart; parsers do."""
    hidden = b"Content-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(EVES)
    hidden = hidden.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for header in (b"Content-Type: text/plain\r\n", b""):
        raw = own(
            b"multipart/mixed; boundary=b", b"--b\r\n" + header + b"\r\n" + hidden + b"--b--\r\n", fields=DESCRIBED
        )
        assert parsing.read(raw).attachments == ()
        assert examined(raw).proof == Proof.PROVEN
        forged = raw.replace(b"\r\n\r\nContent-Disposition", b"\r\n \r\nContent-Disposition", 1)
        assert [one.data for one in parsing.read(forged).attachments] == [EVES]
        assert codes(forged) == ["irregular"]


WRITTEN: Final = {
    "Gmail": b'multipart/mixed; boundary="b"',
    "Outlook": b'multipart/mixed;\r\n\tboundary="b"',
    "Apple": b'multipart/alternative;\r\n\tboundary="b";\r\n charset="utf-8"',
    "Thunderbird": b'multipart/mixed; boundary="b"; charset=UTF-8',
    "Lotus": b'Multipart/Related; type="multipart/alternative"; BOUNDARY="b"; start="<1@x>";',
    "GnuPG": b'multipart/signed; micalg=pgp-sha512; protocol="application/pgp-signature"; boundary=b',
}


@pytest.mark.parametrize("program", WRITTEN)
def test_descriptions_as_programs_write_them(program: str) -> None:
    assert examined(own(WRITTEN[program], quoted("b"))).proof == Proof.PROVEN


@pytest.mark.parametrize(
    "kind", [b"", b"text/plain", b"text/plain; charset=utf-8; format=flowed; delsp=yes", b'TEXT/HTML; charset="UTF-8"']
)
@pytest.mark.parametrize(
    "text", [b"Dear all,\r\n-- \r\nAlice\r\n", b"Dear all,\r\n-----------\r\n---------\r\n", b"\r\n\r\n", b""]
)
def test_texts_as_people_write_them(kind: bytes, text: bytes) -> None:
    assert examined(own(kind, text)).proof == Proof.PROVEN
    assert examined(own(kind, text, more=b"Content-Disposition: inline\r\n")).proof == Proof.PROVEN
    assert examined(own(kind, text, more=b"Content-Transfer-Encoding: quoted-printable\r\n")).proof == Proof.PROVEN


def test_a_text_in_base64() -> None:
    text = base64.encodebytes("親愛的\r\n".encode() * 20).replace(b"\n", b"\r\n")
    raw = own(b"text/plain; charset=utf-8", text, more=b"Content-Transfer-Encoding: base64\r\n")
    assert examined(raw).proof == Proof.PROVEN
