"""A subset is taken from access that goes on for others: its archives stop at once, the others do not notice."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core import mail

from agreements.catalog.models import Access, Archive, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import actors
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants import lifecycle, revealing
from agreements.grants.deliverable import deliverable
from agreements.grants.downloads import redeeming, streaming
from agreements.grants.downloads.refusals import Refused
from agreements.grants.downloads.streaming import Cut, Stream
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.grounds import Grounds
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import Link, TakenSubset
from agreements.ledger.act import act
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.people.models import User
from tests.grants.membership import joined, sent_to
from tests.grants.scene import MEMBERS, Scene
from tests.grants.shared_scene import deliver_into, publish, sealed

GROUNDS = Grounds("GB-R-ABCDEF", "termination", "The subjects asked.", "ab" * 16, dt.date(2026, 3, 16))


@pytest.fixture
def extended(scene: Scene, tmp_path: Path) -> Archive:
    """Another subset of Alice's access, with an archive."""
    subset = Subset.objects.create(
        dataset=scene.dataset, slug="extended", title="Extended", access=Access.AGREEMENT, position=2
    )
    for name, data in MEMBERS.items():
        place = tmp_path / "extended" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    archive = publish_archive(subset=subset, source=tmp_path / "extended", by=actors.job("tests"))
    scene.grant.subsets.add(subset)
    links.make(grant=scene.grant, archive=archive, person=scene.alice, by=scene.alice.actor, mail=False)
    return archive


def take(scene: Scene, subset: Subset, *, by: User | None = None) -> None:
    steward = (by or scene.dan).actor
    with act():
        grants = lifecycle.lock_all([scene.grant.pk])
        lifecycle.take_subset(grants=grants, subset=subset, cause="revoke", grounds=GROUNDS, by=steward)


def give_back(scene: Scene) -> None:
    lifecycle.give_back_subset(procedure=GROUNDS.procedure, by=scene.dan.actor)


def link_to(scene: Scene, archive: Archive) -> Link:
    return links.with_all().filter(archive=archive, seal__person=scene.alice).latest("pk")


def begin(scene: Scene, archive: Archive) -> Stream:
    token = tokens.token(link_to(scene, archive))
    return streaming.stream(redeeming.redeem(token, start=0, stop=archive.sealed_size))


def test_what_runs_is_cut_at_the_next_tick_and_the_rest_goes_on(
    scene: Scene, extended: Archive, watching: Watcher
) -> None:
    taken, kept = begin(scene, scene.sealed), begin(scene, extended)
    next(taken), next(kept)
    watching.tick()
    take(scene, scene.train40)
    watching.tick()
    with pytest.raises(Cut):
        next(taken)
    assert sum(map(len, kept)) > 0


def test_coverage_alone_cuts_whatever_the_link_says(scene: Scene, extended: Archive, watching: Watcher) -> None:
    taken = begin(scene, scene.sealed)
    next(taken)
    take(scene, scene.train40)
    Link.objects.update(ended_at=None)
    watching.tick()
    with pytest.raises(Cut):
        next(taken)
    with pytest.raises(Refused) as refused:
        begin(scene, scene.sealed)
    assert refused.value.why.value == "not-covered"


def test_a_link_stops_at_the_next_request_and_no_new_one_is_made(scene: Scene, extended: Archive) -> None:
    old = tokens.token(link_to(scene, scene.sealed))
    take(scene, scene.train40)
    with pytest.raises(Refused):
        redeeming.redeem(old, start=0, stop=10)
    with pytest.raises(NotPossible, match="cannot be downloaded under this access"):
        links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor)
    assert list(deliverable(scene.grant)) == [extended]
    assert begin(scene, extended)


def test_a_shared_archive_is_handed_over_no_more_and_its_password_is_gone(
    scene: Scene, extended: Archive, tmp_path: Path, request: pytest.FixtureRequest, settings: object
) -> None:
    deliver_into("folder", request, tmp_path, settings)
    shared = publish(scene, tmp_path / "everyone", files={"a.txt": b"alpha" * 1000})
    sealed(shared)
    link = links.make(grant=scene.grant, archive=shared, person=scene.alice, by=scene.alice.actor, mail=False)
    token = tokens.token(link)
    assert redeeming.hand_over_whole(token, name=shared.name)
    take(scene, scene.train40)
    for hand_over in (redeeming.hand_over_whole, redeeming.hand_over):
        with pytest.raises(Refused):
            hand_over(token, name=shared.name)
    Link.objects.update(ended_at=None)
    with pytest.raises(Refused) as refused:
        redeeming.hand_over_whole(token, name=shared.name)
    assert refused.value.why.value == "not-covered"
    shown = revealing.reveal_all(grant=scene.grant, by=scene.alice.actor)
    assert [one for one in shown.shared if one.archive == shared] == []


def test_giving_it_back_revives_no_link_but_new_ones_are_made(scene: Scene, extended: Archive) -> None:
    old = tokens.token(link_to(scene, scene.sealed))
    take(scene, scene.train40)
    give_back(scene)
    with pytest.raises(Refused):
        redeeming.redeem(old, start=0, stop=10)
    links.make(grant=scene.grant, archive=scene.sealed, person=scene.alice, by=scene.alice.actor)
    assert begin(scene, scene.sealed)
    letter = sent_to(scene.alice, "again")
    assert "Train40 is part of access" in letter
    assert "Your earlier links to its archives have ended and stay so." in letter


def test_holder_and_members_are_told_what_goes_and_what_stays(scene: Scene, extended: Archive) -> None:
    joined(scene)
    take(scene, scene.train40)
    mail.outbox.clear()
    drain()
    letters = {one.to[0]: str(one.body) for one in mail.outbox if "no longer part" in one.subject}
    to_alice, to_bob = letters[scene.alice.email], letters[scene.bob.email]
    assert f"Train40 is no longer part of your access {scene.grant.reference} to GeneBody." in to_alice
    assert "which Alice Example holds and you are a member of" in to_bob
    for words in (
        "Your access goes on for: Extended.",
        "version 1.0: Termination",
        "The subjects asked.",
        "Please destroy every copy of Train40 that you hold by 16 March 2026",
        f"/grants/{scene.grant.reference}/destruction/",
        "name GB-R-ABCDEF",
    ):
        assert words in to_alice, words
        assert words in to_bob, words


def test_it_is_on_record_which_grant_lost_and_got_back_what(scene: Scene, extended: Archive) -> None:
    take(scene, scene.train40)
    give_back(scene)
    give_back(scene)
    taken, returned = LedgerEntry.objects.filter(kind__startswith="subset.").order_by("sequence")
    assert taken.payload == {"subset": "train40", "cause": "revoke"}
    assert returned.payload == {"subset": "train40"}
    for row in (taken, returned):
        assert row.subjects["grant"] == scene.grant.reference
        assert row.subjects["procedure"] == "GB-R-ABCDEF"
    assert TakenSubset.objects.count() == 1


@pytest.mark.parametrize("who", ["alice", "carol", "eve"])
def test_only_a_steward_takes(scene: Scene, extended: Archive, who: str) -> None:
    with pytest.raises(NotAllowed):
        take(scene, scene.train40, by=getattr(scene, who))
    assert scene.grant.subsets.filter(pk=scene.train40.pk).exists()
