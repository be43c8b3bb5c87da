"""Who is a proven sender, and every way of forging one that we know."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable

import pytest

from agreements.mail.inbox.models import Proof
from tests.mail.inbox import letters
from tests.mail.inbox.letters import NOON, OURS, signed, write
from tests.mail.inbox.proving import ED, EVIL, FIELDS, PDF, codes, dkimpy_says, examined, letter


@pytest.mark.parametrize("canonical", ["relaxed/relaxed", "relaxed/simple", "simple/relaxed", "simple/simple"])
def test_a_signed_letter_to_us(canonical: str) -> None:
    raw = signed(letter(), canonical=canonical, at=None)
    found = examined(raw)
    assert (found.proof, found.domain) == (Proof.PROVEN, "connect.ust.hk")
    assert found.reasons == [{"code": "signed", "words": "connect.ust.hk signed it (RSA, 2048 bits)."}]
    assert len(found.signature_sha256) == 64
    assert dkimpy_says(raw)


def test_one_signed_by_ed25519() -> None:
    assert examined(signed(letter(), ED)).reasons[0]["words"] == "connect.ust.hk signed it (Ed25519)."


def test_a_key_of_1024_bits_is_taken_and_told() -> None:
    small = letters.key(bits=1024)
    found = examined(signed(letter(), small), zone=letters.zone(small))
    assert found.reasons[0]["words"] == "connect.ust.hk signed it (RSA, 1024 bits)."


def test_what_servers_add_on_the_way_changes_nothing() -> None:
    raw = b"Received: from a by b\r\nReturn-Path: <alice@connect.ust.hk>\r\n" + signed(letter())
    assert examined(raw).proof == Proof.PROVEN


def test_a_plus_tag_of_our_own_address() -> None:
    assert examined(signed(write(to="Agreements+genebody@Portal.example.org"))).proof == Proof.PROVEN


def test_our_address_in_cc_among_others() -> None:
    raw = write(to="Prof. Lee <lee@lab.example>, friends: ann@x.example, bob@y.example;", cc=f"Office <{OURS}>")
    assert examined(signed(raw)).proof == Proof.PROVEN


def test_the_university_signs_for_its_department() -> None:
    university = letters.key("ust.hk")
    assert examined(signed(letter(), university), zone=letters.zone(university)).domain == "ust.hk"


def test_a_domain_in_another_script() -> None:
    key = letters.key("xn--fsqu00a.xn--55qx5d.cn")
    raw = write(sender="a@例子.公司.cn").replace(b"=?utf-8?b?", b"=?utf-8?b?")
    raw = raw.replace(raw.split(b"\r\n")[0], "From: a@例子.公司.cn".encode())
    assert examined(signed(raw, key), zone=letters.zone(key)).domain == "xn--fsqu00a.xn--55qx5d.cn"


@pytest.mark.parametrize(
    "sender",
    [
        "alice@connect.ust.hk",
        "<alice@connect.ust.hk>",
        '"Chan, Alice" <alice@connect.ust.hk>',
        "alice@connect.ust.hk (Alice Chan)",
        '"alice@connect.ust.hk" <alice@connect.ust.hk>',
        "=?utf-8?b?6Zmz5aSn5paH?= <alice@connect.ust.hk>",
    ],
)
def test_all_plain_ways_of_writing_a_sender(sender: str) -> None:
    raw = b"From: " + sender.encode() + letter()[letter().index(b"\r\n") :]
    assert examined(signed(raw)).proof == Proof.PROVEN


def test_a_good_signature_below_others_that_are_not() -> None:
    assert examined(signed(signed(letter()), EVIL)).domain == "connect.ust.hk"


def test_a_letter_without_a_subject() -> None:
    assert examined(signed(write(subject=None))).proof == Proof.PROVEN


def test_a_week_old_but_no_more() -> None:
    raw = signed(letter())
    assert examined(raw, at=NOON + dt.timedelta(days=7)).proof == Proof.PROVEN
    assert codes(raw, at=NOON + dt.timedelta(days=7, seconds=1)) == ["old"]


def test_an_hour_ahead_but_no_more() -> None:
    raw = signed(letter())
    assert examined(raw, at=NOON - dt.timedelta(hours=1)).proof == Proof.PROVEN
    assert codes(raw, at=NOON - dt.timedelta(hours=1, seconds=1)) == ["future"]


def test_the_date_alone_bounds_it_where_the_signature_has_no_moment() -> None:
    raw = signed(letter(), at=None)
    assert examined(raw, at=NOON + dt.timedelta(days=7)).proof == Proof.PROVEN
    assert codes(raw, at=NOON + dt.timedelta(days=7, seconds=1)) == ["old"]
    assert codes(raw, at=NOON - dt.timedelta(hours=1, seconds=1)) == ["future"]


def test_extra_names_in_h_guard_against_fields_that_are_added() -> None:
    raw = signed(letter(), fields=(*FIELDS, "from", "to", "subject", "reply-to"))
    assert examined(raw).proof == Proof.PROVEN
    assert dkimpy_says(raw)
    assert codes(b"Reply-To: eve@evil.example\r\n" + raw) == ["changed"]


def _replace(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(raw: bytes) -> bytes:
        assert old in raw
        return raw.replace(old, new, 1)

    return change


def _above(line: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: line + b"\r\n" + raw


def _below(line: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", 1)


def _inserted(text: bytes) -> Callable[[bytes], bytes]:
    """Put something right before the end of the header's first field that nobody signs."""
    return _replace(b"X-Mailer: Mail", b"X-Mailer: Mail" + text)


CHANGES = {
    "the text": (_replace(b"signed agreement", b"signed disagreement"), "changed"),
    "an attachment": (_replace(base64.b64encode(PDF[:30])[:20], b"JVBERi0xLjcgdGhlIHNi"), "changed"),
    "text after the end": (lambda raw: raw + b"One thing more.\r\n", "changed"),
    "the sender's name": (_replace(b"From: Alice Chan", b"From: Alice Chen"), "changed"),
    "the sender's address": (_replace(b"<alice@", b"<alicia@"), "changed"),
    "the subject": (_replace(b"Subject: GeneBody", b"Subject: [list] GeneBody"), "changed"),
    "the date": (_replace(b"Mon, 02 Mar 2026 12:00:00", b"Mon, 02 Mar 2026 12:00:01"), "changed"),
    "the recipients": (_replace(OURS.encode(), b"eve@evil.example, " + OURS.encode()), "changed"),
    "a Cc that was signed as absent": (_below(b"Cc: eve@evil.example"), "changed"),
    "quoting of From in the text": (_replace(b"please find", b">From please find"), "changed"),
    "a second From above": (_above(b"From: provost@connect.ust.hk"), "twice"),
    "a second From below": (_below(b"From: provost@connect.ust.hk"), "twice"),
    "a second Subject": (_above(b"Subject: GeneBody Agreement and more"), "twice"),
    "a second To": (_above(b"To: eve@evil.example"), "twice"),
    "a second Date": (_above(b"Date: Mon, 02 Mar 2026 12:00:00 +0000"), "twice"),
    "a second Content-Type": (_above(b'Content-Type: multipart/mixed; boundary="x"'), "twice"),
    "a From with a blank before the colon": (_above(b"From : provost@connect.ust.hk"), "irregular"),
    "a Subject with a blank before the colon": (_above(b"Subject : other"), "irregular"),
    "a field behind a lone CR": (_inserted(b"\rFrom: provost@connect.ust.hk"), "irregular"),
    "a field behind a lone LF": (_inserted(b"\nX: y"), "irregular"),
    "a field behind a NUL": (_inserted(b"\0From: provost@connect.ust.hk"), "irregular"),
    "a line that is no field": (_below(b"From provost@connect.ust.hk"), "irregular"),
    "a line of blanks": (_below(b"X-Other: a\r\n \t"), "irregular"),
    "a first line that is folded": (_above(b" From: provost@connect.ust.hk"), "irregular"),
    "lone line ends in the text": (_replace(b"Dear all,\r\n", b"Dear all,\n"), "irregular"),
    "all line ends": (lambda raw: raw.replace(b"\r\n", b"\n"), "irregular"),
    "no signature": (lambda raw: raw[raw.index(b"From:") :], "unsigned"),
    "the signature's own claims": (_replace(b"s=s1;", b"s=s1; x=9999999999;"), "changed"),
    "the signature's value": (_replace(b"b=", b"b=AAAA"), "changed"),
    "the value's alphabet": (_replace(b"\tb=", b"\tb=!"), "malformed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_signed_letter_that_was_changed_is_not_proven(name: str) -> None:
    change, code = CHANGES[name]
    raw = signed(letter(), fields=[one for one in FIELDS if one != "content-type"])
    assert examined(raw).proof == Proof.PROVEN
    assert codes(change(raw)) == [code]


SENDERS = {
    "two addresses": "alice@connect.ust.hk, eve@evil.example",
    "none": "undisclosed:;",
    "empty": "",
    "a group": "staff: alice@connect.ust.hk;",
    "a name that is another address": '"provost@ust.hk" <alice@connect.ust.hk>',
    "the same, encoded": "=?utf-8?q?provost=40ust=2Ehk?= <alice@connect.ust.hk>",
    "the same, with a wide @": "=?utf-8?b?cHJvdm9zdO+8oHVzdC5oaw==?= <alice@connect.ust.hk>",
    "an encoded local part": "=?utf-8?q?provost?=@connect.ust.hk",
    "an address behind an encoded one": "<provost@ust.hk> <alice@connect.ust.hk>",
    "a comment inside": "<alice@(ust.hk)connect.ust.hk>",
    "a comment that does not end": "alice@connect.ust.hk (provost@ust.hk",
    "quotes inside": '<"provost@ust.hk"@connect.ust.hk>',
    "quotes that do not end": '"provost <alice@connect.ust.hk>',
    "a route": "<@ust.hk:alice@connect.ust.hk>",
    "no closing bracket": "Alice <alice@connect.ust.hk",
    "words behind": "<alice@connect.ust.hk> provost@ust.hk",
    "two at signs": "provost@ust.hk@connect.ust.hk",
    "no domain": "alice",
    "an address literal": "alice@[192.0.2.1]",
}


@pytest.mark.parametrize("name", SENDERS)
def test_a_sender_that_programs_or_people_could_read_differently_is_not_proven(name: str) -> None:
    raw = letter()
    raw = b"From: " + SENDERS[name].encode() + raw[raw.index(b"\r\n") :]
    assert codes(signed(raw)) in (["sender"], ["mask"])


def test_a_sender_in_bytes_of_no_charset_is_not_proven() -> None:
    raw = letter().replace(b"Alice Chan", "陳大文".encode("gbk"))
    assert codes(signed(raw)) == ["sender"]


def test_a_letter_signed_for_somebody_else_proves_nothing_to_us() -> None:
    assert codes(signed(write(to="reviews@journal.example"))) == ["not-to-us"]
    assert codes(signed(write(to=None))) == ["not-to-us"]
    assert codes(signed(write(to=f'"{OURS}" <reviews@journal.example>'))) == ["not-to-us"]
    for odd in (f'"{OURS}"', f"{OURS} <reviews@journal.example", f"<{OURS}"):
        raw = write().replace(f"To: {OURS}".encode(), f"To: {odd}".encode())
        assert codes(signed(raw)) == ["not-to-us"]


def test_a_letter_without_a_date_is_not_proven() -> None:
    assert codes(signed(write(date=None))) == ["date"]
    raw = letter().replace(b"Mon, 02 Mar 2026", b"some day")
    assert codes(signed(raw)) == ["date"]


def test_other_unsigned_fields_are_the_same_letter() -> None:
    raw = signed(letter())
    again = b"Received: from elsewhere\r\nX-New: 1\r\n" + raw.replace(b"X-Mailer: Mail", b"X-Mailer: Other")
    assert again != raw
    assert examined(again).proof == Proof.PROVEN
    assert examined(again).signature_sha256 == examined(raw).signature_sha256


def test_a_signature_in_other_lines_is_the_same_letter() -> None:
    raw = signed(letter())
    head, value = raw.split(b"\tb=", 1)
    again = head + b"\tb=" + value.replace(b"\r\n\t ", b"\r\n  ", 1)
    assert again != raw
    assert examined(again).proof == Proof.PROVEN
    assert examined(again).signature_sha256 == examined(raw).signature_sha256


def test_each_of_two_signatures_is_of_the_same_letter() -> None:
    one, other = signed(letter(), ED), signed(letter())
    both = signed(other, ED, fields=FIELDS)
    sums = {examined(raw).signature_sha256 for raw in (both, both[both.index(b"\r\nDKIM") + 2 :])}
    assert len(sums) == 1
    assert examined(one).proof == Proof.PROVEN


def test_fields_in_another_order_or_case_are_the_same_letter() -> None:
    raw = signed(letter())
    again = raw.replace(b"Subject: GeneBody Agreement", b"SUBJECT:  GeneBody\r\n Agreement")
    assert examined(again).signature_sha256 == examined(raw).signature_sha256 != ""


def test_blanks_that_the_signature_does_not_count_make_no_other_letter() -> None:
    raw = signed(letter())
    again = raw.replace(b"Dear all,\r\n", b"Dear  all, \r\n") + b"\r\n"
    assert examined(again).signature_sha256 == examined(raw).signature_sha256 != ""


def test_another_letter_is_another() -> None:
    seen = {
        examined(signed(raw)).signature_sha256
        for raw in (write(), write(text="Other."), write(subject="Other"), write(date=NOON - dt.timedelta(hours=1)))
    }
    assert len(seen) == 4
