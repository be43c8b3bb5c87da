"""Links to archives under shared seals: what is checked, what is written, and which passwords are shown."""

from __future__ import annotations

import datetime as dt
import io
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pyzipper

from agreements.catalog.models import Archive
from agreements.core import actors, clock
from agreements.grants import issuing, passwords, revealing, rotation, seals
from agreements.grants.deliverable import deliverable
from agreements.grants.downloads import holding, redeeming
from agreements.grants.downloads.refusals import Preparing, Refused
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Generation, Grant, Link, Seal
from agreements.grants.shared import generations
from agreements.grants.shared import removing as shared_removing
from agreements.keys import master_keys
from agreements.ledger.models import LedgerEntry
from agreements.vault.protocol import Store
from tests.grants import scene as scenes
from tests.grants.membership import joined
from tests.grants.scene import NOON, Scene
from tests.grants.shared_scene import deliver_into, publish, sealed, stored_bytes
from tests.grants.test_states import revoke

OLD, NEW = bytes(range(32)), b"n" * 32
SMALL = {"a.txt": b"alpha" * 1000, "b.txt": b"beta" * 1000}


@pytest.fixture
def delivery_store(request: pytest.FixtureRequest, tmp_path: Path, settings: Any) -> Store:
    return deliver_into("folder", request, tmp_path, settings)


@pytest.fixture
def archive(scene: Scene, tmp_path: Path, delivery_store: Store) -> Archive:
    return publish(scene, tmp_path / "everyone", files=SMALL)


def link_to(scene: Scene, archive: Archive, grant: Grant | None = None) -> Link:
    of = grant or scene.grant
    return links.make(grant=of, archive=archive, person=of.holder, by=of.holder.actor, mail=False)


def test_a_grant_opens_shared_archives_too(scene: Scene, archive: Archive) -> None:
    assert set(deliverable(scene.grant)) == {scene.sealed, archive}


def test_until_it_is_sealed_a_link_says_so_and_writes_nothing(scene: Scene, archive: Archive) -> None:
    token = tokens.token(link_to(scene, archive))
    offer = redeeming.examine(token)
    assert (offer.is_being_prepared, offer.size) == (True, archive.sealed_size)
    for take in (partial(redeeming.redeem, start=0, stop=10), redeeming.hand_over):
        with pytest.raises(Preparing):
            take(token)
    assert not DownloadOpened.objects.exists()


def test_what_is_handed_over_is_recorded_with_its_generation_and_closed_at_once(scene: Scene, archive: Archive) -> None:
    generation = sealed(archive)
    link = link_to(scene, archive)
    offer = redeeming.hand_over(tokens.token(link), name=archive.name)
    opened = DownloadOpened.objects.get()
    assert (opened.grant, opened.link, opened.generation) == (scene.grant, link, generation)
    assert (opened.range_start, opened.range_stop, offer.generation) == (0, archive.sealed_size, generation)
    closed = DownloadClosed.objects.get()
    assert (closed.opened, closed.how, closed.bytes_sent) == (opened, DownloadEnd.HANDED_OVER, None)


def test_after_a_revocation_nothing_is_handed_over(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    token = tokens.token(link_to(scene, archive))
    revoke(scene, by=scene.dan.actor)
    for take in (partial(redeeming.redeem, start=0, stop=10), redeeming.hand_over):
        with pytest.raises(Refused):
            take(token)
    assert not DownloadOpened.objects.exists()


def test_the_grant_is_held_before_anything_is_read(
    scene: Scene, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever a revocation commits before the lock is had is seen: it is revoked here while the lock is waited for."""
    sealed(archive)
    token = tokens.token(link_to(scene, archive))
    monkeypatch.setattr(holding, "share", lambda _token: revoke(scene, by=scene.dan.actor))
    with pytest.raises(Refused):
        redeeming.hand_over(token)


def test_a_download_that_goes_on_stays_with_its_generation_while_that_is_kept(scene: Scene, archive: Archive) -> None:
    first = sealed(archive)
    token = tokens.token(link_to(scene, archive))
    redeeming.hand_over(token)
    second = sealed(archive)
    resumed = redeeming.examine(token, resuming=True)
    assert (resumed.generation, resumed.etag) == (first, seals.etag(first, archive_digest=archive.digest))
    with clock.frozen(NOON + dt.timedelta(minutes=1)):
        assert redeeming.hand_over(token, resuming=True).generation == first
    with clock.frozen(NOON + dt.timedelta(minutes=2)):
        assert redeeming.hand_over(token).generation == second
        assert redeeming.examine(token, resuming=True).generation == second


def test_what_is_gone_cannot_go_on(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    token = tokens.token(link_to(scene, archive))
    redeeming.hand_over(token)
    second = sealed(archive)
    with clock.frozen(NOON + shared_removing.KEPT):
        shared_removing.remove_retired()
        assert redeeming.examine(token, resuming=True).generation == second


def test_another_links_download_begins_with_what_is_handed_out_now(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    redeeming.hand_over(tokens.token(link_to(scene, archive)))
    second = sealed(archive)
    assert redeeming.examine(tokens.token(link_to(scene, archive)), resuming=True).generation == second


def test_the_shown_passwords_open_what_was_and_what_is_downloaded(
    scene: Scene, archive: Archive, delivery_store: Store
) -> None:
    first = sealed(archive)
    redeeming.hand_over(tokens.token(link_to(scene, archive)))
    second = sealed(archive)
    revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    assert [(each.generation, each.is_current) for each in revealed.shared] == [(second, True), (first, False)]
    assert revealed.own == passwords.reveal(grant=scene.grant, by=scene.alice.actor)
    for each in revealed.shared:
        with pyzipper.AESZipFile(io.BytesIO(stored_bytes(delivery_store, each.generation))) as opened:
            opened.setpassword(each.password.encode())
            assert {name: opened.read(name) for name in opened.namelist()} == SMALL
    assert each.password not in repr(revealed)
    assert revealed.own not in repr(revealed)


def test_who_joined_later_is_not_shown_what_others_were_handed(scene: Scene, archive: Archive) -> None:
    first = sealed(archive)
    redeeming.hand_over(tokens.token(link_to(scene, archive)))
    second = sealed(archive)
    joined(scene)
    shown = {
        who: [each.generation for each in revealing.reveal_all(grant=scene.grant, by=who.actor).shared]
        for who in (scene.alice, scene.bob)
    }
    assert shown == {scene.alice: [second, first], scene.bob: [second]}


def test_each_password_that_is_shown_is_recorded(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    entry = LedgerEntry.objects.get(kind="generation.revealed")
    assert entry.payload == {"version": 1, "generation": 1}
    assert (entry.subjects["grant"], entry.subjects["archive"]) == (
        scene.grant.reference,
        "genebody/train40/everyone.zip",
    )
    assert (entry.actor, LedgerEntry.objects.filter(kind="password.revealed").count()) == (scene.alice.actor.id, 1)


class TestAfterAKeyBecameKnown:
    """Key 1 was used for everything, key 2 was added, and key 1 is marked as compromised."""

    @pytest.fixture
    def first(self, scene: Scene, archive: Archive, settings: Any) -> Generation:
        settings.MASTER_KEYS = {1: OLD}
        first = sealed(archive)
        redeeming.hand_over(tokens.token(link_to(scene, archive)))
        settings.MASTER_KEYS = {1: OLD, 2: NEW}
        master_keys.confirm(2)
        master_keys.mark_compromised(1)
        rotation.renew_some(1, by=actors.job("tests"))
        return first

    def test_the_old_generation_is_shown_while_the_next_is_being_sealed(self, scene: Scene, first: Generation) -> None:
        revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
        assert [(each.generation, each.password) for each in revealed.shared] == [(first, passwords.password_of(first))]
        assert revealed.own

    def test_and_beside_the_next_one_once_that_is_ready(
        self, scene: Scene, archive: Archive, first: Generation
    ) -> None:
        second = sealed(archive)
        revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
        assert [each.generation.key_number for each in revealed.shared] == [2, 1]
        assert [each.password for each in revealed.shared] == [passwords.password_of(g) for g in (second, first)]
        assert revealed.own == passwords.reveal(grant=scene.grant, by=scene.alice.actor)

    def test_a_key_that_was_taken_away_hides_its_own_password_alone(
        self, scene: Scene, archive: Archive, first: Generation, settings: Any
    ) -> None:
        second = sealed(archive)
        settings.MASTER_KEYS = {2: NEW}
        revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
        assert [(each.password, each.trouble) for each in revealed.shared] == [
            (passwords.password_of(second), ""),
            ("", "Master key 1 is not configured on this server. The operator has to put it back."),
        ]
        assert revealed.own
        assert LedgerEntry.objects.filter(kind="generation.revealed").count() == 1

    def test_another_key_in_its_place_shows_no_password_that_opens_nothing(
        self, scene: Scene, first: Generation, settings: Any
    ) -> None:
        settings.MASTER_KEYS = {1: b"o" * 32, 2: NEW}
        (shown,) = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor).shared
        assert (shown.password, "not the one used before" in shown.trouble) == ("", True)

    def test_ones_own_seal_under_a_key_that_is_gone_leaves_the_shared_ones(
        self, scene: Scene, archive: Archive, first: Generation, settings: Any
    ) -> None:
        sealed(archive)
        Seal.objects.filter(ended_at=None).update(key_number=1)
        settings.MASTER_KEYS = {2: NEW}
        revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
        assert (revealed.own, "not configured" in revealed.own_trouble) == ("", True)
        assert [bool(each.password) for each in revealed.shared] == [True, False]


def test_generations_that_a_grant_was_never_handed_are_not_shown(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    second = sealed(archive)
    revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    assert [each.generation for each in revealed.shared] == [second]


def test_a_grant_of_shared_archives_alone_has_no_password_of_its_own(scene: Scene, archive: Archive) -> None:
    Archive.objects.filter(pk=scene.sealed.pk).update(withdrawn_at=NOON)
    revealed = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    assert (revealed.own, revealed.shared, revealed.preparing) == ("", (), (archive,))
    assert not LedgerEntry.objects.filter(kind="password.revealed").exists()


def test_two_grants_share_the_password_of_a_generation_and_nothing_else(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    application = scenes.approved(scene.dataset, scene.terms, scene.bob)
    submission = scenes.handed_in(application)
    of_bob = issuing.issue(submission=submission, by=scene.carol.actor, as_role="reviewer")
    one = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    two = revealing.reveal_all(grant=of_bob, by=scene.bob.actor)
    assert one.shared == two.shared
    assert one.own != two.own


class TestVersions:
    def test_a_version_to_which_there_is_a_link_stays_beside_the_newest(
        self, scene: Scene, tmp_path: Path, archive: Archive
    ) -> None:
        link_to(scene, archive)
        newer = publish(scene, tmp_path / "newer", files=SMALL | {"c.txt": b"c"})
        assert newer.version == 2
        assert [a for a in deliverable(scene.grant) if a.name == archive.name] == [newer, archive]
        link_to(scene, archive)

    def test_a_grant_that_never_had_it_gets_the_newest_alone(
        self, scene: Scene, tmp_path: Path, archive: Archive
    ) -> None:
        newer = publish(scene, tmp_path / "newer", files=SMALL | {"c.txt": b"c"})
        assert [a for a in deliverable(scene.grant) if a.name == archive.name] == [newer]

    def test_a_withdrawn_version_is_nobodys(self, scene: Scene, tmp_path: Path, archive: Archive) -> None:
        link_to(scene, archive)
        newer = publish(scene, tmp_path / "newer", files=SMALL | {"c.txt": b"c"})
        Archive.objects.filter(pk=archive.pk).update(withdrawn_at=NOON)
        assert [a for a in deliverable(scene.grant) if a.name == archive.name] == [newer]

    def test_each_version_is_sealed_for_itself(self, scene: Scene, tmp_path: Path, archive: Archive) -> None:
        newer = publish(scene, tmp_path / "newer", files=SMALL | {"c.txt": b"c"})
        generations.work_off()
        found = {each.archive_id: each for each in Generation.objects.all()}
        assert set(found) == {archive.pk, newer.pk}
        assert len({passwords.password_of(each) for each in found.values()}) == 2


def test_a_link_lives_on_over_a_rotation(scene: Scene, archive: Archive) -> None:
    sealed(archive)
    token = tokens.token(link_to(scene, archive))
    second = sealed(archive)
    with clock.frozen(NOON + dt.timedelta(days=2)):
        assert redeeming.examine(token).generation == second
