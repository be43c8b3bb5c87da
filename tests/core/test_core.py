"""The clock, actors, references, derived secrets, wake-ups."""

from __future__ import annotations

import datetime as dt
import re
import threading
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.db.models import F

from agreements.catalog.models import Dataset
from agreements.core import actors, clock, references, secrets, wakeups
from agreements.core.secrets import KeyRing, UnknownKey
from agreements.core.wakeups import Wakeup

MOMENT = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
RING = KeyRing({1: bytes(32), 3: bytes(range(32))})


def test_a_frozen_clock_stands_still_here_and_nowhere_else() -> None:
    elsewhere: list[dt.datetime] = []
    with clock.frozen(MOMENT):
        thread = threading.Thread(target=lambda: elsewhere.append(clock.now()))
        thread.start()
        thread.join()
        assert (clock.now(), clock.today()) == (MOMENT, MOMENT.date())
    assert elsewhere[0] != MOMENT
    assert clock.now() != MOMENT
    assert clock.now().tzinfo is dt.UTC
    with pytest.raises(ValueError, match="time zone"), clock.frozen(MOMENT.replace(tzinfo=None)):
        pass


def test_a_person_has_a_key_and_a_job_has_none() -> None:
    person, job = actors.person(public_id="abc", pk=7), actors.job("expiry")
    assert (person.id, person.pk, person.is_person) == ("person:abc", 7, True)
    assert (job.id, job.person_pk, job.is_person) == ("system:expiry", None, False)
    with pytest.raises(ValueError, match="system:expiry is not a person"):
        _ = job.pk


def test_references_have_no_letters_to_confuse() -> None:
    made = {references.new_reference(prefix="GB", kind=references.APPLICATION) for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch(r"GB-A-[2-9A-HJKMNP-TV-Z]{6}", reference) for reference in made)
    assert not set(references.ALPHABET) & set("01ILO")


@pytest.mark.django_db
def test_a_reference_that_is_taken_is_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Dataset.objects.create(slug="GB-A-222222", reference_prefix="GB")
    rows = Dataset.objects.annotate(reference=F("slug"))
    drawn = iter(["GB-A-222222", "GB-A-222222", "GB-A-333333"])
    monkeypatch.setattr(references, "new_reference", lambda **_: next(drawn))
    assert references.free_reference(rows, prefix="GB", kind="A") == "GB-A-333333"


def test_what_is_derived_is_hkdf_of_length_prefixed_inputs() -> None:
    info = b"\0\0\0\5label\0\0\0\1a\0\0\0\2bc"
    for length in (1, 16, 32, 33, 100):
        expected = HKDF(SHA256(), length, salt=None, info=info).derive(bytes(range(32)))
        assert RING.derive("label", b"a", b"bc", number=3, length=length) == expected


def test_no_two_uses_meet() -> None:
    inputs = [("x", (b"ab", b"c")), ("x", (b"a", b"bc")), ("x", (b"abc",)), ("xa", (b"bc",)), ("x", ())]
    made = {RING.derive(label, *parts, number=1, length=16) for label, parts in inputs}
    assert len(made) == len(inputs)
    assert RING.derive("x", number=1, length=16) != RING.derive("x", number=3, length=16)
    labels = [secrets.PASSWORD, secrets.SALT, secrets.LINK, secrets.QR, secrets.INVITATION]
    labels += [secrets.SECOND_FACTOR, secrets.CHECK]
    assert len(set(labels)) == len(labels)


def test_a_ring_names_its_numbers_and_never_its_keys() -> None:
    assert (RING.current, RING.numbers) == (3, (1, 3))
    assert repr(RING) == str(RING) == "KeyRing(numbers=[1, 3])"
    with pytest.raises(UnknownKey, match="master key 2") as refused:
        RING.derive("x", number=2, length=16)
    assert refused.value.__cause__ is None


def test_crockford_takes_the_leading_bits() -> None:
    assert secrets.crockford(bytes([0xFF, 0, 0, 0, 0]), characters=8) == "ZW000000"
    long = sha256(b"").digest()
    assert secrets.crockford(long, characters=51).startswith(secrets.crockford(long, characters=20))


def test_tags_are_cut_and_compared_whole() -> None:
    tag = secrets.tag(b"key", b"a", b"b", length=16)
    assert len(tag) == 16
    assert tag != secrets.tag(b"key", b"ab", length=16)
    assert secrets.same(tag, bytes(tag))
    assert secrets.same("é", "é".encode())
    assert not secrets.same(tag, tag[:-1])


@pytest.mark.django_db
def test_a_poke_that_fails_reaches_nobody(django_capture_on_commit_callbacks: object) -> None:
    calls = []

    def wake() -> None:
        calls.append("woken")
        raise ConnectionError("no broker")

    before = dict(wakeups._registry)
    try:
        wakeups.register(Wakeup.MAIL, wake)
        with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
            wakeups.poke(Wakeup.MAIL)
            assert calls == []
        assert calls == ["woken"]
    finally:
        wakeups._registry.update(before)
