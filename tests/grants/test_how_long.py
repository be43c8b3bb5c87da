"""The one table of how long things last: the page, the documentation and what really happens agree."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from agreements.catalog.models import Dataset
from agreements.grants import how_long
from agreements.grants.wording import duration
from tests.grants.scene import NOON, Scene


def test_the_datasets_page_shows_what_the_dataset_sets(scene: Scene) -> None:
    Dataset.objects.update(link_lifetime_hours=36, grant_days=365, draft_days=1)
    page = Client().get("/datasets/genebody/").content.decode()
    for words in ("A download link", "36 hours", "365 days", "1 day<", "How long things last"):
        assert words in page, words


def test_the_documentation_holds_each_row_and_each_key_is_explained() -> None:
    docs = Path(settings.BASE_DIR) / "docs"
    table, keys = ((docs / name).read_text(encoding="utf-8") for name in ("lifetimes.md", "datasets.md"))
    for row in how_long.rows(Dataset()):
        assert f"| {row.what} | {row.how_long} | {row.since} |" in table
        assert not row.key or f"`{row.key}`" in keys


def test_a_link_lives_as_long_as_the_table_says(scene: Scene) -> None:
    said = {row.key: row.how_long for row in how_long.rows(scene.dataset)}
    assert said["link_lifetime_hours"] == duration(scene.link.expires_at - NOON)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (dt.timedelta(minutes=5), "5 minutes"),
        (dt.timedelta(hours=1), "1 hour"),
        (dt.timedelta(hours=168), "7 days"),
        (dt.timedelta(minutes=90), "90 minutes"),
    ],
)
def test_durations_in_words(length: dt.timedelta, words: str) -> None:
    assert duration(length) == words
