"""Acts: rows come with the commit, or not at all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.core import actors, clock
from agreements.core.errors import NotPossible
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerHead
from agreements.ledger.queries import entries_about, entries_of_datasets
from agreements.ledger.verify import verify
from agreements.people.models import User

JOB = actors.job("tests")


def note(record: object, name: str) -> None:
    record.record(Kind.ROLE_GIVEN, by=JOB, as_role="system", subjects={"dataset": name}, assigned_role="reviewer")  # type: ignore[attr-defined]


def fail_within(name: str) -> None:
    with act() as record:
        note(record, name)
        User.objects.create_user("alice@uni.example")
        raise NotPossible("no")


def fail_after(name: str) -> None:
    with act() as record:
        note(record, name)
    raise NotPossible("no")


def recorded() -> list[str]:
    return [entry.subjects["dataset"] for entry in LedgerEntry.objects.order_by("sequence")]


@pytest.mark.django_db
def test_rows_are_numbered_without_gaps_and_each_names_the_one_before() -> None:
    for names in (["a", "b"], [], ["c"]):
        with act() as record:
            for name in names:
                note(record, name)
    rows = list(LedgerEntry.objects.order_by("sequence"))
    assert [row.sequence for row in rows] == [1, 2, 3]
    assert [row.previous_hash for row in rows] == ["0" * 64, rows[0].hash, rows[1].hash]
    assert LedgerHead.objects.get().hash == rows[2].hash


@pytest.mark.django_db
def test_an_act_that_fails_leaves_neither_rows_nor_changes() -> None:
    with pytest.raises(NotPossible):
        fail_within("a")
    assert (recorded(), User.objects.count()) == ([], 0)


@pytest.mark.django_db
def test_an_act_within_an_act_that_fails_takes_its_own_rows_back_and_no_others() -> None:
    with act() as outer:
        note(outer, "before")
        with pytest.raises(NotPossible):
            fail_within("within")
        note(outer, "after")
    assert (recorded(), User.objects.count()) == (["before", "after"], 0)
    assert verify().holds


@pytest.mark.django_db
def test_acts_within_an_act_are_written_at_the_end_of_the_outermost() -> None:
    with act() as outer:
        with act() as inner:
            note(inner, "within")
        assert recorded() == []
        note(outer, "outer")
    assert recorded() == ["within", "outer"]


@pytest.mark.django_db
def test_an_outer_act_that_fails_takes_the_inner_ones_with_it() -> None:
    with pytest.raises(NotPossible), act():
        fail_after("within")
    assert recorded() == []


@pytest.mark.parametrize("payload", [{}, {"assigned_role": "x", "more": 1}, {"password": "x"}])
@pytest.mark.django_db
def test_a_payload_has_the_fields_of_its_kind_and_no_others(payload: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="payload"), act() as record:
        record.record(Kind.ROLE_GIVEN, by=JOB, as_role="system", subjects={}, **payload)
    assert recorded() == []


def test_the_digest_of_a_text_depends_on_text_and_salt() -> None:
    salt = new_salt()
    assert len(bytes.fromhex(salt)) == 16
    assert text_digest("why", salt=salt) == text_digest("why", salt=salt)
    assert len({text_digest("why", salt=salt), text_digest("Why", salt=salt), text_digest("why", salt=new_salt())}) == 3
    # RFC 2104 with SHA-256: a verifier elsewhere computes the same.
    assert text_digest("", salt="00") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"


@pytest.mark.django_db
def test_an_entry_is_found_by_each_of_its_subjects() -> None:
    moment = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
    with clock.frozen(moment), act() as record:
        subjects = {"dataset": "genebody", "person": "p-1"}
        record.record(Kind.ROLE_GIVEN, by=JOB, subjects=subjects, as_role="steward", assigned_role="reviewer")
        note(record, "other")
    found = entries_about("p-1").get()
    assert (found.at, found.role, found.actor) == (moment, "steward", "system:tests")
    assert [entry.sequence for entry in entries_of_datasets(["genebody"])] == [1]
    assert [entry.sequence for entry in entries_of_datasets(["genebody", "other"])] == [2, 1]
    assert not entries_of_datasets([]).exists()
