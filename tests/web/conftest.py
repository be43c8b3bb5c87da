"""What tests of the pages share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.flows.scene import Scene, make_scene


@pytest.fixture
def scene(db: None, tmp_path: Path, settings: Any) -> Scene:
    """GeneBody and everybody who has to do with it; staff without second factors."""
    settings.STAFF_MFA_REQUIRED = False
    return make_scene(tmp_path / "train40")
