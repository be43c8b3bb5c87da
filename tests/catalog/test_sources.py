"""What may not be published: names that climb, links, damage. Each refusal names the member."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing import publish_archive
from agreements.core.errors import Invalid
from tests.catalog.conftest import SETUP
from tests.catalog.sources import zip_of


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("../../etc/passwd", "leads out of the archive with '..'"),
        ("/etc/passwd", "is an absolute path"),
        ("a\\b", "holds a backslash"),
        ("C:/windows", "is an absolute path"),
    ],
)
def test_a_zip_with_a_climbing_name_is_refused(train40: Subset, tmp_path: Path, name: str, problem: str) -> None:
    path = zip_of(tmp_path / "bad.zip", ["fine.txt", name])
    with pytest.raises(Invalid) as refused:
        publish_archive(subset=train40, source=path, by=SETUP)
    assert problem in str(refused.value)
    assert not Archive.objects.exists()


def test_a_name_cut_short_by_a_nul_is_refused(train40: Subset, tmp_path: Path) -> None:
    path = zip_of(tmp_path / "bad.zip", ["fineXevil.txt"], method=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"fineXevil.txt", b"fine\x00evil.txt"))
    with pytest.raises(Invalid, match="control character"):
        publish_archive(subset=train40, source=path, by=SETUP)


def test_links_are_refused_in_folders_and_zips(train40: Subset, source: Path, tmp_path: Path) -> None:
    (source / "shadow").symlink_to("/etc/shadow")
    with pytest.raises(Invalid, match="shadow is a symbolic link"):
        publish_archive(subset=train40, source=source, by=SETUP)
    info = zipfile.ZipInfo("shadow")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as made:
        made.writestr(info, "/etc/shadow")
    with pytest.raises(Invalid, match="shadow is a symbolic link"):
        publish_archive(subset=train40, source=tmp_path / "link.zip", by=SETUP)


def test_what_cannot_be_published_is_named(train40: Subset, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("not a zip")
    lzma = zip_of(tmp_path / "lzma.zip", method=zipfile.ZIP_LZMA)
    for path, problem in (
        (tmp_path / "empty", "is an empty folder"),
        (tmp_path / "absent", "There is no"),
        (tmp_path / "notes.txt", "neither a folder nor a zip file"),
        (lzma, "compressed with method 14"),
    ):
        with pytest.raises(Invalid, match=problem):
            publish_archive(subset=train40, source=path, by=SETUP)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_zip_is_refused_with_the_member_named(train40: Subset, tmp_path: Path, method: int) -> None:
    path = zip_of(tmp_path / "a.zip", ["amanda/image/00/0000.jpg"], method=method)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(Invalid, match=r"amanda/image/00/0000.jpg"):
        publish_archive(subset=train40, source=path, by=SETUP)
