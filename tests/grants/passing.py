"""A scene whose members are large enough for their tags to be kept, and a gate that holds up passes over them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from agreements.catalog import archives
from agreements.grants import messages
from agreements.grants.downloads import kept_tags, redeeming, sources, streaming
from agreements.grants.downloads.personal_view import PersonalView
from agreements.grants.downloads.streaming import Stream
from agreements.grants.links import tokens
from agreements.sealing import SealedView
from agreements.web import bad_tokens, download_limits
from portal.embedded.children import wait_until
from tests.grants import scene as scenes
from tests.grants.scene import Scene

LARGE = 60_000


@pytest.fixture
def scene(transactional_db: None, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Scene:
    settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
    settings.SITE_URL = settings.DELIVERY_URL = "http://testserver"
    monkeypatch.setattr(kept_tags, "LARGE", LARGE)
    messages.register()
    bad_tokens.forget()
    download_limits.forget()
    kept_tags.forget()
    return scenes.build(tmp_path / "files")


class Gate:
    """Holds up every pass when it has read its first piece, until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.opened = threading.Event()
        self.connected: list[bool] = []
        self.begun: list[int] = []

    def reader(self, real: Callable[[int, int], Iterator[bytes]]) -> Callable[[int, int], Iterator[bytes]]:
        def read(offset: int, length: int) -> Iterator[bytes]:
            if threading.current_thread().name != "tag-pass":
                yield from real(offset, length)
                return
            self.begun.append(offset)
            yield from real(offset, 1000)
            self.connected.append(connection.connection is not None)
            self.reached.release()
            assert self.opened.wait(20)
            yield from real(offset + 1000, length - 1000)

        return read


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, real = Gate(), archives.reader
    monkeypatch.setattr(archives, "reader", lambda archive: made.reader(real(archive)))
    yield made
    made.opened.set()
    assert wait_until(lambda: not passing(), 20)


def passing() -> bool:
    return any(thread.name == "tag-pass" for thread in threading.enumerate())


def settled() -> None:
    """Wait until what a pass leaves behind is written."""
    assert wait_until(lambda: not passing(), 20)


def view(scene: Scene) -> PersonalView:
    return sources.view_of(scene.sealed, scene.link.seal)


def tail_of(scene: Scene, number: int) -> tuple[int, int]:
    """Return the range of a member's last data byte and its tag."""
    tag = view(scene).layout.tag_start(number)
    return tag - 1, tag + 10


def begin(scene: Scene, start: int, stop: int) -> Stream:
    offer = redeeming.examine(tokens.token(scene.link))
    needed = sources.needed_pass(offer, start=start, stop=stop)
    return streaming.stream(redeeming.redeem(tokens.token(scene.link), start=start, stop=stop, needed=needed))


def whole(scene: Scene) -> bytes:
    made = view(scene)
    return b"".join(SealedView.stream(made, 0, made.size))
