"""The scene as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreements.grants.downloads import watcher
from agreements.grants.downloads.watcher import Watcher
from tests.flows.scene import Scene, make_scene


@pytest.fixture
def scene(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    # A test's transaction is seen by no other thread: the watcher of downloads could only say that access is unknown.
    monkeypatch.setattr(watcher, "_watcher", Watcher(threaded=False))
    return make_scene(tmp_path / "train40")
