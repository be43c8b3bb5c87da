"""The scene of the whole chain: an executed agreement begins with what was written, signed and approved."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreements.grants.downloads import watcher
from agreements.grants.downloads.watcher import Watcher
from tests.flows.scene import Scene, make_scene


@pytest.fixture
def scene(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(watcher, "_watcher", Watcher(threaded=False))
    return make_scene(tmp_path / "train40")
