"""Where uploads lie: a folder that is the portal's alone, and nothing that somebody else put into it is opened."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from agreements.catalog.models import Subset, Upload
from agreements.catalog.publishing import inbox, uploads
from agreements.core.errors import NotPossible
from agreements.people.models import User

DATA = bytes(range(256)) * 4


@pytest.fixture
def begun(train40: Subset, dan: User) -> Upload:
    return uploads.begin(subset=train40, file_name="train40.zip", size=len(DATA), by=dan.actor)


def place(upload: Upload) -> Path:
    return inbox.root() / ".uploads" / str(upload.pk)


def test_an_inbox_that_cannot_be_written_is_said(train40: Subset, dan: User, settings: Any) -> None:
    settings.INBOX.write_text("a file where the folder should be")
    with pytest.raises(NotPossible, match="inbox cannot be written"):
        uploads.begin(subset=train40, file_name="a.zip", size=100, by=dan.actor)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("how", ["others may write", "a link", "a file"])
def test_a_folder_for_uploads_that_somebody_else_made_is_refused(
    train40: Subset, dan: User, tmp_path: Path, how: str
) -> None:
    folder = inbox.prepare_root() / ".uploads"
    if how == "a link":
        (tmp_path / "theirs").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "theirs")
    elif how == "a file":
        folder.write_text("")
    else:
        folder.mkdir()
        folder.chmod(0o777)
    with pytest.raises(NotPossible, match="not the portal's alone"):
        uploads.begin(subset=train40, file_name="a.zip", size=100, by=dan.actor)
    assert not Upload.objects.exists()


@pytest.mark.parametrize("what", ["a link", "a pipe"])
def test_what_was_put_in_an_uploads_place_is_not_opened(begun: Upload, dan: User, tmp_path: Path, what: str) -> None:
    uploads.append(upload=begun, offset=0, data=DATA, by=dan.actor)
    theirs = tmp_path / "theirs.zip"
    theirs.write_bytes(DATA)
    place(begun).unlink()
    if what == "a link":
        place(begun).symlink_to(theirs)
    else:
        os.mkfifo(place(begun), 0o600)
    upload = Upload.objects.get()
    with pytest.raises(NotPossible, match="no longer kept"):
        uploads.path_of(upload)
    with pytest.raises(NotPossible, match="no longer kept"):
        uploads.is_same_file(upload=upload, data=DATA)
