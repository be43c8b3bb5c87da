"""Every address of the site, asked for by everybody. A new address without a row fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished
from django.db import close_old_connections, transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import resolve

from agreements.documents import inspecting
from agreements.web import proofs
from tests.web import everything
from tests.web.everything import NOT_THERE, ROLES, Everything, without_what_differs_each_time
from tests.web.permission_table import TABLE

Row = tuple[str, str, dict[str, str]]


def rows() -> list[Row]:
    """Return (method, address, what each role gets) for each line of the table."""
    header, *lines = TABLE.strip().splitlines()
    assert tuple(header.split()) == ROLES
    found = []
    for line in lines:
        method, address, *cells = line.split()
        found.append((method, address, dict(zip(ROLES, cells, strict=True))))
    return found


@pytest.fixture
def things(db: None, tmp_path: Path, settings: Any) -> Everything:
    settings.STAFF_MFA_REQUIRED = False
    built = everything.build(tmp_path)
    inspecting.work_off()
    return built


def test_the_table_holds_for_everybody(things: Everything) -> None:
    wrong = []
    for method, address, expected in rows():
        for role in ROLES:
            with asking(things, role) as client:
                word = _word(client.generic(method, things.address(address)))
            if word != expected[role]:
                wrong.append(f"{method} {address} for {role}: {word}, not {expected[role]}")
    assert wrong == []


@pytest.mark.parametrize("urlconf", ["portal.urls", "portal.delivery_urls"])
def test_every_address_has_a_row(things: Everything, urlconf: str) -> None:
    covered = {resolve(things.address(address)).route for _method, address, _cells in rows()}
    # Twice in the urlconf; the first, which asks for fresh proof, is the one that answers.
    assert everything.routes(urlconf) - covered == set()
    assert len({(method, address) for method, address, _cells in rows()}) == len(rows())


def test_an_address_without_a_row_would_be_noticed() -> None:
    assert "review/<reference:reference>/decide/" in everything.routes("portal.urls")
    assert len(everything.routes("portal.urls")) > 80


def test_what_is_not_theirs_looks_like_what_does_not_exist(things: Everything, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same status, the same headers, the same words; also with fresh proof, and for everything an address names."""
    monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
    compared, wrong = 0, []
    for method, address, expected in rows():
        names = [name for name in NOT_THERE if f"{{{name}}}" in address]
        for role in ROLES:
            if not names or expected[role] not in {"404", "in", "adm", "code"}:
                continue
            here = _everything_of(things, role, method, things.address(address), names)
            if expected[role] == "code" and role == "alice":
                continue  # hers
            for name in names:
                nowhere = things.address(address, **{name: NOT_THERE[name]})
                compared += 1
                if _everything_of(things, role, method, nowhere, names) != here:
                    wrong.append(f"{method} {address} for {role}, {name} not there")
    assert wrong == []
    assert compared > 300


def test_no_other_method_does_anything(things: Everything) -> None:
    ours = {address for _method, address, _cells in rows() if not address.startswith(("/accounts/", "/admin/"))}
    for address in sorted(ours):
        for role, method in (("alice", "PUT"), ("alice", "DELETE"), ("dan", "PATCH"), ("dan", "TRACE")):
            with asking(things, role) as client:
                response = client.generic(method, things.address(address))
            assert response.status_code in {302, 404, 405}, (method, address, role)


def test_staff_pages_want_a_second_factor_of_everybody_with_a_role(things: Everything, settings: Any) -> None:
    settings.STAFF_MFA_REQUIRED = True
    staff_only = [address for method, address, _ in rows() if address.startswith(("/review/", "/stewardship/", "/rec"))]
    for address in {*staff_only, "/admin/"}:
        for role in ("carol", "dan", "audrey", "rory", "adam"):
            with asking(things, role) as client:
                response = client.get(things.address(address))
            assert response.headers.get("Location", "").startswith("/accounts/2fa/totp/activate/"), (address, role)


def test_what_a_signed_in_person_sees_is_kept_by_no_cache(things: Everything) -> None:
    for method, address, expected in rows():
        if method == "GET" and expected["out"] in {"in", "adm"} and expected["dan"] == "ok":
            with asking(things, "dan") as client:
                response = client.get(things.address(address))
            _word(response)
            assert {"no-store", "private"} & set(response["Cache-Control"].split(", ")), address


@contextmanager
def asking(things: Everything, role: str) -> Iterator[Client]:
    """Give a role's browser; whatever it does is undone."""
    client = things.clients[role]
    cookies = copy(client.cookies)
    client.raise_request_exception = False
    with transaction.atomic():
        yield client
        transaction.set_rollback(True)
    client.cookies = cookies


def _word(response: HttpResponseBase) -> str:
    if response.streaming:
        # Otherwise closing it would close the test's own database connection.
        request_finished.disconnect(close_old_connections)
        response.close()
        request_finished.connect(close_old_connections)
    if response.status_code not in {301, 302, 303}:
        return "ok" if response.status_code == 200 else str(response.status_code)
    to = response.headers["Location"]
    for word, start in (("adm", "/admin/login/?next="), ("in", "/accounts/login/?next="), ("code", "/accounts/fresh/")):
        if to.startswith(start):
            return word
    assert to.startswith(("/", "http://127.0.0.1:8000/")), to
    assert not to.startswith("//")
    return "to"


def _everything_of(things: Everything, role: str, method: str, address: str, names: list[str]) -> Any:
    with asking(things, role) as client:
        response = client.generic(method, address)
    own = [address, *(things.names[name] for name in names), *(NOT_THERE[name] for name in names)]
    headers = {key: value for key, value in response.headers.items() if key not in {"Expires", "Set-Cookie"}}
    location = headers.pop("Location", "").partition("?")[0]
    length = headers.pop("Content-Length", "")
    assert length == "" or length.isdigit()
    body = without_what_differs_each_time(response.content, *own)
    return response.status_code, location, headers, body
