"""A subset opens: who waited is told once, with how this person gets it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings

from agreements.catalog import interest
from agreements.catalog.models import Access, Interest, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.core import clock
from agreements.flows import opening_messages, opening_work
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from tests.flows.opened import UPGRADE, coming, decide, delivered, grant_of, opened, sent
from tests.flows.scene import SETUP, Scene

__all__ = ["coming"]


def test_who_waited_is_told_once_how_to_apply(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    interest.note(subset=coming, by=scene.eve.actor)
    assert opening_work.work_off() == 0
    opened(coming, tmp_path, publish=False)
    opening_work.work_off()
    opening_work.work_off()
    assert sent("subset-opened") == ["eve@ethz.ch"]
    wish = Interest.objects.get()
    assert wish.told_at is not None
    assert wish.ended_at == wish.told_at
    text = delivered("GeneBody: Extended370 has opened")
    assert f"You apply for it here:\n{settings.SITE_URL}/datasets/genebody/apply/" in text
    assert "You receive this once, because you asked" in text


def test_who_waited_for_an_open_subset_is_told_once_there_is_something(
    scene: Scene, coming: Subset, tmp_path: Path
) -> None:
    interest.note(subset=coming, by=scene.eve.actor)
    found = opened(coming, tmp_path, access=Access.OPEN, publish=False)
    opening_work.work_off()
    assert sent("subset-opened") == []
    (tmp_path / "x").write_text("x")
    publish_archive(subset=found.subset, source=tmp_path, name="x.zip", by=SETUP)
    opening_work.work_off()
    assert "/datasets/genebody/#extended370" in delivered("Extended370 has opened")


def test_a_broken_slice_is_taken_up_again_and_nobody_is_told_twice(
    scene: Scene, coming: Subset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [User.objects.create_user(f"p{n}@ethz.ch") for n in range(7)]
    for person in people:
        interest.note(subset=coming, by=person.actor)
    opened(coming, tmp_path, publish=False)
    monkeypatch.setattr(opening_work, "TOLD_AT_ONCE", 2)
    queue = opening_messages.queue_opened
    calls = 0

    def breaking(wish: Interest) -> OutboxMessage:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("the machine was switched off")
        return queue(wish)

    monkeypatch.setattr(opening_messages, "queue_opened", breaking)
    with pytest.raises(RuntimeError):
        opening_work.work_off()
    assert len(sent("subset-opened")) == 2
    assert opening_work.work_off() == 5
    assert sent("subset-opened") == sorted(person.email for person in people)


def test_a_holder_who_waited_hears_what_was_decided_and_gets_no_second_mail(
    scene: Scene, coming: Subset, tmp_path: Path
) -> None:
    grant = grant_of(scene, scene.alice)
    interest.note(subset=coming, by=scene.alice.actor)
    found = opened(coming, tmp_path)
    opening_work.work_off()
    assert sent("subset-opened") == []
    decide(scene, found, UPGRADE)
    opening_work.work_off()
    assert (sent("subset-opened"), sent("subset-added")) == ([], [scene.alice.email])
    assert Interest.objects.get().told_at is not None
    assert set(grant.subsets.values_list("slug", flat=True)) == {"train40", "extended370"}


def test_a_holder_is_told_without_a_decision_when_none_comes(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant = grant_of(scene, scene.alice)
    interest.note(subset=coming, by=scene.alice.actor)
    opened(coming, tmp_path)
    with clock.frozen(clock.now() + opening_work.PATIENCE + dt.timedelta(hours=1)):
        opening_work.work_off()
        text = delivered("Extended370 has opened")
    assert f"your access {grant.reference} does not cover it yet" in text
