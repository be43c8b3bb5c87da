from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from agreements.core import clock
from agreements.grants import messages
from agreements.grants.downloads import watcher
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.members import messages as member_messages
from agreements.web import bad_tokens, download_limits
from tests.grants import scene as scenes
from tests.grants.scene import Scene


class Seconds:
    """A clock for the watcher that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch, seconds: Seconds) -> Watcher:
    """The watcher of the process, ticked by hand."""
    by_hand = Watcher(monotonic=seconds, threaded=False)
    monkeypatch.setattr(watcher, "_watcher", by_hand)
    return by_hand


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(scenes.NOON):
        yield


@pytest.fixture
def scene(db: None, tmp_path: Path, settings: Settings, noon: None, watching: Watcher) -> Scene:
    """GeneBody with Alice's access, at noon."""
    settings.VAULT_ARCHIVES = f"folder:{tmp_path / 'archives'}"
    settings.SITE_URL = "http://testserver"
    settings.DELIVERY_URL = "http://testserver"
    messages.register()
    member_messages.register()
    bad_tokens.forget()
    download_limits.forget()
    return scenes.build(tmp_path / "files")
