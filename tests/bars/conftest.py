from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows.scene import Scene, make_scene


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    """GeneBody and everybody who has to do with it, under a steward's eyes."""
    return make_scene(tmp_path / "train40")
