"""What is refused before any parser sees it, and how long the worst of what is not refused takes."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable

import pytest

from agreements.mail.inbox import caps, parsing, proof
from agreements.mail.inbox.caps import Unreadable
from tests.mail.inbox.letters import NOON, OURS

MB = 1024 * 1024
HEADER = (
    b"From: Alice Chan <alice@connect.ust.hk>\r\nTo: agreements@portal.example.org\r\n"
    b"Date: Mon, 02 Mar 2026 12:00:00 +0000\r\nSubject: GeneBody Agreement\r\nMIME-Version: 1.0\r\n"
)
MIXED = HEADER + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
REPORT = HEADER + b"Content-Type: message/delivery-status\r\n\r\n"


def nested(depth: int) -> bytes:
    return HEADER + b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (number, number) for number in range(depth)
    )


def to(names: bytes) -> bytes:
    return HEADER.replace(b"To: ", b"To: " + names) + b"\r\n"


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "60 MB": (lambda: HEADER + b"\r\n" + b"x" * 60 * MB, "too-large"),
    "a header of 1 MB": (lambda: HEADER + b"X-Long: " + b"x" * MB + b"\r\n\r\n", "header-too-large"),
    "a header without an end": (lambda: b"X: y\r\n" * 20_000, "header-too-large"),
    "a sender's name of 1 MB": (
        lambda: b"From: " + b"x" * MB + b" <a@b.example>\r\n\r\n",
        "header-too-large",
    ),
    "a sender's name of 3 KB": (lambda: b"From: " + b"x" * 3000 + b" <a@b.example>\r\n\r\n", "sender-too-long"),
    "a folded sender of 3 KB": (lambda: b"From: a\r\n" + b" b\r\n" * 800 + b"\r\n", "sender-too-long"),
    "a folded sender of 3 KB behind lone CRs": (lambda: b"From: a\r" + b" b\r" * 1000 + b"\r\n\r\n", "sender-too-long"),
    "a second sender of 3 KB": (lambda: b"From: a@b.example\r\nfrom : " + b"x" * 3000 + b"\r\n\r\n", "sender-too-long"),
    "5,000 comments inside each other": (lambda: b"From: " + b"(" * 5000 + b"\r\n\r\n", "sender-too-long"),
    "100,000 parts": (lambda: MIXED + b"--b\r\n\r\nx\r\n" * 100_000, "too-many-parts"),
    "1,000 parts inside each other": (lambda: nested(1000), "too-deep"),
    "33 parts inside each other": (lambda: nested(33), "too-deep"),
    "1,000 forwarded messages inside each other": (
        lambda: HEADER + b"Content-Type: message/rfc822\r\n\r\n" * 1000,
        "too-deep",
    ),
    "a million lines": (lambda: HEADER + b"\r\n" + b"\r\n" * 1_000_000, "too-many-lines"),
    "a million lines that end with CR": (lambda: HEADER + b"\r\n" + b"x\r" * 1_000_000, "too-many-lines"),
    "a boundary of 10 KB": (
        lambda: HEADER + b"Content-Type: multipart/mixed; boundary=" + b"b" * 10_000 + b"\r\n\r\n",
        "part-field-too-long",
    ),
    "a file name of 10 KB": (
        lambda: MIXED + b"--b\r\nContent-Disposition: attachment;\r\n" + b' a="' * 3000 + b"\r\n\r\n",
        "part-field-too-long",
    ),
    "a report with 5,000 entries": (lambda: REPORT + b"A: b\r\n\r\n" * 5000, "report-too-long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_too_much_is_refused_within_a_second(name: str) -> None:
    make, code = REFUSED[name]
    raw = make()
    start = time.process_time()
    for refusing in (caps.check, parsing.read):
        with pytest.raises(Unreadable) as refused:
            refusing(raw)
        assert refused.value.code == code
        assert refused.value.words.endswith(".")
    assert time.process_time() - start < 1.5


def test_each_reason_is_said_in_words() -> None:
    with pytest.raises(Unreadable, match=r"^The message is larger than 25 MB\.$"):
        caps.check(b"x" * 26 * MB)
    with pytest.raises(Unreadable, match=r"^It has more than 2,000 parts\.$"):
        caps.check(MIXED + b"--b\r\n" * 2001)


@pytest.mark.parametrize(
    "raw",
    [
        MIXED + b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" + (b"QUJD" * 15 + b"\r\n") * 400_000,
        MIXED + b"--b\r\n\r\n" + b"-- \r\nA line of a long quotation\r\n" * 1500,
        HEADER + b"X-Folded: a\r\n" + b" b\r\n" * 10_000 + b"\r\n",
        b"",
        b"\r\n",
    ],
    ids=["24 MB of base64", "a long quotation", "a long field", "nothing", "no header"],
)
def test_what_people_send_passes(raw: bytes) -> None:
    caps.check(raw)


WORST: dict[str, Callable[[], bytes]] = {
    "24 MB of base64": lambda: (
        MIXED
        + b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + (b"QUJD" * 19 + b"\r\n") * 320_000
        + b"\r\n--b--\r\n"
    ),
    "half a million fields of a part": lambda: MIXED + b"--b\r\n" + b"a: b\r\n" * 499_000,
    "half a million lines in 31 parts": lambda: nested(31) + b"x\r\n" * 490_000,
    "lines like boundaries in 31 parts": lambda: nested(31) + b"--x\r\ny\r\n" * 1900 + b"x\r\n" * 400_000,
    "2,000 parts": lambda: MIXED + b"--b\r\n\r\nx\r\n" * 1990,
    "fields of a report": lambda: REPORT + b"A: b\r\n" * 490_000,
    "24 MB of blanks": lambda: HEADER + b"\r\n" + b" " * 24 * MB + b"x\r\n",
    "open tags": lambda: HEADER + b"Content-Type: text/html\r\n\r\n" + b"<style<" * 3 * MB,
    "7,000 recipients": lambda: to(b"a@b.example, " * 4500),
    "60,000 open brackets": lambda: to(b"(" * 60_000),
    "30,000 escapes in open quotes": lambda: to(b'"\\' * 30_000),
    "30,000 escapes in open brackets": lambda: to(b"(\\" * 30_000),
    "60,000 quotes": lambda: to(b'"' * 59_999),
    "9,000 broken encoded words": lambda: HEADER.replace(b"GeneBody", b"=?a?q?" * 9000) + b"\r\n",
    "4,000 encoded words": lambda: HEADER.replace(b"GeneBody", b"=?utf-8?q?a?= " * 4000) + b"\r\n",
    "quotes in 1,900 descriptions": lambda: (
        MIXED + (b"--b\r\nContent-Type: application/pdf;" + b' a="' * 900 + b"\r\n\r\nx\r\n") * 1900
    ),
    "a name in 250 pieces, 1,900 times": lambda: (
        MIXED + (b"--b\r\nContent-Disposition: attachment;" + b" filename*0*=a;" * 250 + b"\r\n\r\nx\r\n") * 1900
    ),
    "24 MB of broken base64": lambda: (
        MIXED + b"--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"Q*=" * 8 * MB
    ),
    "24 MB of UTF-7": lambda: HEADER + b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+AAAA-" * 4 * MB,
    "24 MB of Punycode": lambda: HEADER + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-b" * 8 * MB,
    "blanks in a signature": lambda: b"DKIM-Signature: a=b;" + (b" b" + b" " * 38) * 180 + b"\r\n" + HEADER + b"\r\n",
}


# As heavy as "24 MB of base64", and no other way through the code.
HEAVY = {"24 MB of blanks", "open tags", "24 MB of broken base64", "24 MB of UTF-7", "24 MB of Punycode"}


@pytest.mark.parametrize("name", [pytest.param(one, marks=[pytest.mark.long] if one in HEAVY else []) for one in WORST])
def test_the_worst_that_passes_is_read_in_two_seconds(name: str) -> None:
    raw = WORST[name]()
    caps.check(raw)
    start = time.process_time()
    parsing.read(raw)
    read_in = time.process_time() - start
    proof.examine(raw, our_addresses=[OURS], at=NOON)
    # Of CPU, where others use it too: a quiet machine needs at most 1.4 and 1.0.
    assert read_in < 4
    assert time.process_time() - start - read_in < 3


def test_reading_24_mb_takes_so_much_memory_and_no_more() -> None:
    raw = WORST["24 MB of base64"]()
    tracemalloc.start()
    parsing.read(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 250 * MB
