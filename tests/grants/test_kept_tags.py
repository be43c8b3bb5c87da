# ruff: noqa: F811 - fixtures are imported and then named as arguments
"""Codes that took a pass are kept for later processes, and are never in the way of a download."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError

from agreements.catalog import archives
from agreements.grants.downloads import kept_tags, quota
from agreements.grants.downloads.kept_tags import KeptTags
from agreements.grants.models import Seal, StoredTag, TagPass
from tests.grants.passing import Gate, begin, gate, passing, scene, settled, tail_of, view, whole  # noqa: F401
from tests.grants.scene import Scene

# Threads with connections of their own write here, so the transactions are real, and so is the clock.
pytestmark = pytest.mark.django_db(transaction=True)


def test_a_tag_is_made_by_one_pass_and_found_by_every_later_process(scene: Scene) -> None:
    start, stop = tail_of(scene, 0)
    expected = whole(scene)[start:stop]
    assert b"".join(begin(scene, start, stop)) == expected
    settled()
    kept_tags.forget()  # another process
    assert b"".join(begin(scene, start, stop)) == expected
    settled()
    row, made = TagPass.objects.get(), StoredTag.objects.get()
    assert row.bytes_planned == row.bytes_read == view(scene).index.columns.packed_sizes[0]
    assert bytes(made.tag) == expected[1:]
    assert (made.seal, made.archive, made.member) == (scene.link.seal, scene.sealed, 0)


def test_every_start_within_every_member_gives_the_bytes_of_the_whole(scene: Scene) -> None:
    expected, made = whole(scene), view(scene)
    for number in range(len(made.index)):
        for start in (made.layout.data_start(number) + 1, made.layout.tag_start(number) + 3):
            assert b"".join(begin(scene, start, len(expected))) == expected[start:]
    settled()
    assert TagPass.objects.count() == len(made.index)


def test_tags_of_small_members_are_not_written_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_tags, "LARGE", 1_000_000)
    start, stop = tail_of(scene, 0)
    assert b"".join(begin(scene, start, stop)) == whole(scene)[start:stop]
    assert not StoredTag.objects.exists()
    assert not TagPass.objects.exists()


@pytest.mark.parametrize("changed", [{"number": 2}, {"key_number": 2}, {"seal_id": "0" * 32}])
def test_a_code_belongs_to_the_seal_as_it_was(scene: Scene, changed: dict[str, Any]) -> None:
    seal = scene.link.seal
    index = archives.index_of(scene.sealed)
    KeptTags(seal, scene.sealed, index).put(0, b"0123456789")
    KeptTags(seal, scene.sealed, index).store(0)
    other = Seal.objects.get(pk=seal.pk)
    for name, value in changed.items():
        setattr(other, name, value)
    assert KeptTags(seal, scene.sealed, index).peek(0) == b"0123456789"
    assert KeptTags(other, scene.sealed, index).peek(0) is None
    kept_tags.forget()
    assert KeptTags(seal, scene.sealed, index).get(0) == b"0123456789"
    if "seal_id" not in changed:
        assert KeptTags(other, scene.sealed, index).get(0) is None


def test_memory_forgets_what_was_not_asked_for_the_longest(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_tags, "REMEMBERED", 2)
    tags = KeptTags(scene.link.seal, scene.sealed, archives.index_of(scene.sealed))
    for number in (0, 1):
        tags.put(number, b"0123456789")
    tags.peek(0)
    tags.put(2, b"0123456789")
    assert [tags.peek(number) is not None for number in (0, 1, 2)] == [True, False, True]


def test_a_download_goes_on_when_tags_cannot_be_read_or_kept(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    start, stop = tail_of(scene, 0)
    expected = whole(scene)[start:stop]
    stream = begin(scene, start, stop)

    def fail(*_args: object, **_options: object) -> Any:
        raise OperationalError("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(kept_tags, "stored", fail)
        for name in ("begin", "end", "spare", "under_way"):
            broken.setattr(quota, name, fail)
        broken.setattr(StoredTag.objects, "bulk_create", fail)
        assert b"".join(stream) == expected
        settled()
    assert not StoredTag.objects.exists()
    assert TagPass.objects.get().bytes_read is None  # charged in full: nobody could say less
