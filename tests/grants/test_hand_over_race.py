"""A shared archive is handed over while its access ends, in another connection and not yet committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from agreements.core import clock
from agreements.grants import lifecycle
from agreements.grants.downloads import plain_sql, redeeming
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened, Link, Seal
from tests.grants.scene import NOON, Scene, build
from tests.grants.shared_scene import deliver_into, publish, sealed
from tests.grants.test_states import revoke
from tests.grants.test_subsets import take

LIMIT = 30.0
"""Seconds after which two that wait for each other have deadlocked."""


@pytest.fixture
def scene(
    transactional_db: None,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    settings: Any,
) -> Iterator[Scene]:
    """The scene in transactions that are real, at noon."""
    deliver_into("folder", request, tmp_path, settings)
    with clock.frozen(NOON):
        yield build(tmp_path / "files")


@pytest.fixture
def link(scene: Scene, tmp_path: Path) -> Link:
    archive = publish(scene, tmp_path / "everyone", files={"a.txt": b"alpha" * 1000})
    sealed(archive)
    return links.make(grant=scene.grant, archive=archive, person=scene.alice, by=scene.alice.actor, mail=False)


ENDINGS: list[tuple[str, Callable[[Scene, Link], object]]] = [
    ("revoked", lambda scene, _link: revoke(scene, by=scene.dan.actor)),
    ("subset taken", lambda scene, _link: take(scene, scene.train40)),
    ("link ended", lambda scene, link: links.end(link=link, by=scene.alice.actor)),
    ("seal ended", lambda scene, _link: Seal.objects.filter(grant=scene.grant).update(ended_at=NOON)),
]


@pytest.mark.parametrize("end", [end for _, end in ENDINGS], ids=[name for name, _ in ENDINGS])
def test_what_ends_before_it_is_written_is_not_handed_over(
    scene: Scene, link: Link, monkeypatch: pytest.MonkeyPatch, end: Callable[[Scene, Link], object]
) -> None:
    token, name = tokens.token(link), link.archive.name
    read, ended = threading.Event(), threading.Event()
    write = plain_sql.write_handed_over

    def write_after_it_ended(*args: Any, **named: Any) -> bool:
        read.set()
        assert ended.wait(LIMIT)
        return write(*args, **named)

    monkeypatch.setattr(plain_sql, "write_handed_over", write_after_it_ended)
    answers: list[object] = []

    def hand_over() -> None:
        try:
            with clock.frozen(NOON):
                answers.append(redeeming.hand_over_whole(token, name=name))
        finally:
            connection.close()

    other = threading.Thread(target=hand_over, daemon=True)
    other.start()
    assert read.wait(LIMIT)
    with transaction.atomic():
        end(scene, link)
        # The other goes on while this is not committed: it waits for the rows, or finds them changed.
        ended.set()
    other.join(LIMIT)
    assert answers == [None]
    assert not DownloadOpened.objects.filter(link=link).exists()


def test_whoever_ends_access_never_waits_for_who_is_handing_over(
    scene: Scene, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the grant first: or the one would hold the link and want the grant, the other the reverse."""
    token, name = tokens.token(link), link.archive.name
    read, held = threading.Event(), threading.Event()
    write = plain_sql.write_handed_over

    def write_while_it_is_held(*args: Any, **named: Any) -> bool:
        read.set()
        assert held.wait(LIMIT)
        return write(*args, **named)

    monkeypatch.setattr(plain_sql, "write_handed_over", write_while_it_is_held)
    answers: list[object] = []

    def hand_over() -> None:
        try:
            with clock.frozen(NOON):
                answers.append(redeeming.hand_over_whole(token, name=name))
        finally:
            connection.close()

    other = threading.Thread(target=hand_over, daemon=True)
    other.start()
    assert read.wait(LIMIT)
    with transaction.atomic():
        lifecycle.lock(scene.grant)
        held.set()
        _until_somebody_waits()
        _at_most_two_seconds_for_a_lock()
        Link.objects.filter(pk=link.pk).update(ended_at=NOON)
    other.join(LIMIT)
    assert answers == [None]


def _until_somebody_waits() -> None:
    if connection.vendor != "postgresql":
        return  # SQLite lets nobody else write
    until = time.monotonic() + LIMIT
    waiting = False
    while not waiting:
        assert time.monotonic() < until
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
            [waiting] = cursor.fetchone()


def _at_most_two_seconds_for_a_lock() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
