"""The scene as a fixture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.scene import Scene, make_scene


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    return make_scene(tmp_path / "train40")
