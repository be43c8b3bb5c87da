"""Tokens and links: what opens, what does not, and whose they are."""

from __future__ import annotations

import datetime as dt
import secrets

import pytest
from pytest_django import DjangoAssertNumQueries

from agreements.catalog.models import Archive
from agreements.core.errors import NotAllowed, NotPossible, TooMany
from agreements.grants.links import lifetimes, tokens
from agreements.grants.links import making as links
from agreements.grants.models import Link
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from tests.grants.scene import NOON, Scene
from tests.grants.test_states import revoke

HEX = "0123456789abcdef"


def test_a_token_leads_to_its_link_and_is_stored_nowhere(scene: Scene) -> None:
    token = tokens.token(scene.link)
    assert links.parse(token) == scene.link
    stored = [str(row) for model in (Link, OutboxMessage, LedgerEntry) for row in model.objects.values()]
    assert not [row for row in stored if token in row or token[tokens.ID_DIGITS :] in row]


@pytest.mark.parametrize("place", range(64))
def test_a_token_with_one_character_changed_is_unknown(scene: Scene, place: int) -> None:
    token = tokens.token(scene.link)
    for other in HEX.replace(token[place], ""):
        assert links.parse(token[:place] + other + token[place + 1 :]) is None


def test_another_spelling_of_a_token_is_unknown(scene: Scene) -> None:
    token = tokens.token(scene.link)
    assert token != token.upper()
    for spelled in (token.upper(), token + "\n", " " + token, token[:-1], token + "0", "", "..", "\0" * 64, "é" * 64):
        assert links.parse(spelled) is None


def test_a_bad_token_costs_no_query(scene: Scene, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    token = tokens.token(scene.link)
    bad = token[:-1] + ("0" if token[-1] != "0" else "1")
    with django_assert_num_queries(0):
        assert links.parse(bad) is None
        assert links.parse(secrets.token_hex(32)) is None


def test_the_tag_of_a_known_id_under_another_key_does_not_open(scene: Scene, settings: pytest.FixtureRequest) -> None:
    settings.MASTER_KEYS = {1: bytes(range(32)), 2: bytes(32)}  # type: ignore[attr-defined]
    forged = Link(link_id=scene.link.link_id, key_number=2)
    assert tokens.read(tokens.token(forged)) == (forged.link_id, 2)
    assert links.parse(tokens.token(forged)) is None


def test_issuing_made_one_link_for_the_sealed_archive_and_none_for_the_open_one(scene: Scene) -> None:
    assert [link.archive for link in Link.objects.all()] == [scene.sealed]


def test_a_fresh_link_is_a_new_id_and_the_old_one_runs_on(scene: Scene) -> None:
    old = scene.link
    fresh = links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor)
    assert fresh.link_id != old.link_id
    assert {link.pk for link in links.running(grant=scene.grant, person_pk=scene.alice.pk)} == {old.pk, fresh.pk}
    assert OutboxMessage.objects.get(kind="link-fresh").recipient == scene.alice.email


def test_a_steward_makes_one_for_alice_and_nobody_else_does(scene: Scene) -> None:
    links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.dan.actor)
    for who in (scene.bob, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=who.actor)


def test_no_link_for_someone_without_a_seal_nor_for_an_archive_outside_the_grant(scene: Scene) -> None:
    with pytest.raises(NotPossible):
        links.make(grant=scene.grant, archive=scene.sealed, person=scene.eve, by=scene.dan.actor)
    with pytest.raises(NotPossible):
        links.make(grant=scene.grant, archive=scene.open, person=scene.alice, by=scene.alice.actor)


def test_no_link_after_revocation_nor_without_end(scene: Scene) -> None:
    for _ in range(links.FRESH_PER_DAY - 1):
        links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor, mail=False)
    with pytest.raises(TooMany):
        links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor)
    revoke(scene, by=scene.dan.actor)
    with pytest.raises(NotPossible, match="revoked"):
        links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor)


def test_a_link_is_ended_once_and_by_whom_it_concerns(scene: Scene) -> None:
    for who in (scene.bob, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            links.end(link=scene.link, by=who.actor)
    links.end(link=scene.link, by=scene.alice.actor)
    with pytest.raises(NotPossible, match="already"):
        links.end(link=scene.link, by=scene.alice.actor)
    assert LedgerEntry.objects.filter(kind="link.ended").count() == 1


def test_the_lifetime_runs_from_the_first_mail_and_no_later_one_prolongs_it(scene: Scene) -> None:
    sent = NOON + dt.timedelta(days=2)
    lifetimes.begin([scene.link.link_id], sent)
    assert scene.link.expires_at == sent + dt.timedelta(hours=168)
    lifetimes.begin([scene.link.link_id], sent + dt.timedelta(days=3))
    assert scene.link.expires_at == sent + dt.timedelta(hours=168)


def test_an_ended_link_does_not_come_back_by_being_mailed(scene: Scene) -> None:
    links.end(link=scene.link, by=scene.alice.actor)
    lifetimes.begin([scene.link.link_id], NOON + dt.timedelta(days=2))
    assert scene.link.first_sent_at is None


def test_a_newer_version_takes_nothing_from_who_has_the_older_one(scene: Scene) -> None:
    newer = newer_version(scene)
    for archive in (scene.sealed, newer):
        links.make(grant=scene.grant, archive=archive, person=scene.alice, by=scene.alice.actor)


def test_missing_links_are_made_in_one_mail_and_none_to_an_older_version(scene: Scene) -> None:
    assert links.make_missing(grant=scene.grant, person=scene.alice, by=scene.alice.actor) == []
    assert not OutboxMessage.objects.filter(kind="link-fresh").exists()
    newer, other = newer_version(scene), newer_version(scene, version=1, name="train40-masks.zip")
    links.end(link=scene.link, by=scene.alice.actor)
    made = links.make_missing(grant=scene.grant, person=scene.alice, by=scene.alice.actor)
    assert {link.archive for link in made} == {newer, other}
    message = OutboxMessage.objects.get(kind="link-fresh")
    assert message.values["links"] == [link.link_id for link in made]
    assert links.make_missing(grant=scene.grant, person=scene.alice, by=scene.alice.actor) == []


def test_nobody_has_missing_links_made_for_somebody_else(scene: Scene) -> None:
    newer_version(scene)
    for who in (scene.bob, scene.carol, scene.eve):
        with pytest.raises(NotAllowed):
            links.make_missing(grant=scene.grant, person=scene.alice, by=who.actor)


def newer_version(scene: Scene, *, version: int = 2, name: str = "train40.zip") -> Archive:
    fields = {field.name: getattr(scene.sealed, field.name) for field in Archive._meta.fields if field.name != "id"}
    return Archive.objects.create(**fields | {"version": version, "name": name})
