"""What may not be published: names that climb, links, damage. Each refusal names the member."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
import pyzipper

from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing.publish import publish_archive
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


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["Amanda/a.jpg", "amanda/a.jpg"], "'amanda/a.jpg' cannot be told from 'Amanda/a.jpg'"),
        (["caf\u00e9.txt", "cafe\u0301.txt"], "cannot be told from 'caf\u00e9.txt' on every file system"),
        (["STRASSE", "stra\u00dfe"], "cannot be told from 'STRASSE'"),
        (["a", "a/b"], "'a' is a file, but 'a/b' needs a directory"),
        (["a/./b"], "'a/./b' has an empty or '.' component"),
    ],
)
def test_names_that_differ_only_by_case_or_form_are_refused(
    train40: Subset, tmp_path: Path, names: list[str], problem: str
) -> None:
    path = zip_of(tmp_path / "bad.zip", ["fine.txt", *names])
    with pytest.raises(Invalid) as refused:
        publish_archive(subset=train40, source=path, by=SETUP)
    assert problem in str(refused.value)
    assert not Archive.objects.exists()


def test_names_of_files_in_a_folder_are_held_to_the_same(train40: Subset, source: Path) -> None:
    (source / "Genebody_Split.npy").write_bytes(b"other")
    with pytest.raises(Invalid, match=r"'genebody_split\.npy' cannot be told from 'Genebody_Split\.npy'"):
        publish_archive(subset=train40, source=source, by=SETUP)
    (source / "Genebody_Split.npy").unlink()
    (source / "two\nlines").write_bytes(b"x")
    with pytest.raises(Invalid, match="holds a control character"):
        publish_archive(subset=train40, source=source, by=SETUP)
    (source / "two\nlines").unlink()
    Path(os.fsdecode(os.fsencode(source) + b"/latin\xe9.txt")).write_bytes(b"x")
    with pytest.raises(Invalid, match="is not valid Unicode"):
        publish_archive(subset=train40, source=source, by=SETUP)


def test_a_name_that_is_too_long_is_refused(train40: Subset, tmp_path: Path) -> None:
    plain = "X" * 40_000
    path = zip_of(tmp_path / "long.zip", [plain], method=zipfile.ZIP_STORED)
    # In the code page of old zips each of these is one byte; in UTF-8, which archives have, it is two.
    path.write_bytes(path.read_bytes().replace(plain.encode(), b"\x82" * 40_000))
    with pytest.raises(Invalid, match=r"'\u00e9{117}\.\.\.' is longer than 65,535 bytes"):
        publish_archive(subset=train40, source=path, by=SETUP)


@pytest.mark.parametrize("how", ["zipcrypto", "aes"])
def test_an_encrypted_member_is_refused_and_named(train40: Subset, tmp_path: Path, how: str) -> None:
    path = tmp_path / "secret.zip"
    if how == "aes":
        with pyzipper.AESZipFile(path, "w", encryption=pyzipper.WZ_AES) as made:
            made.setpassword(b"open sesame")
            made.writestr("inside/secret.txt", b"x")
    else:
        zip_of(path, ["inside/secret.txt"], method=zipfile.ZIP_STORED)
        data = bytearray(path.read_bytes())
        data[6] |= 1
        data[data.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(data)
    with pytest.raises(Invalid, match=r"inside/secret\.txt is encrypted; hand over a plain zip"):
        publish_archive(subset=train40, source=path, by=SETUP)


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(
    train40: Subset, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("/amanda"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(Invalid, match=r"/amanda cannot be read: Permission denied\."):
        publish_archive(subset=train40, source=source, by=SETUP)


def test_a_file_that_becomes_a_link_while_it_is_published_is_not_followed(
    train40: Subset, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "shadow").write_bytes(b"split")

    def swap(phase: str, done: int, total: int) -> None:
        place = source / "genebody_split.npy"
        if phase == "writing" and not place.is_symlink():
            place.unlink()
            place.symlink_to(tmp_path / "shadow")

    with pytest.raises(Invalid, match=r"genebody_split\.npy cannot be read"):
        publish_archive(subset=train40, source=source, by=SETUP, progress=swap)


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
