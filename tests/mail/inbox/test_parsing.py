"""What is read from messages as programs and enemies write them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agreements.core.invisible import is_invisible
from agreements.mail.inbox import automatic, mailboxes, parsing
from agreements.mail.inbox.caps import Unreadable
from agreements.mail.inbox.models import InboundMail
from tests.mail.inbox import letters
from tests.mail.inbox.letters import NOON, OURS, signed, write

PDF = b"%PDF-1.7 form"


def raw_letter(*lines: str | bytes, body: bytes = b"Hello\r\n") -> bytes:
    written = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return b"\r\n".join([*written, b"", body])


def mixed(*parts: bytes) -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"
    return raw_letter("From: alice@connect.ust.hk", "Content-Type: multipart/mixed; boundary=b", body=body)


def named(disposition: str | bytes) -> str:
    """The name of a file that is described so."""
    line = disposition if isinstance(disposition, bytes) else disposition.encode()
    part = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; " + line + b"\r\n\r\n%PDF"
    [found] = parsing.read(mixed(part)).attachments
    return found.name


def test_a_letter_is_read_whole() -> None:
    found = parsing.read(
        signed(
            write(
                cc="Prof. Lee <LEE@cs.ust.hk>, x@y.example",
                attachments=[("form.pdf", "application/pdf", PDF), ("scan.png", "image/png", b"\x89PNG")],
                headers={"In-Reply-To": "<a@b>", "References": "<0@b> <a@b>"},
            )
        )
    )
    assert (found.sender, found.sender_name) == ("alice@connect.ust.hk", "Alice Chan")
    assert found.to == (OURS,)
    assert found.cc == ("lee@cs.ust.hk", "x@y.example")
    assert (found.subject, found.message_id) == ("GeneBody Agreement", "<1@connect.ust.hk>")
    assert (found.in_reply_to, found.references) == ("<a@b>", ("<0@b>", "<a@b>"))
    assert found.sent_at == NOON
    assert found.text == "Dear all,\n\nplease find the signed agreement.\n\nAlice Chan"
    assert [(one.name, one.type, one.data) for one in found.attachments] == [
        ("form.pdf", "application/pdf", PDF),
        ("scan.png", "image/png", b"\x89PNG"),
    ]
    assert found.field("DKIM-Signature").startswith("v=1; a=rsa-sha256;")
    assert automatic.why_automatic(found) == ""


@pytest.mark.parametrize(
    ("line", "sender", "name"),
    [
        ("From: Alice@Connect.UST.hk", "alice@connect.ust.hk", ""),
        ('From: "Chan, Alice" <a@b.example>', "a@b.example", "Chan, Alice"),
        ("From: =?gb2312?B?s8K088TW?= <a@b.example>", "a@b.example", "陈大闹"),
        ("From: =?utf-8?q?a=0D=0ABcc=3A_eve=40x?= <a@b.example>", "a@b.example", "a Bcc: eve@x"),
        ("From: (Alice) a@b.example", "a@b.example", "Alice"),
        ("From: Alice\u202eecila <a@b.example>", "a@b.example", "Aliceecila"),
        ("From: a@b.example, c@d.example", "", "a@b.example, c@d.example"),
        ("From: Alice", "", "Alice"),
        ("From: <@route:a@b.example>", "a@b.example", ""),
        ("From:", "", ""),
        ("X-From: a@b.example", "", ""),
    ],
)
def test_senders(line: str, sender: str, name: str) -> None:
    found = parsing.read(raw_letter(line))
    assert (found.sender, found.sender_name) == (sender, name)


def test_a_second_from_leaves_no_sender() -> None:
    found = parsing.read(raw_letter("From: a@b.example", "From: c@d.example"))
    assert (found.sender, found.sender_name) == ("", "a@b.example, c@d.example")


def test_raw_bytes_of_gbk_in_the_header_are_read() -> None:
    gbk = "陈大文".encode("gbk")
    found = parsing.read(raw_letter(b"From: " + gbk + b" <chen@tsinghua.edu.cn>", b"Subject: " + gbk))
    assert (found.sender, found.sender_name, found.subject) == ("chen@tsinghua.edu.cn", "陈大文", "陈大文")


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("=?utf-8?q?GeneBody=0AAgreement?=", "GeneBody Agreement"),
        ("=?utf-8?q?a=00b=07c?=", "a b c"),
        ("=?gb2312?B?1tDOxITZ?=", "中文勝"),
        ("=?nosuch?q?caf=C3=A9?=", "café"),
        ("=?utf-8?b?broken!?=", "broken!"),
        ("GeneBody\r\n  Agreement", "GeneBody Agreement"),
        ("=?utf-8?q?Gene?= =?utf-8?q?Body?=", "GeneBody"),
        ("=?rot13?q?Trar?=", "Gene"),
        ("\u202eGene\u200bBody\u202c", "GeneBody"),
        ("x" * 400, "x" * 300),
        ("=?utf-7?q?+2AA-?=", None),
        ("\\ud800 =?utf-8?q?a?=", None),
    ],
)
def test_subjects(subject: str, read: str | None) -> None:
    found = parsing.read(raw_letter(f"Subject: {subject}")).subject
    found.encode()
    assert "\n" not in found
    if read is not None and not subject.startswith(("=?utf-8?b?broken", "=?rot13")):
        assert found == read


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("中文".encode("gbk"), "text/plain; charset=gb2312", "中文"),
        ("勝利".encode("gb18030"), "text/plain; charset=GB2312", "勝利"),
        ("中文".encode("big5"), "text/plain; charset=big5", "中文"),
        ("café".encode(), "text/plain; charset=nosuch", "café"),
        ("“café”".encode("cp1252"), "text/plain; charset=iso-8859-1", "“café”"),
        (b"caf\xff\xfe", "text/plain; charset=utf-8", "caf��"),
        ("中文".encode("gbk"), "text/plain", "中文"),
        (b"a\0b\x07c\r\nd", "text/plain", "abc\nd"),
        ("a\u202eb".encode(), "text/plain; charset=utf-8", "ab"),
        (b"<style>p{}</style><p>Dear <b>all</b></p>", "text/html", "Dear  all"),
        (b"x", "text/plain; charset=hex", "x"),
        (b"x", 'text/plain; charset="../../etc"', "x"),
    ],
)
def test_texts_in_all_charsets(body: bytes, kind: str, text: str) -> None:
    assert parsing.read(raw_letter(f"Content-Type: {kind}", body=body)).text == text


def test_a_long_text_is_cut_at_a_character() -> None:
    assert len(parsing.read(raw_letter("Subject: x", body="é".encode() * 30_000)).text) == 10_000


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="form.pdf"', "form.pdf"),
        ('filename="../../etc/cron.d/x"', "x"),
        ('filename="C:\\\\Users\\\\alice\\\\form.pdf"', "form.pdf"),
        ("filename*=utf-8''%E5%90%8C%E6%84%8F%E4%B9%A6.pdf", "同意书.pdf"),
        ("filename*=utf-8''..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("filename*=nosuch''form%2Epdf", "form.pdf"),
        ("filename*0=for; filename*1=m.pdf", "form.pdf"),
        ('filename="=?utf-8?B?5ZCM5oSP5LmmLnBkZg==?="', "同意书.pdf"),
        ('filename="=?gb2312?B?zazS4srpLnBkZg==?="', "同意书.pdf"),
        ('filename="form\u202efdp.exe"', "formfdp.exe"),
        ('filename="a\\\r\n b.pdf"', "b.pdf"),
        ('filename=""', "attachment 1"),
        ('filename=".."', "attachment 1"),
        ('filename="/"', "attachment 1"),
        ("x=y", "attachment 1"),
        ('filename="' + "x" * 400 + '.pdf"', "x" * 190 + ".pdf"),
        ('filename="a:b|c?.pdf"', "a_b_c_.pdf"),
    ],
)
def test_names_of_files_are_for_eyes_and_no_paths(disposition: str, name: str) -> None:
    assert named(disposition) == name


def test_a_name_in_raw_gbk() -> None:
    assert named('filename="同意书.pdf"'.encode("gbk")) == "同意书.pdf"


def test_a_message_that_is_nothing_but_a_pdf() -> None:
    found = parsing.read(raw_letter("Content-Type: application/pdf; name=form.pdf", body=PDF))
    assert [(one.name, one.data.strip()) for one in found.attachments] == [("form.pdf", PDF)]


def test_a_text_that_is_attached_is_a_paper_and_not_the_text() -> None:
    found = parsing.read(
        mixed(
            b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nattached",
            b"\r\nhello",
        )
    )
    assert found.text == "hello"
    assert [one.name for one in found.attachments] == ["a.txt"]


def test_papers_beyond_fifty_are_counted() -> None:
    found = parsing.read(mixed(*[b"Content-Type: image/png\r\n\r\nx"] * 60))
    assert (len(found.attachments), found.left_out) == (50, 10)


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("Mon, 02 Mar 2026 20:00:00 +0800", NOON),
        ("Mon, 02 Mar 2026 12:00:00 -0000", NOON),
        ("2 Mar 2026 12:00 GMT", NOON),
        ("yesterday", None),
        ("Mon, 02 Mar 2026 12:00:00 +99999999", None),
        ("Mon, 99 Mar 2026 12:00:00 +0000", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Mon, 01 Jan 2001 00:00:00 +2500", None),
        ("", None),
    ],
)
def test_dates(written: str, moment: dt.datetime | None) -> None:
    assert parsing.read(raw_letter(f"Date: {written}")).sent_at == moment


def test_the_header_that_is_shown_is_the_one_that_is_signed() -> None:
    """The standard library takes the line behind a lone CR for a field of its own; so do we, and call it irregular."""
    raw = letters.signed(write()).replace(b"Subject: GeneBody", b"Subject: GeneBody\rFrom: eve@evil.example")
    assert parsing.read(raw).sender == ""


@pytest.mark.parametrize("error", [RecursionError, LookupError, ValueError])
def test_whatever_breaks_inside_is_a_message_that_could_not_be_read(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def breaks(*_args: object) -> None:
        raise error("inside")

    monkeypatch.setattr(parsing, "_text", breaks)
    with pytest.raises(Unreadable, match=r"^The way in which it is written could not be read\.$") as unreadable:
        parsing.read(write())
    assert unreadable.value.code == "parser-" + error.__name__.lower()


def test_addresses_in_a_field() -> None:
    found = mailboxes.read(b'"A, B" <a@b.example>, c@d.example (C; D), group: e@f.example, x;, , <>, "q"')
    assert [(one.name, one.address) for one in found.found if one.address] == [
        ("A, B", "a@b.example"),
        ("C; D", "c@d.example"),
        ("", "e@f.example"),
    ]
    assert not found.clean


_LINES = st.sampled_from(
    [
        b"From: ", b"To: ", b"Subject: ", b"Date: ", b"Content-Type: ", b"multipart/mixed; boundary=b\r\n", b"\r\n",
        b"--b\r\n", b"--b--\r\n", b"message/rfc822\r\n", b"text/plain; charset=", b"=?utf-8?b?", b"?=", b"filename*0*=",
        b"Content-Disposition: attachment; filename=\"", b"Content-Transfer-Encoding: base64\r\n", b"\"", b"<", b">",
        b"a@b.example", b"\xff", b"\0", b"\r", b"\xd6\xd0", b"(", b")", b"\\", b"utf-16", b"x-uuencode",
        b"message/delivery-status",
    ]
)  # fmt: skip


@hypothesis_settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(_LINES, st.binary(max_size=12)), max_size=40))
def test_any_bytes_are_read_or_unreadable_and_fit_their_columns(pieces: list[bytes]) -> None:
    try:
        found = parsing.read(b"".join(pieces))
    except Unreadable:
        return
    automatic.why_automatic(found)
    for column in ("sender", "sender_name", "subject", "message_id"):
        value = getattr(found, column)
        most = getattr(InboundMail._meta.get_field(column), "max_length")  # noqa: B009 - relations have none
        assert most is not None
        assert len(value) <= most
        assert not any(is_invisible(one) or ord(one) < 32 or "\ud800" <= one <= "\udfff" for one in value)
    for name in [found.text, *(one.name for one in found.attachments), *(one.type for one in found.attachments)]:
        name.encode()
        assert "\0" not in name
    assert all(one.name and "/" not in one.name and "\\" not in one.name for one in found.attachments)
