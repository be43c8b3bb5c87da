"""Checkpoints: signed, found again in what is pasted, and what they tell of a record that was changed."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.test import override_settings

from agreements.core import actors, clock
from agreements.core.errors import Invalid
from agreements.ledger import checkpoints
from agreements.ledger.checkpoint_text import FIRST_LINE, Checkpoint, parse
from agreements.ledger.checkpoints import Agreement, Finding, Signature, every, make, make_due, of
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from tests.ledger.rewriting import tail_cut, written_anew
from tests.ledger.test_verify import append

pytestmark = pytest.mark.django_db
JOB = actors.job("checkpoints")
DAY = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)
OTHER_KEYS = {2: bytes(range(32, 64))}


def check(checkpoint: Checkpoint, *, compromised: frozenset[int] = frozenset()) -> Finding:
    return checkpoints.check(checkpoint, compromised=compromised)


@pytest.fixture
def kept(db: None) -> Checkpoint:
    """A checkpoint of five rows, and two more rows behind it."""
    for number in range(5):
        append(f"set-{number}")
    with clock.frozen(DAY):
        made = make(by=JOB)
    append("later")
    return made


def test_it_says_how_many_rows_there_were_and_how_the_last_one_hashed(kept: Checkpoint) -> None:
    row = LedgerEntry.objects.get(kind=Kind.CHECKPOINT_MADE)
    assert (kept.count, kept.head_hash) == (5, LedgerEntry.objects.get(sequence=5).hash)
    assert (kept.made, kept.key_number, row.sequence) == ("2026-03-02T03:00:00Z", 1, 6)
    assert of(row) == kept
    assert kept.is_signed()
    assert verify().holds


def test_its_text_is_read_again_out_of_a_mail(kept: Checkpoint) -> None:
    assert parse(kept.text) == [kept]
    assert max(len(line) for line in kept.text.splitlines()) <= 78
    other = dataclasses.replace(kept, count=4)
    quoted = "".join(f"> {line}\r\n" for line in kept.text.splitlines())
    assert parse(f"\ufeffGood day,\n\n{quoted}\n-- \nwhy\n\n{other.text}{kept.text}") == [kept, other]


@pytest.mark.parametrize("label", ["site", "rows", "head", "made", "key", "public key", "signature"])
def test_a_line_that_is_missing_or_wrong_is_named(kept: Checkpoint, label: str) -> None:
    lines = kept.text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{label}: "))
    with pytest.raises(Invalid, match=f"line “{label}” is missing"):
        parse("\n".join(lines[:at] + lines[at + 1 :]))
    with pytest.raises(Invalid, match=f"line “{label}” is not as it was written"):
        parse("\n".join([*lines[:at], f"{label}: \x1b?", *lines[at + 1 :]]))


@pytest.mark.parametrize("text", ["", "Good day", FIRST_LINE, f"{FIRST_LINE}\nrows: 1"])
def test_what_is_no_checkpoint_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid, match=r"no checkpoint in this|not complete"):
        parse(text)


def test_an_untouched_record_agrees(kept: Checkpoint) -> None:
    found = check(kept)
    assert (found.signature, found.agreement, found.rows) == (Signature.OURS, Agreement.AGREES, 7)
    assert found.is_trustworthy


@pytest.mark.parametrize("field", ["site", "count", "head_hash", "made"])
def test_a_changed_line_breaks_the_signature(kept: Checkpoint, field: str) -> None:
    changed = {"site": "https://x.example", "count": 4, "head_hash": "0" * 64, "made": "2026-03-03T03:00:00Z"}
    forged = dataclasses.replace(kept, **{field: changed[field]})  # type: ignore[arg-type]
    assert check(forged).signature == Signature.BROKEN
    assert not check(forged).is_trustworthy


def test_somebody_elses_signature_is_not_ours(kept: Checkpoint) -> None:
    with override_settings(MASTER_KEYS=OTHER_KEYS):
        theirs = make(by=JOB)
    foreign = dataclasses.replace(theirs, key_number=1)
    assert check(foreign).signature == Signature.BROKEN
    tail_cut(7)
    assert check(theirs).signature == Signature.FOREIGN


def test_a_retired_key_is_known_by_the_record(kept: Checkpoint) -> None:
    with override_settings(MASTER_KEYS=OTHER_KEYS):
        assert check(kept).signature == Signature.RECORDED
        assert check(kept).is_trustworthy


@pytest.mark.parametrize("keys", [{}, OTHER_KEYS], ids=["still configured", "not any more"])
def test_under_a_key_that_others_may_have_it_proves_nothing(kept: Checkpoint, keys: dict[int, bytes]) -> None:
    with override_settings(**({"MASTER_KEYS": keys} if keys else {})):
        found = check(kept, compromised=frozenset({1}))
    assert (found.signature, found.is_trustworthy) == (Signature.COMPROMISED, False)
    assert check(kept, compromised=frozenset({2})).is_trustworthy


def test_a_cut_tail_is_found(kept: Checkpoint) -> None:
    tail_cut(4)
    assert verify().holds
    found = check(kept)
    assert (found.signature, found.agreement, found.rows) == (Signature.OURS, Agreement.SHORTER, 4)


@pytest.mark.parametrize("row", [1, 3, 5])
def test_a_chain_written_anew_is_found(kept: Checkpoint, row: int) -> None:
    written_anew(row)
    assert verify().holds
    assert check(kept).agreement == Agreement.DIFFERS


def test_what_happened_behind_it_cannot_be_told_by_it(kept: Checkpoint) -> None:
    written_anew(7)
    assert verify().holds
    assert check(kept).agreement == Agreement.AGREES


def test_one_is_made_a_day_and_none_when_nothing_happened() -> None:
    with clock.frozen(DAY):
        assert make_due(by=JOB) is None
        append()
        assert make_due(by=JOB) is not None
        append()
        assert make_due(by=JOB) is None
    with clock.frozen(DAY + dt.timedelta(days=1)):
        second = make_due(by=JOB)
        assert second is not None
        assert second.count == 3
    with clock.frozen(DAY + dt.timedelta(days=2)):
        assert make_due(by=JOB) is None
    assert [of(row).count for row in every()] == [3, 1]


def test_the_public_key_is_one_of_ed25519_and_no_secret_of_ours(kept: Checkpoint) -> None:
    assert checkpoints.public_key(1) == kept.public_key
    assert bytes(range(32)).hex() not in kept.text
