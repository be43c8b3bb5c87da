"""The mail server gone, silent, slow or refusing: sign-in says so in time and keeps the address; the outbox retries."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest

from portal.embedded.children import wait_until
from tests.faults.installation import Installation

LIMIT = 6.0
"""Seconds: five for the mail server, one for the page."""
TRY_AGAIN = "Our mail server does not answer just now. Your address is kept; try again in a minute."


def away(site: Installation, how: str, address: str) -> AbstractContextManager[None]:
    """Return the mail server misbehaving in one way."""
    match how:
        case "down":
            return site.mails.down()
        case "silent":
            return site.mails.silent()
        case "slow":
            return site.mails.slow(20)
    return site.mails.refusing(address, "451 4.7.1 try again later")


@pytest.mark.parametrize("how", ["down", "silent", "slow", "asking to come later"])
def test_sign_in_says_that_no_code_could_be_sent_and_keeps_the_address(site: Installation, how: str) -> None:
    stranger, email = site.visitor(), f"eve.{how.split(maxsplit=1)[0]}@ethz.ch"
    with away(site, how, email):
        answer = stranger.post("/accounts/login/", email=email)
    assert answer.status == 503
    assert TRY_AGAIN in answer.text
    assert f'value="{email}"' in answer.text
    assert stranger.note(f"mail server {how}, sign-in") < LIMIT
    assert stranger.post("/accounts/login/", email=email).status == 302


def test_sign_in_tells_a_refused_address_from_a_broken_server(site: Installation) -> None:
    stranger, email = site.visitor(), "eve.refused@ethz.ch"
    with site.mails.refusing(email, "550 5.1.1 no such mailbox"):
        answer = stranger.post("/accounts/login/", email=email)
    assert "The mail server does not deliver to this address." in answer.text
    assert f'value="{email}"' in answer.text
    assert stranger.note("mail server refusing, sign-in") < LIMIT


@pytest.mark.parametrize("how", ["down", "silent"])
def test_mail_of_a_decision_waits_in_the_outbox_and_goes_when_the_server_is_back(site: Installation, how: str) -> None:
    alice, reference, address = site.next_applicant()
    with away(site, how, address):
        assert alice.post(f"/applications/{reference}/submit/", accept="on").status == 302
        assert alice.get(f"/applications/{reference}/").status == 200
        assert alice.note(f"mail server {how}, submit") < 3
        tried = "SELECT attempts FROM agreements_outboxmessage WHERE recipient = ? AND last_error <> ''"
        assert wait_until(lambda: site.database.value(tried, address) is not None, 20)
        assert wait_until(lambda: site.evidence_of(reference)[0] == "complete", 30)
    site.do_now()
    assert wait_until(lambda: len(site.mails.to(address)) == 1, 20), site.waiting()
