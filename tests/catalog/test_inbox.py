"""The inbox: what is offered from it, and that nothing outside it ever is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Dataset
from agreements.catalog.publishing import inbox
from agreements.core.errors import Invalid
from tests.catalog.sources import zip_of

OURS = Dataset(slug="genebody")


@pytest.fixture
def place(settings: Any) -> Path:
    """Return an inbox that is there and empty."""
    return inbox.prepare(OURS)


def names() -> set[str]:
    return {entry.name for entry in inbox.listing(OURS).entries}


def test_folders_and_zips_are_offered_with_sizes_and_dates_newest_first(place: Path) -> None:
    (place / "train40" / "amanda").mkdir(parents=True)
    (place / "train40" / "amanda" / "0.jpg").write_bytes(b"x" * 1000)
    (place / "train40" / "1.jpg").write_bytes(b"y" * 24)
    made = zip_of(place / "Test10.ZIP")
    os.utime(made, (1_700_000_000, 1_700_000_000))
    folder, file = inbox.listing(OURS).entries
    assert (folder.name, folder.is_folder, folder.size, folder.files) == ("train40", True, 1024, 2)
    assert (file.name, file.is_folder, file.size, file.files) == ("Test10.ZIP", False, made.stat().st_size, 1)
    assert file.changed.isoformat() == "2023-11-14T22:13:20+00:00"


def test_what_is_hidden_linked_special_or_no_zip_is_left_out(place: Path, tmp_path: Path) -> None:
    secret = zip_of(tmp_path / "secret.zip")
    (place / "link.zip").symlink_to(secret)
    (place / "folder-link").symlink_to(tmp_path)
    (place / ".hidden").mkdir()
    (place / ".uploads").mkdir()
    (place / "notes.txt").write_text("x")
    os.mkfifo(place / "pipe.zip")
    zip_of(place / "two\nlines.zip")
    Path(os.fsdecode(bytes(place) + b"/\xff\xfe.zip")).write_bytes(secret.read_bytes())
    zip_of(place / "数据.zip")
    assert names() == {"数据.zip"}
    assert inbox.listing(OURS).left_out == 6


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../secret.zip",
        "train40/../../secret.zip",
        "train40/inner.zip",
        "/etc/passwd",
        "/etc",
        "..\\secret.zip",
        "a.zip\0.txt",
        "\0",
        ".uploads",
        ".hidden.zip",
        "link.zip",
        "linked",
        "x" * 256 + ".zip",
        "x" * 100_000,
        "missing.zip",
        "notes.txt",
        "\udcff.zip",
    ],
)
def test_nothing_is_found_but_what_is_offered(place: Path, tmp_path: Path, name: str) -> None:
    secret = zip_of(tmp_path / "secret.zip")
    (place / "train40").mkdir()
    zip_of(place / "train40" / "inner.zip")
    (place / "notes.txt").write_text("x")
    zip_of(place / ".hidden.zip")
    (place / "link.zip").symlink_to(secret)
    (place / "linked").symlink_to(tmp_path)
    with pytest.raises(Invalid, match="nothing of this name"):
        inbox.find(OURS, name)
    assert inbox.find(OURS, "train40") == place / "train40"


def test_an_inbox_that_is_not_there_is_made(settings: Any) -> None:
    assert inbox.listing(OURS).is_there
    assert inbox.place(OURS) == settings.INBOX / "genebody"
    assert inbox.place(OURS).stat().st_mode & 0o007 == 0
    assert inbox.free() > 0


def test_an_inbox_that_cannot_be_made_is_said_to_be_missing(settings: Any) -> None:
    settings.INBOX.write_text("a file where the folder should be")
    assert inbox.listing(OURS) == inbox.Listing((), 0, is_there=False)


def test_a_dataset_is_offered_nothing_of_anothers(place: Path) -> None:
    zip_of(place / "ours.zip")
    theirs = Dataset(slug="other")
    assert inbox.listing(theirs).entries == ()
    for name in ("ours.zip", "../genebody/ours.zip", "genebody"):
        with pytest.raises(Invalid, match="nothing of this name"):
            inbox.find(theirs, name)


def test_counting_is_bounded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "COUNTED", 5)
    for folder, files in (("a", 4), ("b", 2), ("c", 1)):
        (place / folder).mkdir()
        for number in range(files):
            (place / folder / str(number)).write_bytes(b"12")
    found = {entry.name: (entry.files, entry.size) for entry in inbox.listing(OURS).entries}
    assert found == {"a": (4, 8), "b": (None, None), "c": (None, None)}
