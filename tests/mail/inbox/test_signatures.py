"""Signatures and keys that prove nothing, whatever they cover."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from Crypto.PublicKey import RSA
from Crypto.Util.number import getPrime
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pytest_django import Settings

from agreements.mail import dns
from agreements.mail.dns import Failing, NoAnswer, Zone
from agreements.mail.inbox import proof
from agreements.mail.inbox.models import Proof
from tests.mail.inbox import letters
from tests.mail.inbox.letters import NOON, signed, write
from tests.mail.inbox.proving import ALICES, ED, EVIL, codes, examined, letter
from tests.services import name_server

SIGNINGS: dict[str, tuple[Callable[[], bytes], str]] = {
    "another domain": (lambda: signed(letter(), EVIL), "not-aligned"),
    "a name below the sender's domain": (lambda: signed(letter(), letters.key("mail.connect.ust.hk")), "not-aligned"),
    "a sister department": (lambda: signed(letter(), letters.key("cs.ust.hk")), "not-aligned"),
    "a bare public suffix": (lambda: signed(letter(), letters.key("hk")), "not-aligned"),
    "a domain that ends alike": (lambda: signed(letter(), letters.key("t.ust.hk")), "not-aligned"),
    "room for more text": (lambda: signed(letter(), tags={"l": "40"}) + b"and more\r\n", "length"),
    "room for more text, unused": (lambda: signed(letter(), tags={"l": "99999"}), "length"),
    "SHA-1": (lambda: signed(letter(), tags={"a": "rsa-sha1"}), "algorithm"),
    "no Subject": (lambda: signed(letter(), fields=("from", "to", "date")), "uncovered"),
    "no To": (lambda: signed(letter(), fields=("from", "subject", "date")), "uncovered"),
    "no Date": (lambda: signed(letter(), fields=("from", "to", "subject")), "uncovered"),
    "no Cc": (lambda: signed(write(cc="lee@lab.example"), fields=("from", "to", "subject", "date")), "uncovered"),
    "no From": (lambda: signed(letter(), fields=("to", "subject", "date")), "malformed"),
    "an identity of another domain": (lambda: signed(letter(), tags={"i": "@evil.example"}), "identity"),
    "an identity that ends alike": (lambda: signed(letter(), tags={"i": "@evilconnect.ust.hk"}), "identity"),
    "somebody else of that domain": (lambda: signed(letter(), tags={"i": "eve@connect.ust.hk"}), "identity"),
    "somebody below that domain": (lambda: signed(letter(), tags={"i": "alice@cs.connect.ust.hk"}), "identity"),
    "a domain below the sender's": (lambda: signed(letter(), tags={"i": "@cs.connect.ust.hk"}), "identity"),
    "a tag twice": (lambda: signed(letter(), tags={"x-a": "1; d=evil.example"}), "malformed"),
    "another way of asking": (lambda: signed(letter(), tags={"q": "http"}), "malformed"),
    "a version nobody knows": (lambda: signed(letter(), tags={"v": "2"}), "malformed"),
    "a moment to come": (lambda: signed(letter(), at=NOON + dt.timedelta(hours=2)), "future"),
    "a moment long ago": (lambda: signed(letter(), at=NOON - dt.timedelta(days=8)), "old"),
    "an end that has passed": (
        lambda: signed(letter(), tags={"x": str(int(NOON.timestamp()) - 1)}, at=NOON - dt.timedelta(days=1)),
        "expired",
    ),
    "an end before its beginning": (
        lambda: signed(letter(), tags={"x": str(int(NOON.timestamp()) + 60)}, at=NOON + dt.timedelta(minutes=30)),
        "expired",
    ),
}


@pytest.mark.parametrize("name", SIGNINGS)
def test_what_such_a_signature_covers_is_not_proven(name: str) -> None:
    make, code = SIGNINGS[name]
    domains = ("evil.example", "mail.connect.ust.hk", "cs.ust.hk", "hk", "t.ust.hk")
    assert codes(make(), zone=letters.ZONE | letters.zone(*map(letters.key, domains))) == [code]


KEYS = {
    "none": ({}, "key-missing"),
    "something else": ({"TXT": ["v=spf1 -all"]}, "key-missing"),
    "withdrawn": ({"TXT": ["v=DKIM1; k=rsa; p="]}, "key-revoked"),
    "for tests": ({"TXT": [ALICES.record + "; t=y"]}, "key-testing"),
    "for tests, among flags": ({"TXT": [ALICES.record + "; t=s:y"]}, "key-testing"),
    "two": ({"TXT": [ALICES.record, letters.key(bits=1024).record]}, "key-several"),
    "of another kind": ({"TXT": [ED.record]}, "key-unusable"),
    "for another service": ({"TXT": [ALICES.record + "; s=tlsrpt"]}, "key-unusable"),
    "for SHA-1 alone": ({"TXT": [ALICES.record + "; h=sha1"]}, "key-unusable"),
    "of another version": ({"TXT": [ALICES.record.replace("DKIM1", "DKIM2")]}, "key-unusable"),
    "broken": ({"TXT": ["v=DKIM1; k=rsa; p=AAAA"]}, "key-unusable"),
    "no base64": ({"TXT": ["v=DKIM1; k=rsa; p=é"]}, "key-unusable"),
    "named twice": ({"TXT": [ALICES.record + "; " + ALICES.record]}, "key-unusable"),
}


@pytest.mark.parametrize("name", KEYS)
def test_a_key_that_may_not_be_used_proves_nothing(name: str) -> None:
    records, code = KEYS[name]
    zone: Zone = {("connect.ust.hk", "A"): ["192.0.2.1"]} | {
        (ALICES.name, kind): said for kind, said in records.items()
    }
    assert codes(signed(letter()), zone=zone) == [code]


def test_a_key_below_1024_bits_proves_nothing() -> None:
    weak = letters.Key("connect.ust.hk", "weak", _weak_key())
    assert codes(signed(letter(), weak), zone=letters.zone(weak)) == ["key-size"]


def _weak_key() -> RSAPrivateKey:
    """768 bits, from another library: cryptography makes none that small any more."""
    made = RSA.construct(_small_rsa()).export_key("DER")
    key = load_der_private_key(made, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


def _small_rsa() -> tuple[int, int, int, int, int]:
    p, q = getPrime(384), getPrime(384)
    return p * q, 65537, pow(65537, -1, (p - 1) * (q - 1)), p, q


def test_a_key_for_names_of_the_domain_alone() -> None:
    strict: Zone = {(ALICES.name, "TXT"): [ALICES.record + "; t=s"]}
    assert examined(signed(letter(), tags={"i": "alice@connect.ust.hk"}), zone=strict).proof == Proof.PROVEN
    assert codes(signed(letter(), tags={"i": "@sub.connect.ust.hk"}), zone=strict) == ["identity"]


@pytest.mark.parametrize("failing", list(Failing))
def test_where_no_server_answers_it_is_unknown_and_asked_again(failing: Failing) -> None:
    found = examined(signed(letter()), zone={(ALICES.name, "*"): failing})
    assert found.proof == Proof.UNKNOWN
    assert found.reasons[0]["words"] == "No name server had the key of connect.ust.hk when asked."
    assert examined(signed(letter())).proof == Proof.PROVEN


@pytest.mark.parametrize(
    "identity", ["alice@connect.ust.hk", "Alice@CONNECT.ust.hk", "=61lice@connect.ust.hk", "@connect.ust.hk"]
)
def test_an_identity_that_is_the_senders_own(identity: str) -> None:
    assert examined(signed(letter(), tags={"i": identity})).proof == Proof.PROVEN


def test_the_senders_own_identity_under_the_key_of_the_university() -> None:
    university = letters.key("ust.hk")
    for identity in ("alice@connect.ust.hk", "@connect.ust.hk", "alice@ust.hk"):
        raw = signed(letter(), university, tags={"i": identity})
        assert examined(raw, zone=letters.zone(university)).proof == Proof.PROVEN
    raw = signed(letter(), university, tags={"i": "alice@students.ust.hk"})
    assert codes(raw, zone=letters.zone(university)) == ["identity"]


def test_silent_servers_are_asked_once_for_all_signatures_of_a_domain(settings: Settings) -> None:
    zone: Zone = {("connect.ust.hk", "A"): ["192.0.2.1"]} | {
        (f"s{number}._domainkey.connect.ust.hk", "*"): Failing.TIMEOUT for number in range(5)
    }
    raw = letter()
    for number in range(5):
        raw = signed(raw, letters.key(selector=f"s{number}"))
    with name_server.running(zone) as server:
        settings.NAME_SERVERS = server.setting
        found = proof.examine(raw, our_addresses=[letters.OURS], at=NOON)
        again = proof.examine(raw, our_addresses=[letters.OURS], at=NOON)
    assert (found.proof, again.proof) == (Proof.UNKNOWN, Proof.UNKNOWN)
    assert [reason["code"] for reason in found.reasons] == ["no-answer"]
    # The first look asked for one key, again and again while it had time; the second knows that it is of no use.
    assert len({name for name, _kind in server.asked}) == 1
    assert len(server.asked) <= 3


def test_all_servers_of_one_letter_have_four_seconds_together(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    clock = [0.0]
    monkeypatch.setattr("agreements.mail.dns.time.monotonic", lambda: clock[0])

    def silent(_name: str, _kind: str, left: float) -> None:
        given.append(left)
        clock[0] += left
        raise NoAnswer

    raw = write(sender="Alice <alice@a.b.c.ust.hk>")
    for domain in ("ust.hk", "c.ust.hk", "b.c.ust.hk", "a.b.c.ust.hk"):
        raw = signed(raw, letters.key(domain))
    with dns.using({}):
        dns._asked_instead.set(silent)
        assert proof.examine(raw, our_addresses=[letters.OURS], at=NOON).proof == Proof.UNKNOWN
        assert given == [3.0, 1.0]
        given.clear()
        clock[0] += 60
        assert proof.examine(raw, our_addresses=[letters.OURS], at=NOON).proof == Proof.UNKNOWN
        assert given == [3.0, 1.0], "the one that had no time is not taken for silent"


def test_what_could_never_be_proven_asks_nobody() -> None:
    nobody: Zone = {(EVIL.name, "*"): Failing.TIMEOUT, (ALICES.name, "*"): Failing.TIMEOUT}
    assert codes(signed(letter(), EVIL), zone=nobody) == ["not-aligned"]
    assert codes(signed(write(to="x@y.example")), zone=nobody) == ["not-to-us"]


def test_five_signatures_are_looked_at_and_no_more() -> None:
    raw = signed(letter())
    for _again in range(5):
        raw = signed(raw, EVIL)
    assert codes(raw) == ["not-aligned"] * 5 + ["many"]
