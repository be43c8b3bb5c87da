"""What the desk says of shared archives: who has the present generation and has lost access since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Archive
from agreements.core import actors
from agreements.grants import issuing, revealing, rotation
from agreements.grants.downloads import redeeming
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.members import membership
from agreements.grants.models import Grant, GrantState
from agreements.grants.shared import desk
from agreements.people.models import User
from tests.grants import scene as scenes
from tests.grants.membership import joined
from tests.grants.scene import Scene
from tests.grants.shared_scene import deliver_into, publish, sealed
from tests.grants.test_states import revoke

SMALL = {"a.txt": b"alpha" * 1000}


@pytest.fixture
def archive(scene: Scene, tmp_path: Path, request: pytest.FixtureRequest, settings: Any) -> Archive:
    """A shared archive whose first generation is handed out."""
    deliver_into("folder", request, tmp_path, settings)
    archive = publish(scene, tmp_path / "files", files=SMALL)
    sealed(archive)
    return archive


def lost(archive: Archive) -> tuple[int, bool]:
    (shelf,) = desk.shelves([archive])
    assert shelf.current is not None
    return shelf.current.lost, shelf.wants_the_next


def fetch(scene: Scene, archive: Archive, who: User) -> None:
    link = links.make(grant=scene.grant, archive=archive, person=who, by=who.actor, mail=False)
    redeeming.hand_over(tokens.token(link))


def test_a_member_who_was_handed_it_and_is_removed_wants_the_next(scene: Scene, archive: Archive) -> None:
    member = joined(scene)
    fetch(scene, archive, scene.bob)
    fetch(scene, archive, scene.alice)
    assert lost(archive) == (0, False)
    membership.remove(member=member, reason="Bob has left the lab.", by=scene.alice.actor)
    assert lost(archive) == (1, True)
    sealed(archive)
    assert lost(archive) == (0, False), "the next one opens with another password"


def test_so_does_one_who_was_only_shown_its_password_and_leaves(scene: Scene, archive: Archive) -> None:
    joined(scene)
    revealing.reveal_all(grant=scene.grant, by=scene.bob.actor)
    assert lost(archive) == (0, False)
    membership.leave(grant=scene.grant, by=scene.bob.actor)
    assert lost(archive) == (1, True)


def test_everybody_under_a_revoked_access_counts_once_and_its_page_names_the_archive(
    scene: Scene, archive: Archive
) -> None:
    joined(scene)
    revealing.reveal_all(grant=scene.grant, by=scene.bob.actor)
    revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    fetch(scene, archive, scene.alice)
    revoke(scene, by=scene.dan.actor)
    assert lost(archive) == (2, True)
    assert desk.held_by(scene.grant) == [archive]


def test_an_access_that_has_it_by_its_password_alone_is_named(scene: Scene, archive: Archive) -> None:
    assert desk.held_by(scene.grant) == []
    revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    assert desk.held_by(scene.grant) == [archive]
    sealed(archive)
    assert desk.held_by(scene.grant) == []


def test_neither_a_renewed_seal_nor_access_that_ran_out_is_lost_access(
    scene: Scene, archive: Archive, settings: Any
) -> None:
    fetch(scene, archive, scene.alice)
    settings.MASTER_KEYS = settings.MASTER_KEYS | {2: b"n" * 32}
    assert rotation.renew_some(1, by=actors.job("tests")) == 1
    assert lost(archive) == (0, False)
    Grant.objects.update(state=GrantState.EXPIRED)
    assert lost(archive) == (0, False)


def test_whoever_has_access_by_another_grant_has_not_lost_it(scene: Scene, archive: Archive) -> None:
    joined(scene)
    fetch(scene, archive, scene.bob)
    submission = scenes.handed_in(scenes.approved(scene.dataset, scene.terms, scene.bob))
    issuing.issue(submission=submission, by=scene.carol.actor, as_role="reviewer")
    membership.leave(grant=scene.grant, by=scene.bob.actor)
    assert lost(archive) == (0, False)
