"""Publishing: what goes in comes out byte for byte, and nothing shows before all of it is there."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.catalog import archives, visibility
from agreements.catalog.models import Archive, Dataset, SealKind, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from agreements.sealing import DEFLATED, STORED, Layout
from agreements.vault.folder import FolderStore
from agreements.vault.folder_parts import FolderParts
from tests.catalog.conftest import SETUP
from tests.catalog.sources import FILES, zip_of


def member(archive: Archive, name: str) -> bytes:
    """Return a member's packed bytes, read as the engine reads them."""
    index = archives.index_of(archive)
    found = index.members[index.number_of[name]]
    return b"".join(archives.reader(archive)(found.offset, found.packed_size))


def vault_names(vault: FolderStore) -> list[str]:
    return sorted(key for key in vault.names() if not key.endswith(".journal"))


def test_a_folder_is_published_whole_and_recorded(train40: Subset, source: Path) -> None:
    archive = publish_archive(subset=train40, source=source, by=SETUP)
    assert (archive.name, archive.version, archive.seal) == ("train40.zip", 1, "personal")
    index = archives.index_of(archive)
    assert set(index.number_of) == {*FILES, "amanda/nothing yet/"}
    assert {name: member(archive, name) for name in FILES} == FILES
    assert all(m.method == STORED for m in index.members)
    assert archive.digest == index.digest.hex()
    assert archive.sealed_size == Layout(index).total_size
    assert archive.plain_size == sum(map(len, FILES.values()))
    entry = LedgerEntry.objects.latest("sequence")
    assert entry.kind == "archive.published"
    assert entry.subjects == {"dataset": "genebody", "archive": "genebody/train40/train40.zip"}
    assert entry.payload["digest"] == archive.digest


def test_deflated_members_of_a_zip_keep_their_bytes_and_stored_ones_stay_stored(
    train40: Subset, tmp_path: Path
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("deflated.bin", FILES["amanda/image/00/0000.jpg"], zipfile.ZIP_DEFLATED, 9)
        made.writestr("stored.bin", b"stored", zipfile.ZIP_STORED)
    archive = publish_archive(subset=train40, source=path, by=SETUP)
    deflated, stored = archives.index_of(archive).members
    assert (deflated.method, stored.method) == (DEFLATED, STORED)
    packed = member(archive, "deflated.bin")
    assert packed in path.read_bytes(), "the owner's own deflated bytes must be kept"
    plain = zlib.decompress(packed, -15)
    assert plain == FILES["amanda/image/00/0000.jpg"]
    assert deflated.sha256_plain == sha256(plain).digest()
    assert archive.pack_size == len(packed) + len(b"stored")


def test_an_open_archive_is_a_plain_zip_that_any_tool_opens(ten: Subset, source: Path, vault: FolderStore) -> None:
    archive = publish_archive(subset=ten, source=source, by=SETUP)
    assert archive.seal == "none"
    assert archive.sealed_size == archive.pack_size == vault.size(archive.pack_key)
    data = b"".join(archives.reader(archive)(0, archive.pack_size))
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert {n: opened.read(n) for n in FILES} == FILES
    assert {name: member(archive, name) for name in FILES} == FILES


def test_an_open_archive_keeps_deflated_bytes_too(ten: Subset, tmp_path: Path, vault: FolderStore) -> None:
    archive = publish_archive(subset=ten, source=zip_of(tmp_path / "a.zip"), by=SETUP)
    place = vault.folder / archive.pack_key
    tested = subprocess.run([sys.executable, "-m", "zipfile", "-t", str(place)], capture_output=True, check=True)
    assert tested.stdout.strip() == b"Done testing"
    with zipfile.ZipFile(place) as opened:
        assert {n: opened.read(n) for n in FILES} == FILES


def test_the_same_content_again_is_the_same_version(train40: Subset, source: Path) -> None:
    first = publish_archive(subset=train40, source=source, by=SETUP)
    rows = LedgerEntry.objects.count()
    os.utime(source / "genebody_split.npy", (1_600_000_000, 1_600_000_000))
    assert publish_archive(subset=train40, source=source, by=SETUP) == first
    assert Archive.objects.count() == 1
    assert LedgerEntry.objects.count() == rows


def test_new_content_is_the_next_version_and_the_one_shown(train40: Subset, source: Path) -> None:
    first = publish_archive(subset=train40, source=source, by=SETUP)
    (source / "genebody_split.npy").write_bytes(b"another split")
    second = publish_archive(subset=train40, source=source, by=SETUP)
    assert (first.version, second.version) == (1, 2)
    assert archives.current(train40) == [second]
    assert member(first, "genebody_split.npy") == b"split", "the first version stays as it was"


def test_an_interruption_leaves_nothing_visible_and_running_again_finishes(
    train40: Subset, source: Path, vault: FolderStore
) -> None:
    def interrupt(phase: str, done: int, total: int) -> None:
        if phase == "writing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_archive(subset=train40, source=source, by=SETUP, progress=interrupt)
    assert not Archive.objects.exists()
    assert archives.current(train40) == []
    assert vault_names(vault) == []
    assert publish_archive(subset=train40, source=source, by=SETUP).version == 1


def test_a_pack_that_is_there_from_an_interrupted_run_is_checked_and_used(
    train40: Subset, source: Path, vault: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(phase: str, done: int, total: int) -> None:
        if phase == "checking":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish_archive(subset=train40, source=source, by=SETUP, progress=interrupt)
    assert not Archive.objects.exists()
    (pack,) = vault_names(vault)
    began: list[str] = []
    begin = FolderStore.begin_parts

    def counted(self: FolderStore, key: str, *, size: int) -> FolderParts:
        began.append(key)
        return begin(self, key, size=size)

    monkeypatch.setattr(FolderStore, "begin_parts", counted)
    archive = publish_archive(subset=train40, source=source, by=SETUP)
    assert archive.pack_key == pack
    assert began == []


def test_a_vault_that_gives_back_other_bytes_publishes_nothing(
    train40: Subset, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = FolderStore._read

    def rotten(self: FolderStore, key: str, start: int, stop: int) -> Iterator[bytes]:
        for chunk in read(self, key, start, stop):
            yield b"\x00" + chunk[1:] if key.startswith("pack-") else chunk

    first = source / "amanda" / "annots.npy"
    first.write_bytes(b"\xff cameras")
    monkeypatch.setattr(FolderStore, "_read", rotten)
    with pytest.raises(NotPossible, match="did not give back what was written"):
        publish_archive(subset=train40, source=source, by=SETUP)
    assert not Archive.objects.exists()


def test_a_file_that_changes_while_it_is_published_is_named(train40: Subset, source: Path, vault: FolderStore) -> None:
    def change(phase: str, done: int, total: int) -> None:
        if phase == "reading" and done == total:
            (source / "genebody_split.npy").write_bytes(b"splat")

    with pytest.raises(Invalid, match=r"genebody_split.npy changed while it was being published"):
        publish_archive(subset=train40, source=source, by=SETUP, progress=change)
    assert not Archive.objects.exists()
    assert vault_names(vault) == []
    assert [left.name for left in vault.leftovers()] == []


def test_the_seal_must_fit_the_subset(genebody: Dataset, train40: Subset, ten: Subset, source: Path) -> None:
    with pytest.raises(NotPossible, match="What is given by agreement is sealed"):
        publish_archive(subset=train40, source=source, by=SETUP, seal=SealKind.NONE)
    with pytest.raises(NotPossible, match="An open archive has no seal"):
        publish_archive(subset=ten, source=source, by=SETUP, seal=SealKind.PERSONAL)
    announced = Subset.objects.get(dataset=genebody, slug="extended370")
    with pytest.raises(NotPossible, match="Extended370 is only announced"):
        publish_archive(subset=announced, source=source, by=SETUP)


@pytest.mark.parametrize("name", ["a b.zip", "../x.zip", "x.tar", ".zip", "é.zip"])
def test_an_archive_s_name_is_safe_in_an_address(train40: Subset, source: Path, name: str) -> None:
    with pytest.raises(Invalid, match=r"ends in \.zip"):
        publish_archive(subset=train40, source=source, by=SETUP, name=name)


def test_only_a_steward_publishes(train40: Subset, source: Path, dan: User, eve: User) -> None:
    with pytest.raises(NotAllowed):
        publish_archive(subset=train40, source=source, by=eve.actor)
    assert publish_archive(subset=train40, source=source, by=dan.actor).version == 1


def test_the_public_page_is_told_states_and_sizes(genebody: Dataset, train40: Subset, source: Path) -> None:
    shown = visibility.shown_subsets(genebody)
    assert [(s.subset.slug, s.state) for s in shown] == [
        ("test10", "coming"),
        ("train40", "coming"),
        ("extended370", "announced"),
    ]
    archive = publish_archive(subset=train40, source=source, by=SETUP)
    shown = visibility.shown_subsets(genebody)
    assert (shown[1].state, shown[1].archives) == ("agreement", (archive,))
    assert visibility.takes_applications(genebody)


def test_checksums_of_the_plain_files_are_as_sha256sum_reads_them(train40: Subset, tmp_path: Path) -> None:
    archive = publish_archive(subset=train40, source=zip_of(tmp_path / "a.zip"), by=SETUP)
    lines = archives.sha256sums(archive).splitlines()
    assert f"{sha256(b'split').hexdigest()}  genebody_split.npy" in lines
    assert len(lines) == len(FILES)


def test_the_commands_publish_and_check(
    train40: Subset, source: Path, vault: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("publish_archive", "genebody/train40", str(source))
    assert "train40.zip, version 1: 5 files" in capsys.readouterr().out
    call_command("check_vault")
    assert "1 archives and documents are as they were stored." in capsys.readouterr().out
    place = vault.folder / Archive.objects.get().pack_key
    data = bytearray(place.read_bytes())
    data[1000] ^= 1
    place.write_bytes(data)
    with pytest.raises(CommandError, match="1 of 1 do not match"):
        call_command("check_vault")
    assert "genebody/train40/train40.zip version 1: pack-" in capsys.readouterr().err


def test_the_command_names_what_there_is(train40: Subset, source: Path) -> None:
    with pytest.raises(CommandError, match=r"genebody has no subset 'train4'\. It has: test10, train40, extended370"):
        call_command("publish_archive", "genebody/train4", str(source))
    with pytest.raises(CommandError, match="There is no dataset 'gene'"):
        call_command("publish_archive", "gene/train40", str(source))
