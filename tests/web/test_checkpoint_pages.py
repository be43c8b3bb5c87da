"""Checkpoints and exports through the pages."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core import actors
from agreements.ledger import checkpoints
from agreements.ledger.checkpoint_text import parse
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in
from tests.ledger.rewriting import tail_cut, written_anew

ADDRESS = "/record/checkpoints/"
LIMIT = (
    "What happened after the newest checkpoint that somebody kept cannot be told by this, "
    "and of a difference only between which two checkpoints it begins: that is the limit."
)


@pytest.fixture
def kept(scene: Scene) -> str:
    """The text of a checkpoint, as Dan kept it."""
    put(scene, State.APPROVED)
    return checkpoints.make(by=actors.job("checkpoints")).text


def asked(client: Client, text: str) -> str:
    answer = client.post(ADDRESS, {"text": text})
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_they_are_listed_and_each_is_a_file_that_can_be_read_again(scene: Scene, kept: str) -> None:
    dan = signed_in(scene.dan)
    entry = checkpoints.every()[0]
    assert f'href="{ADDRESS}{entry.sequence}.txt"' in dan.get(ADDRESS).content.decode()
    answer = dan.get(f"{ADDRESS}{entry.sequence}.txt")
    assert (answer.content.decode(), answer["Content-Type"]) == (kept, "text/plain; charset=utf-8")
    assert f"-{parse(kept)[0].count}.txt" in answer["Content-Disposition"]
    assert dan.get(f"{ADDRESS}{entry.sequence - 1}.txt").status_code == 404


def test_before_the_first_one_the_page_says_when_it_comes(scene: Scene) -> None:
    assert "No checkpoint yet" in signed_in(scene.dan).get(ADDRESS).content.decode()


@pytest.mark.parametrize("way", ["pasted", "as a file"])
def test_a_kept_one_is_compared(scene: Scene, kept: str, way: str) -> None:
    sent = {"text": kept} if way == "pasted" else {"file": SimpleUploadedFile("kept.txt", kept.encode())}
    page = signed_in(staff(scene, "audrey", Role.AUDITOR)).post(ADDRESS, sent).content.decode()
    count = parse(kept)[0].count
    assert "The signature is good: this site made it, under master key 1." in page
    assert f"The record agrees: rows 1 to {count} are what they were at that time." in page
    assert page.count(LIMIT) == 1


def test_a_record_written_anew_and_a_cut_tail_are_told(scene: Scene, kept: str) -> None:
    dan = signed_in(scene.dan)
    written_anew(2)
    anew = asked(dan, kept)
    assert "the record was written anew, somewhere up to there" in anew
    tail_cut(3)
    cut = asked(dan, kept)
    assert "The record ends at row 3, before row" in cut
    for page in (anew, cut):
        assert page.count(LIMIT) == 1


def test_one_that_this_site_did_not_sign_proves_nothing(scene: Scene, kept: str) -> None:
    changed = kept.replace("rows: ", "rows: 1")
    page = asked(signed_in(scene.dan), changed)
    assert "The signature does not fit: something in the text was changed. It proves nothing." in page
    assert "The record agrees" not in page


@pytest.mark.parametrize("text", ["", "Good day", "Countersign checkpoint 1", "\0"])
def test_what_is_no_checkpoint_is_said_at_the_form(scene: Scene, kept: str, text: str) -> None:
    answer = signed_in(scene.dan).post(ADDRESS, {"text": text})
    assert answer.status_code == 422
    assert 'class="errors' in answer.content.decode() or "error" in answer.content.decode()


def test_a_file_that_is_too_long_is_refused(scene: Scene, kept: str) -> None:
    answer = signed_in(scene.dan).post(ADDRESS, {"file": SimpleUploadedFile("kept.txt", b"x" * 300_000)})
    assert answer.status_code == 422
    assert "at most 256 KiB" in answer.content.decode()


def _rows(client: Client, address: str) -> list[dict[str, object]]:
    answer = client.get(address)
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return [json.loads(line) for line in body.decode().splitlines()]


def test_json_lines_have_the_rows_of_the_filter_and_of_ones_own_datasets(scene: Scene, kept: str) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    assert len(_rows(signed_in(scene.eve), "/record/record.jsonl")) == 1
    rows = _rows(signed_in(scene.dan), "/record/record.jsonl?kind=application.approved")
    assert [row["kind"] for row in rows] == ["application.approved"]
    entry = LedgerEntry.objects.get(sequence=str(rows[0]["sequence"]))
    assert (rows[0]["hash"], rows[0]["previous_hash"]) == (entry.hash, entry.previous_hash)


def test_the_whole_record_is_the_site_administrators(scene: Scene, kept: str) -> None:
    adam = User.objects.create_superuser("adam@site.example")
    rows = _rows(signed_in(adam), "/record/whole-record.jsonl")
    assert [row["sequence"] for row in rows] == list(range(1, LedgerEntry.objects.count() + 1))
    assert signed_in(scene.dan).get("/record/whole-record.jsonl").status_code == 404


def test_the_program_that_checks_it_is_handed_out(scene: Scene) -> None:
    answer = signed_in(scene.dan).get("/record/verify_record.py")
    assert answer.content.startswith(b"#!/usr/bin/env python3")
    assert 'filename="verify_record.py"' in answer["Content-Disposition"]
