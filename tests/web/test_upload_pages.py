"""Uploads as `upload.js` sends them: offsets, limits, other people's, other files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from agreements.catalog import roles
from agreements.catalog.models import Role, Upload
from agreements.catalog.publishing import inbox, uploads
from tests.applications.cases import SYSTEM
from tests.catalog.sources import zip_of
from tests.flows.scene import Scene, signed_in

UPLOADS = "/stewardship/genebody/uploads/"


@pytest.fixture(autouse=True)
def _inbox(tmp_path: Path, settings: Any) -> None:
    settings.INBOX = tmp_path / "inbox"


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    return zip_of(tmp_path / "new.zip").read_bytes()


@pytest.fixture
def dan(scene: Scene) -> Client:
    return signed_in(scene.dan)


def begin(client: Client, data: bytes, **other: object) -> Any:
    return client.post(UPLOADS, {"subset": "train40", "name": "new.zip", "size": len(data)} | other)


def send(client: Client, address: str, piece: bytes, offset: object, **headers: Any) -> Any:
    given = {"Upload-Offset": str(offset)} | headers
    return client.post(address, piece, content_type="application/octet-stream", headers=given)


def test_a_zip_arrives_in_pieces_and_leads_to_the_preview(dan: Client, data: bytes) -> None:
    state = begin(dan, data).json()
    assert (state["received"], state["size"], state["samples"]) == (0, len(data), [])
    for start in range(0, len(data), 200):
        state = send(dan, state["address"], data[start : start + 200], start).json()
    assert state["received"] == len(data)
    page = dan.get(state["then"]).content.decode()
    assert "中文/empty.txt" in page
    assert "The uploaded file is deleted once it is published." in page


def test_a_wrong_offset_is_told_the_right_one(dan: Client, data: bytes) -> None:
    address = begin(dan, data).json()["address"]
    send(dan, address, data[:100], 0)
    for offset in (0, 50, 101, 999_999_999):
        answer = send(dan, address, data[100:200], offset)
        assert (answer.status_code, answer.json()["received"]) == (409, 100)
    assert dan.get(address).json()["received"] == 100


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "x", "１", "9" * 19, "0x10"])
def test_an_offset_that_is_no_number_is_refused(dan: Client, data: bytes, offset: str) -> None:
    address = begin(dan, data).json()["address"]
    assert send(dan, address, b"x", offset.encode("utf-8").decode("latin-1")).status_code == 422
    assert Upload.objects.get().received == 0


def test_a_piece_has_bytes_and_not_too_many(dan: Client, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    address = begin(dan, data).json()["address"]
    monkeypatch.setattr(uploads, "PIECE", 1000)
    for piece in (b"", b"x" * 1001):
        assert send(dan, address, piece, 0).status_code == 422
    assert send(dan, address, b"x" * (len(data) + 1), 0).status_code == 422
    assert Upload.objects.get().received == 0


def test_a_piece_of_eight_mib_is_taken_though_forms_may_have_two(dan: Client) -> None:
    piece = bytes(uploads.PIECE)
    address = begin(dan, piece).json()["address"]
    assert send(dan, address, piece, 0).json()["received"] == len(piece)


def test_a_piece_that_broke_off_is_not_kept(dan: Client, data: bytes) -> None:
    address = begin(dan, data).json()["address"]
    broken: dict[str, Any] = {"CONTENT_LENGTH": "200", "wsgi.input": io.BytesIO(data[:100])}
    headers = {"Upload-Offset": "0"}
    answer = dan.generic("POST", address, b"", "application/octet-stream", headers=headers, **broken)
    assert answer.status_code == 422
    assert Upload.objects.get().received == 0


def test_a_form_in_place_of_a_piece_is_refused(dan: Client, data: bytes) -> None:
    address = begin(dan, data).json()["address"]
    assert dan.post(address, {"file": "x"}, headers={"Upload-Offset": "0"}).status_code == 422


@pytest.mark.parametrize(
    "announced",
    [
        {"size": ""},
        {"size": "many"},
        {"size": "-5"},
        {"size": "0"},
        {"size": "9" * 30},
        {"name": ""},
        {"name": "a.tar"},
        {"name": "../../etc/a.zip"},
        {"name": "a\0.zip"},
        {"name": "x" * 2000 + ".zip"},
    ],
)
def test_what_cannot_be_begun_says_why(dan: Client, data: bytes, announced: dict[str, object]) -> None:
    answer = begin(dan, data, **announced)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert not Upload.objects.exists()


def test_a_subset_that_is_not_there_is_404(dan: Client, data: bytes) -> None:
    assert begin(dan, data, subset="other").status_code == 404


def test_another_file_of_the_same_name_and_size_is_told(dan: Client, data: bytes) -> None:
    address = begin(dan, data).json()["address"]
    send(dan, address, data[:300], 0)
    state = begin(dan, data).json()
    assert (state["address"], state["received"], state["samples"]) == (address, 300, [[0, 300]])
    binary = "application/octet-stream"
    assert dan.post(state["compare"], data[:300], content_type=binary).status_code == 200
    assert dan.post(state["compare"], b"x" + data[1:300], content_type=binary).status_code == 409
    assert dan.post(state["compare"], b"", content_type=binary).status_code == 409
    assert dan.post(state["compare"], b"x" * 1_000_000, content_type=binary).status_code == 409


def test_no_piece_is_taken_without_the_forms_token(scene: Scene, data: bytes) -> None:
    dan = Client(enforce_csrf_checks=True)
    dan.force_login(scene.dan)
    assert begin(dan, data).status_code == 403
    page = dan.get("/stewardship/genebody/archives/publish/").content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    assert len(token) == 64
    announced = {"subset": "train40", "name": "new.zip", "size": len(data)}
    address = dan.post(UPLOADS, announced, headers={"X-CSRFToken": token}).json()["address"]
    assert send(dan, address, data, 0).status_code == 403
    assert send(dan, address, data, 0, **{"X-CSRFToken": token}).json()["received"] == len(data)


def test_another_steward_sends_no_piece_of_mine(scene: Scene, dan: Client, data: bytes) -> None:
    roles.give(user=scene.bob, dataset=scene.dataset, role=Role.STEWARD, by=SYSTEM)
    address = begin(dan, data).json()["address"]
    bob = signed_in(scene.bob)
    assert bob.get(address).status_code == 404
    assert send(bob, address, data, 0).status_code == 404
    theirs = begin(bob, data).json()
    assert theirs["address"] != address


def test_a_removed_upload_is_404_and_its_bytes_are_gone(dan: Client, data: bytes) -> None:
    state = begin(dan, data).json()
    send(dan, state["address"], data[:100], 0)
    page = dan.post(state["remove"], follow=True).content.decode()
    assert "The upload of new.zip was removed." in page
    assert send(dan, state["address"], data[100:], 100).status_code == 404
    assert list((inbox.root() / ".uploads").iterdir()) == []


def test_who_is_signed_out_is_led_to_sign_in_and_nothing_is_kept(dan: Client, data: bytes) -> None:
    address = begin(dan, data).json()["address"]
    answer = send(Client(), address, data, 0)
    assert (answer.status_code, answer["Location"].startswith("/accounts/login/")) == (302, True)
    assert Upload.objects.get().received == 0
