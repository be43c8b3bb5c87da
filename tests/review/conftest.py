from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agreements.applications.models import Application
from agreements.core.clock import frozen
from tests.flows.scene import Scene, make_scene, submitted
from tests.review.telling import MONDAY


@pytest.fixture
def scene(db: None, tmp_path: Path) -> Scene:
    """GeneBody and everybody who has to do with it, under a steward's eyes."""
    return make_scene(tmp_path / "train40")


@pytest.fixture
def waiting(scene: Scene) -> Application:
    """Alice's application, handed in on Monday at seven."""
    with frozen(MONDAY):
        return submitted(scene)


@pytest.fixture
def another(scene: Scene) -> Callable[..., Application]:
    """Hand in what somebody else wrote, at a moment."""

    def make(name: str, *, at: dt.datetime) -> Application:
        with frozen(at):
            application = submitted(replace(scene, alice=getattr(scene, name)))
            Application.objects.filter(pk=application.pk).update(organization="ETH Zürich")
        return application

    return make
