"""A holder who moves: when, where to, and in which words the copies are named."""

from __future__ import annotations

import datetime as dt
from typing import Final

from agreements.flows import moving
from agreements.flows.moving import Moved
from agreements.grants.models import Grant
from tests.flows.scene import Scene

NOON: Final = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
COPIES: Final = (
    "the archives, what was unpacked from them and, as far as the terms (version 1.0) bind it, what was derived from "
    "them; also in backups, on shared or remote storage, and on any other device"
)
NEW: Final = "alice@inf.ethz.ch"


def move(scene: Scene, grant: Grant, *, email: str = NEW, reason: str = "I go to Zürich in April.") -> Moved:
    return moving.move(grant=grant, email=email, reason=reason, by=scene.alice.actor)
