"""The look at a source before it is published: names and sizes, what would be refused, and bounds on all of it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from agreements.catalog.publishing import contents
from tests.catalog.sources import FILES, zip_of


def test_a_zip_is_told_by_names_sizes_and_how_each_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("amanda/0.jpg", b"x" * 1000, zipfile.ZIP_DEFLATED)
        made.writestr("Amy/1.jpg", b"y" * 24, zipfile.ZIP_STORED)
    held = contents.look(path, called="a.zip")
    assert (held.count, held.plain_size, held.stored, held.deflated) == (2, 1024, 1, 1)
    assert held.packed_size < 100
    assert (held.trouble, held.unseen) == ("", "")
    assert [row.name for row in held.named("AM jpg")] == ["amanda/0.jpg", "Amy/1.jpg"]
    assert [row.name for row in held.named("amy")] == ["Amy/1.jpg"]


def test_a_folder_is_told_the_same_way(source: Path) -> None:
    held = contents.look(source, called="source")
    assert {row.name for row in held.rows} == {*FILES, "amanda/nothing yet/"}
    assert held.plain_size == sum(map(len, FILES.values()))


@pytest.mark.parametrize("name", ["../out.txt", "/etc/passwd", "a//b", "C:/x", "a\\b", "x/../../y"])
def test_a_name_that_would_be_refused_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("fine.txt", b"")
        info = zipfile.ZipInfo("x")
        info.filename = name
        made.writestr(info, b"")
    held = contents.look(path, called="a.zip")
    assert repr(name) in held.trouble
    assert held.count == 2, "what could be read is shown beside it"


def test_a_nul_and_a_very_long_name_are_refused_by_their_names(tmp_path: Path) -> None:
    data = zip_of(tmp_path / "a.zip", ["nulXname.txt"]).read_bytes()
    (tmp_path / "a.zip").write_bytes(data.replace(b"nulXname.txt", b"nul\0name.txt"))
    assert "'nul\\x00name.txt' holds a control character" in contents.look(tmp_path / "a.zip", called="a").trouble
    zip_of(tmp_path / "b.zip", ["d/" * 30_000 + "\n"])
    assert "..." in contents.look(tmp_path / "b.zip", called="b").trouble


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip at all" * 100, b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_said_without_the_servers_paths(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a-uuid"
    path.write_bytes(data)
    held = contents.look(path, called="mine.zip")
    assert "mine.zip" in held.trouble
    assert str(tmp_path) not in held.trouble


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", ["secret.txt"])
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert "secret.txt is encrypted" in contents.look(path, called="a.zip").trouble


def test_a_link_in_a_folder_is_named(tmp_path: Path, source: Path) -> None:
    (source / "link").symlink_to("/etc/passwd")
    assert (
        contents.look(source, called="train40").trouble == "train40/link is a symbolic link; put the file itself there."
    )


def test_too_many_members_are_not_looked_at(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zip_of(tmp_path / "a.zip", [f"{number}.txt" for number in range(100)])
    assert 100 * 46 < contents.directory_size(path) < 100 * 60
    monkeypatch.setattr(contents, "LARGEST_DIRECTORY", 1000)
    monkeypatch.setattr(contents, "MOST_FILES", 2)
    assert "too many members to show" in contents.look(path, called="a.zip").unseen
    assert "more than 2 files" in contents.look(source, called="source").unseen


def test_the_directory_of_a_zip64_is_measured_by_its_own_record(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(66_000):
            made.writestr(str(number), b"")
    with zipfile.ZipFile(path) as read:
        start = read.start_dir
    size = contents.directory_size(path)
    assert size == path.stat().st_size - start - 56 - 20 - 22


@pytest.mark.parametrize("where", ["before the locator", "where it points"])
def test_of_two_zip64_records_the_one_that_says_more_counts(tmp_path: Path, where: str) -> None:
    """Readers differ: Python 3.11 reads the record before the locator, others the one that it points to."""
    large, small = 1 << 31, 46
    sizes = (small, large) if where == "before the locator" else (large, small)
    records = [b"PK\x06\x06" + bytes(36) + size.to_bytes(8, "little") + bytes(8) for size in sizes]
    locator = b"PK\x06\x07" + bytes(4) + bytes(8) + (1).to_bytes(4, "little")
    end = b"PK\x05\x06" + bytes(8) + small.to_bytes(4, "little") + bytes(6)
    path = tmp_path / "two.zip"
    path.write_bytes(b"".join(records) + locator + end)
    assert contents.directory_size(path) == large
    assert contents.look(path, called="two.zip").unseen != ""


def test_an_end_record_inside_the_last_one_hides_nothing(tmp_path: Path) -> None:
    end = b"PK\x05\x06" + b"PK\x05\x06" + bytes(4) + (1 << 30).to_bytes(4, "little") + bytes(6)
    path = tmp_path / "nested.zip"
    path.write_bytes(end)
    assert contents.directory_size(path) >= 1 << 30


def test_the_first_bad_names_are_all_named(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "bad.zip", ["fine.txt", *(f"../{number:02}.txt" for number in range(12))])
    held = contents.look(path, called="bad.zip")
    assert [f"../{number:02}.txt" in trouble for number, trouble in enumerate(held.troubles)] == [True] * 10


def test_the_digest_follows_every_change(source: Path) -> None:
    before = contents.look(source, called="s").digest
    assert contents.look(source, called="s").digest == before
    file = next(path for path in source.rglob("*.npy"))
    status = file.stat()
    file.write_bytes(b"x" * status.st_size)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert contents.look(source, called="s").digest != before


def test_a_directory_that_lies_about_its_size_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x05\x06" + bytes(8) + b"\xff\xff\xff\x7f" + bytes(6))
    assert contents.look(path, called="a.zip").unseen != ""
