"""Mail of machines is known, and mail of people is not taken for it."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from agreements.mail.inbox import parsing
from agreements.mail.inbox.automatic import why_automatic
from tests.mail.inbox.letters import ALICE, OURS, write


def why(*, sender: str = ALICE, headers: dict[str, str] | None = None) -> str:
    return why_automatic(parsing.read(write(sender=sender, headers=headers)))


def test_a_letter_of_a_person_is_none() -> None:
    assert why() == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "no"},
        {"Precedence": "normal"},
        {"Return-Path": "<alice@connect.ust.hk>"},
        {"X-Auto-Response-Suppress": "None"},
        {"Importance": "high"},
    ],
)
def test_nor_is_one_that_says_so(headers: dict[str, str]) -> None:
    assert why(headers=headers) == ""


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Return-Path": "<>"}, "It came without an address to return it to, as only word of other mail does."),
        ({"Return-Path": "< >"}, "It came without an address to return it to, as only word of other mail does."),
        ({"Auto-Submitted": "auto-replied"}, "It says that it was sent automatically (auto-replied)."),
        (
            {"Auto-Submitted": "Auto-Generated; owner-email=x@y.example"},
            "It says that it was sent automatically (auto-generated).",
        ),
        ({"Precedence": "bulk"}, "It was sent to many, or automatically (Precedence: bulk)."),
        ({"Precedence": "List"}, "It was sent to many, or automatically (Precedence: list)."),
        ({"Precedence": "junk"}, "It was sent to many, or automatically (Precedence: junk)."),
        ({"Precedence": "auto_reply"}, "It was sent to many, or automatically (Precedence: auto_reply)."),
        ({"List-Id": "<staff.ust.hk>"}, "It came through a mailing list."),
        ({"List-Unsubscribe": "<mailto:x@y.example>"}, "It came through a mailing list."),
        ({"X-Autoreply": "yes"}, "It is marked as an automatic answer (X-Autoreply)."),
        ({"X-Auto-Response-Suppress": "All"}, "It is marked as an automatic answer (X-Auto-Response-Suppress)."),
        ({"X-Failed-Recipients": "a@b.example"}, "It is marked as an automatic answer (X-Failed-Recipients)."),
    ],
)
def test_what_says_that_a_machine_wrote_it(headers: dict[str, str], words: str) -> None:
    assert why(headers=headers) == words


@pytest.mark.parametrize(
    "local",
    [
        "mailer-daemon",
        "MAILER-DAEMON",
        "postmaster",
        "noreply",
        "no-reply",
        "no_reply",
        "do-not-reply",
        "donotreply",
        "noreply+123",
        "noreply-journals",
        "team-no-reply",
        "bounces",
        "list-bounces",
        "owner-list",
        "listserv",
    ],
)
def test_addresses_of_machines(local: str) -> None:
    assert why(sender=f"{local}@ust.hk") == f"Its sender, {local.lower()}@ust.hk, is the address of a machine."


@pytest.mark.parametrize("local", ["alice", "norman", "nora.reply", "rootes", "postmasters", "owner", "alice.daemon"])
def test_addresses_of_people_that_look_alike(local: str) -> None:
    assert why(sender=f"{local}@ust.hk") == ""


@pytest.mark.parametrize("kind", ["multipart/report; report-type=delivery-status", "message/disposition-notification"])
def test_reports_about_other_mail(kind: str) -> None:
    raw = f'From: {ALICE}\r\nContent-Type: {kind}; boundary="b"\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n'.encode()
    assert why_automatic(parsing.read(raw)) == "It is a report about other mail."


def test_our_own_mail_that_comes_back(settings: Settings) -> None:
    settings.MAILBOX_ADDRESSES = [OURS]
    settings.BOUNCE_ADDRESS = "bounces@portal.example.org"
    settings.DEFAULT_FROM_EMAIL = "Countersign <access@portal.example.org>"
    for ours in ("Agreements+x@Portal.example.org", "access@portal.example.org"):
        assert why(sender=ours) == "It says that it comes from this portal itself."
