"""Unfinished objects do not lie in the stores for ever, and young ones are left to be gone on with."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest
from pytest_django import Settings

from agreements.core.clock import now
from agreements.vault import stores
from agreements.vault.sweeping import KEPT, forget_abandoned
from portal import settings as site


@pytest.fixture
def three(tmp_path: Path, settings: Settings) -> Path:
    for name in ("archives", "delivery", "papers"):
        setattr(settings, f"VAULT_{name.upper()}", f"folder:{tmp_path / name}")
        stores.every()[name].prepare()
    return tmp_path


def left(place: Path, *, days: int) -> Path:
    place.write_bytes(b"half")
    when = (now() - dt.timedelta(days=days)).timestamp()
    os.utime(place, (when, when))
    return place


def test_old_halves_go_from_every_store_and_young_ones_stay(three: Path) -> None:
    old = [left(three / name / ".incoming-0123456789abcdef", days=KEPT.days + 1) for name in stores.every()]
    young = left(three / "archives" / ".incoming-fedcba9876543210", days=KEPT.days - 1)
    whole = left(three / "archives" / "pack-1", days=1000)
    assert forget_abandoned() == 3
    assert not any(place.exists() for place in old)
    assert young.exists()
    assert whole.exists()


def test_parts_whose_journal_was_written_lately_are_young_whatever_the_file_says(three: Path) -> None:
    parts = stores.archives().begin_parts("sealed-1", size=100)
    left(three / "archives" / f".parts-{parts.token}", days=KEPT.days + 1)
    assert forget_abandoned() == 0


def test_a_store_out_of_reach_does_not_keep_the_others_from_being_swept(three: Path, settings: Settings) -> None:
    settings.VAULT_ARCHIVES, settings.S3_ENDPOINT = "s3:any", "http://127.0.0.1:9"
    left(three / "papers" / ".incoming-0123456789abcdef", days=KEPT.days + 1)
    assert forget_abandoned() == 1


def test_the_beat_sweeps_every_day() -> None:
    tasks = {entry["task"]: entry["schedule"] for entry in site.CELERY_BEAT_SCHEDULE.values()}
    assert tasks["agreements.tasks.forget_unfinished_objects"] == 86_400
