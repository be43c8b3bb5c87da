"""New seals in place of those made under a key that others may know."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.core import actors
from agreements.core.errors import DomainError
from agreements.core.secrets import LINK, key_ring
from agreements.grants import passwords, rotation, seals
from agreements.grants.downloads import redeeming
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import lifetimes, tokens
from agreements.grants.links import making as links
from agreements.grants.models import GrantState, Link, Seal
from agreements.keys import master_keys
from agreements.ledger.models import LedgerEntry
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from tests.grants.scene import NOON, Scene

OLD, NEW = bytes(range(32)), b"n" * 32
BY = actors.job("tests")


@pytest.fixture
def rotated(scene: Scene, settings: Any) -> Scene:
    """Alice's access under key 1, when key 2 has just been added."""
    settings.MASTER_KEYS = {1: OLD, 2: NEW}
    return scene


def renew_all(number: int = 1) -> int:
    renewed = 0
    while done := rotation.renew_some(number, by=BY):
        renewed += done
    return renewed


def test_a_seal_gets_a_successor_under_the_new_key_and_stays_for_trace(rotated: Scene) -> None:
    before = seals.running_seal(grant=rotated.grant, person_pk=rotated.alice.pk)
    assert before is not None
    old_password, old_salt_key = passwords.password_of(before), seals.salt_key(before)
    assert renew_all() == 1
    after = seals.running_seal(grant=rotated.grant, person_pk=rotated.alice.pk)
    assert after is not None
    assert (after.number, after.key_number, after.seal_id != before.seal_id) == (2, 2, True)
    assert passwords.password_of(after) != old_password
    before.refresh_from_db()
    assert before.ended_at is not None
    assert (passwords.password_of(before), seals.salt_key(before)) == (old_password, old_salt_key)
    assert renew_all() == 0, "safe to run twice"


def test_the_link_of_an_old_seal_ends_even_if_it_was_made_under_the_new_key(rotated: Scene) -> None:
    fresh = links.make(grant=rotated.grant, archive=rotated.sealed, person=rotated.alice, by=rotated.alice.actor)
    assert {link.key_number for link in Link.objects.all()} == {1, 2}
    renew_all()
    fresh.refresh_from_db()
    assert fresh.ended_at is not None
    made = links.make(grant=rotated.grant, archive=rotated.sealed, person=rotated.alice, by=rotated.alice.actor)
    assert made.seal.key_number == 2


def test_a_link_whose_mail_still_waits_ends_too_though_its_time_is_over(rotated: Scene) -> None:
    waiting = Link.objects.get()
    Link.objects.update(first_sent_at=None, expires_at=NOON - dt.timedelta(hours=1))
    assert list(rotation.links_to_end(1)) == [waiting]
    assert rotation.end_links(1) == 1
    lifetimes.begin([waiting.link_id], NOON)
    waiting.refresh_from_db()
    assert (waiting.ended_at, waiting.first_sent_at) == (NOON, None)
    with pytest.raises(Refused):
        redeeming.examine(tokens.token(waiting))


def test_a_token_forged_with_the_old_key_names_no_link_of_the_new_one(rotated: Scene) -> None:
    renew_all()
    made = links.make(grant=rotated.grant, archive=rotated.sealed, person=rotated.alice, by=rotated.alice.actor)
    forged = made.link_id + key_ring().derive(LINK, bytes.fromhex(made.link_id), number=1, length=16).hex()
    assert links.parse(forged) is None
    assert links.parse(tokens.token(made)) == made


def test_it_is_recorded_and_the_person_is_told_without_a_password(rotated: Scene) -> None:
    renew_all()
    row = LedgerEntry.objects.get(kind="seal.renewed")
    assert row.payload == {"seal_number": 2, "key_number": 2, "cause": "key-compromised"}
    assert row.subjects["grant"] == rotated.grant.reference
    message = OutboxMessage.objects.get(kind="seal-renewed")
    assert message.recipient == rotated.alice.email
    kind = registry.find(message.kind)
    assert kind is not None
    mail = kind.render(message)
    assert "your password for" in mail.subject
    for words in ("may have become known to others", "old password, if you noted it", "Your links have ended"):
        assert words in mail.text
    after = Seal.objects.get(ended_at=None)
    for text in (mail.text, mail.html):
        assert f"/grants/{rotated.grant.reference}/" in text
        assert passwords.password_of(after) not in text


def test_ended_access_is_left_alone_and_suspended_access_is_not(rotated: Scene) -> None:
    for state, count in ((GrantState.REVOKED, 0), (GrantState.EXPIRED, 0), (GrantState.SUSPENDED, 1)):
        type(rotated.grant).objects.filter(pk=rotated.grant.pk).update(state=state)
        assert rotation.seals_to_renew(1).count() == count


def test_nothing_is_renewed_under_a_key_that_is_compromised_too(rotated: Scene) -> None:
    master_keys.mark_compromised(2)
    with pytest.raises(master_keys.WrongKey):
        renew_all()
    assert Seal.objects.get().ended_at is None


def test_a_process_that_knows_only_the_compromised_key_makes_nothing_under_it(rotated: Scene, settings: Any) -> None:
    master_keys.mark_compromised(1)
    settings.MASTER_KEYS = {1: OLD}
    by = rotated.alice.actor
    with pytest.raises(DomainError, match="was replaced"):
        links.make(grant=rotated.grant, archive=rotated.sealed, person=rotated.alice, by=by)
    with pytest.raises(DomainError, match="was replaced"):
        passwords.reveal(grant=rotated.grant, by=by)


def test_chunks_are_done_in_order_and_an_interruption_leaves_whole_ones(
    rotated: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Seal.objects.get()
    for person in (rotated.bob, rotated.carol, rotated.eve):
        Seal.objects.create(seal_id=f"{person.pk:032x}", grant=rotated.grant, person=person, key_number=1)
    monkeypatch.setattr(rotation, "CHUNK", 2)
    assert rotation.renew_some(1, by=BY) == 2
    first.refresh_from_db()
    assert first.ended_at is not None
    assert rotation.seals_to_renew(1).count() == 2
    assert renew_all() == 2
    assert Seal.objects.filter(ended_at=None, key_number=2, number=2).count() == 4
