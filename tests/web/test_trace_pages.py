"""Whose seal is on a file, asked on the desk."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.archives import index_of
from agreements.catalog.models import Archive, Dataset, Role
from agreements.core.clock import now
from agreements.grants import seals
from agreements.grants.models import Grant, Seal
from agreements.grants.tracing import searching
from agreements.ledger.models import LedgerEntry
from agreements.sealing import Layout
from agreements.web import trace_pages
from tests.applications.cases import SYSTEM, put
from tests.flows.scene import Scene, signed_in
from tests.grants.test_tracing import sealed

PAGE = "/stewardship/genebody/trace/"


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def asked(client: Client, data: bytes, address: str = PAGE) -> tuple[int, str]:
    answer = client.post(address, {"file": SimpleUploadedFile("leaked <b>.zip", data)})
    return answer.status_code, answer.content.decode()


def test_a_steward_is_told_whose_it_is_and_what_that_proves(scene: Scene, grant: Grant) -> None:
    bobs = seals.new_seal(grant=grant, person_pk=scene.bob.pk)
    code, page = asked(signed_in(scene.dan), sealed(Archive.objects.get(), bobs))
    assert code == 200
    for words in (
        "Bob, member", scene.bob.email, grant.reference, "salts match 2 of its 2 members",
        "code verified", "of all 2 whole members",
        "It names the seal, not the hand", "leaked &lt;b&gt;.zip",
    ):  # fmt: skip
        assert words in page
    assert LedgerEntry.objects.get(kind="archive.traced").actor == scene.dan.actor.id


def test_a_piece_without_a_whole_member_says_that_no_code_was_checked(scene: Scene, grant: Grant) -> None:
    archive = Archive.objects.get()
    piece = sealed(archive, Seal.objects.get())[: Layout(index_of(archive)).data_start(0)]
    _code, page = asked(signed_in(scene.dan), piece)
    assert "Alice, signer" in page
    assert "salts match 1 of its 2 members" in page
    assert "no member is whole: no code could be checked" in page
    assert "code verified<" not in page


def test_what_ended_is_shown_as_ended(scene: Scene, grant: Grant) -> None:
    data = sealed(Archive.objects.get(), Seal.objects.get())
    Archive.objects.update(withdrawn_at=now())
    Seal.objects.update(ended_at=now())
    _code, page = asked(signed_in(scene.dan), data)
    assert "version 1, withdrawn" in page
    assert "key 1, ended" in page


def test_a_steward_of_another_dataset_learns_only_that_it_is_elsewhere(scene: Scene, grant: Grant) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    code, page = asked(
        signed_in(scene.eve), sealed(Archive.objects.get(), Seal.objects.get()), "/stewardship/other/trace/"
    )
    assert code == 200
    assert "1 seal of another dataset is on it" in page
    for secret in ("Alice", scene.alice.email, grant.reference, "train40"):
        assert secret not in page


def test_an_auditor_sees_neither_the_page_nor_its_button(scene: Scene, grant: Grant) -> None:
    roles.give(user=scene.eve, dataset=scene.dataset, role=Role.AUDITOR, by=SYSTEM)
    assert asked(signed_in(scene.eve), b"x")[0] == 404
    for person, shown in ((scene.eve, False), (scene.dan, True)):
        desk = signed_in(person).get("/stewardship/genebody/").content.decode()
        assert (PAGE in desk) is shown


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"nothing of ours" * 100, "No part of a sealed archive"), (b"", "The submitted file is empty")],
)
def test_a_file_without_a_seal_says_what_to_try(scene: Scene, data: bytes, words: str) -> None:
    _code, page = asked(signed_in(scene.dan), data)
    assert words in page
    assert not LedgerEntry.objects.filter(kind="archive.traced").exists()


def test_a_file_too_large_is_refused_with_what_to_do(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_pages, "MOST", 1000)
    code, page = asked(signed_in(scene.dan), b"x" * 1001)
    assert (code, "Send the first megabytes" in page) == (422, True)


def test_nothing_of_the_upload_stays_on_the_disk(scene: Scene, tmp_path: Path, settings: Any) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    assert tempfile.gettempdir() != str(tmp_path)
    asked(signed_in(scene.dan), b"x" * (settings.FILE_UPLOAD_MAX_MEMORY_SIZE + 1))
    assert [path.name for path in tmp_path.iterdir()] == ["train40"], "the scene's own folder alone"


def test_a_file_full_of_planted_headers_is_answered_in_bounded_time(
    scene: Scene, grant: Grant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alice's first header two hundred thousand times; the page considers some of them, and says so."""
    monkeypatch.setattr(trace_pages, "PAGE", dataclasses.replace(searching.PAGE, seconds=3))
    data = sealed(Archive.objects.get(), Seal.objects.get())[:110]
    began = time.monotonic()
    _code, page = asked(signed_in(scene.dan), data * 200_000)
    assert time.monotonic() - began < 15
    assert "10000 compared" in page.replace(",", "").replace("\xa0", "")
    assert "This page looks for a limited time" in page
    assert "Alice, signer" in page
