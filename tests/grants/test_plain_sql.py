"""What is read in plain SQL decides as what Django reads: one rule, whichever way its facts came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Archive
from agreements.grants.downloads import plain_sql, process, redeeming
from agreements.grants.downloads.refusals import Refused, Why
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Generation, Grant, Link, Seal
from tests.grants.scene import NOON, Scene
from tests.grants.shared_scene import deliver_into, publish, sealed
from tests.grants.test_redeeming import BREAKING

FILES = {"a.txt": b"alpha" * 1000, "b.txt": b"beta" * 1000}


@pytest.fixture
def link(scene: Scene, tmp_path: Path, request: pytest.FixtureRequest, settings: Any) -> Link:
    """Alice's only link, to an archive that was sealed for everyone."""
    deliver_into("folder", request, tmp_path, settings)
    archive = publish(scene, tmp_path / "everyone", files=FILES)
    sealed(archive)
    Link.objects.all().delete()
    return links.make(grant=scene.grant, archive=archive, person=scene.alice, by=scene.alice.actor, mail=False)


def test_a_whole_archive_is_handed_over_and_recorded(link: Link) -> None:
    offer = redeeming.hand_over_whole(tokens.token(link), name=link.archive.name)
    assert offer is not None
    opened = DownloadOpened.objects.get()
    assert (opened.link_id, opened.grant_id, opened.archive_id) == (link.pk, link.grant_id, link.archive_id)
    assert opened.generation == Generation.objects.get()
    assert (opened.range_start, opened.range_stop) == (0, link.archive.sealed_size)
    assert DownloadClosed.objects.get().how == DownloadEnd.HANDED_OVER


def test_both_ways_offer_the_same(link: Link) -> None:
    token = tokens.token(link)
    quick = redeeming.hand_over_whole(token, name=link.archive.name)
    slow = redeeming.examine(token)
    assert quick is not None
    assert (quick.etag, quick.size, quick.name) == (slow.etag, slow.size, slow.name)
    assert quick.generation is not None
    assert slow.generation is not None
    assert quick.generation.object_key == slow.generation.object_key


SHUT = [
    (why, breaking)
    for why, breaking in BREAKING
    if why not in {Why.NOT_SEALED, Why.OTHER_NAME}  # the first is no shared archive, the second is tested below
]


@pytest.mark.parametrize(("why", "breaking"), SHUT, ids=[f"{n}-{why.name}" for n, (why, _) in enumerate(SHUT)])
def test_both_ways_refuse_for_the_same_reason(
    scene: Scene, link: Link, why: Why, breaking: Callable[[Scene], object]
) -> None:
    token, name = tokens.token(link), link.archive.name
    if why == Why.LINK_ENDED and not link.ended_at:
        Link.objects.update(ended_at=link.created_at)
    else:
        breaking(scene)
    found = set()
    for take in (redeeming.examine, redeeming.hand_over_whole):
        with pytest.raises(Refused) as refused:
            take(token, name=name)
        found.add((refused.value.why, refused.value.grant))
    assert found == {(why, scene.grant.reference)}
    assert not DownloadOpened.objects.exists()


@pytest.mark.parametrize("changed", [Link, Seal, Grant], ids=["link", "seal", "grant"])
def test_what_changed_since_it_was_read_is_not_handed_over(
    link: Link, changed: type[Link] | type[Seal] | type[Grant]
) -> None:
    found = tokens.read(tokens.token(link))
    assert found is not None
    read = plain_sql.shared_link(*found)
    assert read is not None
    field = {Link: "expires_at", Seal: "created_at", Grant: "starts_at"}[changed]
    changed._default_manager.update(**{field: NOON - dt.timedelta(days=1)})
    if changed is Seal:
        Seal.objects.update(ended_at=NOON)
    written = plain_sql.write_handed_over(opening(read), while_unchanged=read)
    assert (written, DownloadOpened.objects.exists()) == (False, False)
    again = plain_sql.shared_link(*found)
    assert again is not None
    assert plain_sql.write_handed_over(opening(again), while_unchanged=again)


def opening(read: plain_sql.SharedLink) -> DownloadOpened:
    link = read.link
    return DownloadOpened(
        process=process.THIS,
        grant=link.grant,
        link=link,
        archive=link.archive,
        generation=read.generation,
        at=NOON,
        range_start=0,
        range_stop=link.archive.sealed_size,
    )


def test_another_name_is_refused(link: Link) -> None:
    with pytest.raises(Refused):
        redeeming.hand_over_whole(tokens.token(link), name="other.zip")


def test_a_link_to_a_personal_archive_or_to_nothing_is_left_to_the_other_way(scene: Scene) -> None:
    assert redeeming.hand_over_whole(tokens.token(scene.link), name=scene.sealed.name) is None
    assert redeeming.hand_over_whole("0" * 64, name=scene.sealed.name) is None
    found = tokens.read(tokens.token(scene.link))
    assert found is not None
    assert plain_sql.shared_link(*found) is None


def test_an_open_archive_is_read_with_all_that_decides(scene: Scene) -> None:
    quick = plain_sql.open_archive(scene.dataset.slug, scene.open.pk)
    slow = Archive.objects.select_related("subset__dataset").get(pk=scene.open.pk)
    assert quick is not None
    for name in ("pk", "name", "seal", "pack_key", "pack_size", "pack_sha256", "withdrawn_at"):
        assert getattr(quick, name) == getattr(slow, name)
    assert quick.subset.access == slow.subset.access
    assert plain_sql.open_archive("another", scene.open.pk) is None
