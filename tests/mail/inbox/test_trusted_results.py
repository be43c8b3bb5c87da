"""What our own mail server found out, and nobody else's word for it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from agreements.mail.inbox import trusted_results
from agreements.mail.inbox.models import Proof
from agreements.mail.inbox.trusted_results import Result
from tests.mail.inbox.letters import signed, write
from tests.mail.inbox.proving import examined

RESULTS = (
    b"Authentication-Results: mx.portal.example (OpenDKIM; v2) 1;\r\n"
    b"\tspf=pass (sender ok; really) smtp.mailfrom=alice@connect.ust.hk;\r\n"
    b'\tdkim=pass reason="good; very" header.d=connect.ust.hk; dmarc=none\r\n'
)
RECEIVED = b"Received: from mail.ust.hk by mx.portal.example\r\n"


@pytest.fixture(autouse=True)
def our_server(settings: Settings) -> None:
    settings.AUTHSERV_ID = "mx.portal.example"


def test_what_our_server_says_is_read() -> None:
    found = trusted_results.read(RESULTS + RECEIVED + write())
    assert found == (
        Result("spf", "pass", "alice@connect.ust.hk"),
        Result("dkim", "pass", "connect.ust.hk"),
        Result("dmarc", "none", ""),
    )
    assert [one.words for one in found] == [
        "SPF: pass for alice@connect.ust.hk",
        "DKIM: pass for connect.ust.hk",
        "DMARC: none",
    ]


@pytest.mark.parametrize("sign", [True, False])
def test_it_is_told_beside_what_was_found_of_the_sender_and_changes_nothing(sign: bool) -> None:
    raw = signed(write()) if sign else write()
    bare, told = examined(raw), examined(RESULTS + RECEIVED + raw)
    assert told.proof == bare.proof == (Proof.PROVEN if sign else Proof.UNPROVEN)
    assert told.reasons == [
        *bare.reasons,
        {"code": "our-server", "words": "SPF: pass for alice@connect.ust.hk"},
        {"code": "our-server", "words": "DKIM: pass for connect.ust.hk"},
        {"code": "our-server", "words": "DMARC: none"},
    ]


def test_a_delivery_within_our_own_server_may_stand_above() -> None:
    assert trusted_results.read(b"Received: by mx.portal.example (LMTP)\r\n" + RESULTS + RECEIVED + write())


@pytest.mark.parametrize(
    "raw",
    [
        RECEIVED + RECEIVED + RESULTS + write(),
        RECEIVED + RECEIVED + write(headers={"Authentication-Results": "mx.portal.example; spf=pass"}),
        RESULTS.replace(b"mx.portal.example (", b"mx.evil.example (") + write(),
        RESULTS.replace(b"mx.portal.example (", b"mx.portal.example.evil.example (") + write(),
        RESULTS.replace(b"mx.portal.example (", b"(mx.portal.example) x (") + write(),
        b"Authentication-Results: spf=pass smtp.mailfrom=mx.portal.example; dkim=pass\r\n" + write(),
        b"Authentication-Results: \r\n" + write(),
        b"Authentication-Results: ((((;;;\r\n" + write(),
        b"Authentication-Results: mx.portal.example; none\r\n" + write(),
        b"",
    ],
    ids=["below", "in the letter", "another", "longer", "comment", "Microsoft", "empty", "broken", "none", "nothing"],
)
def test_nobody_elses_word_is_taken(raw: bytes) -> None:
    assert trusted_results.read(raw) == ()


def test_the_topmost_alone_counts() -> None:
    forged = b"Authentication-Results: mx.portal.example; spf=pass smtp.mailfrom=provost@ust.hk\r\n"
    true = b"Authentication-Results: MX.portal.example; spf=fail smtp.mailfrom=eve@evil.example\r\n"
    assert trusted_results.read(true + RECEIVED + forged + write()) == (Result("spf", "fail", "eve@evil.example"),)


def test_without_a_server_of_ours_nothing_is_believed(settings: Settings) -> None:
    settings.AUTHSERV_ID = ""
    assert trusted_results.read(RESULTS + RECEIVED + write()) == ()
