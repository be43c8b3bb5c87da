"""The page of what is held about oneself, and its download."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.test import Client

from agreements.applications.models import State
from agreements.web import proofs
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in


def test_it_says_what_is_held_and_whom_to_ask_for_erasure(scene: Scene) -> None:
    put(scene, State.APPROVED)
    page = signed_in(scene.alice).get("/account/data/").content.decode()
    assert "contact@genebody.example" in page
    assert "Keeps signed copies until somebody asks for erasure." in page
    assert "What stays" in page
    nobody = signed_in(scene.eve).get("/account/data/").content.decode()
    assert "No dataset holds anything about you" in nobody
    assert "/account/data/" in signed_in(scene.eve).get("/account/").content.decode()


def test_the_download_asks_for_fresh_proof_and_comes_piece_by_piece(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(scene, State.APPROVED)
    alice = signed_in(scene.alice)
    monkeypatch.setattr(proofs, "is_fresh", lambda request: False)
    asked = alice.post("/account/data/")
    assert (asked.status_code, "/accounts/fresh/" in asked["Location"]) == (302, True)
    assert "next=%2Faccount%2Fdata%2F" in asked["Location"]
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    given = alice.post("/account/data/")
    assert given.streaming
    assert given["Content-Type"] == "application/zip"
    assert "no-store" in given["Cache-Control"]
    pieces = list(given.streaming_content)  # type: ignore[attr-defined]
    assert len(pieces) > 3
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert "alice@connect.ust.hk" in archive.read("README.txt").decode()


def test_signed_out_nobody_gets_anything(scene: Scene) -> None:
    assert Client().get("/account/data/").status_code == 302
    assert Client().post("/account/data/").status_code == 302
