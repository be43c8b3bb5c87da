"""The command that reads everything again: what is damaged has its name, what is unused is listed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.catalog.withdrawing import withdraw_archive
from agreements.documents.models import StoredDocument
from agreements.grants.models import Generation, GenerationState
from agreements.vault import stores
from agreements.vault.folder import FolderStore
from tests.catalog.conftest import SETUP, folder, genebody, source, train40, vault

__all__ = ["folder", "genebody", "source", "train40", "vault"]


@pytest.fixture
def archive(train40: Subset, source: Path) -> Archive:
    return publish_archive(subset=train40, source=source, by=SETUP)


def damage(store: object, key: str, at: int) -> None:
    assert isinstance(store, FolderStore)
    place = store.folder / key
    data = bytearray(place.read_bytes())
    data[at] ^= 1
    place.write_bytes(data)


def checked(capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    """Return what is found damaged."""
    with pytest.raises(CommandError, match=r"\d of \d do not match what was stored"):
        call_command("check_vault", *options)
    return [line for line in capsys.readouterr().err.splitlines() if not line.startswith("Checking")]


def shared(archive: Archive) -> Generation:
    """Return a generation whose object is stored."""
    data = b"s" * archive.sealed_size
    put = stores.delivery().put("sealed-1", [data])
    return Generation.objects.create(
        seal_id="0" * 32,
        key_number=1,
        archive=archive,
        generation=1,
        state=GenerationState.READY,
        object_key="sealed-1",
        sha256=put.sha256,
    )


def test_what_is_right_is_counted(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    shared(archive)
    call_command("check_vault")
    assert capsys.readouterr().out == "2 archives and documents are as they were stored.\n"
    call_command("check_vault", "--quick")
    assert "2 archives and documents are as long as they were" in capsys.readouterr().out


def test_a_damaged_member_is_named(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    from agreements.catalog import archives

    index = archives.index_of(archive)
    hit = index.members[index.number_of["amanda/annots.npy"]]
    damage(stores.archives(), archive.pack_key, hit.offset + 2)
    found = checked(capsys)
    assert found == [
        f"genebody/train40/train40.zip version 1: {archive.pack_key} was changed; its SHA-256 is not the one that was "
        "recorded.",
        "genebody/train40/train40.zip version 1: damaged is amanda/annots.npy.",
    ]
    call_command("check_vault", "--quick")


def test_a_damaged_sealed_object_is_named(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    shared(archive)
    damage(stores.delivery(), "sealed-1", 5)
    (line,) = checked(capsys)
    assert line.startswith("genebody/train40/train40.zip version 1, generation 1: sealed-1 was changed")


def test_a_sealed_object_that_is_not_handed_out_is_not_checked(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    row = shared(archive)
    stores.delivery().delete("sealed-1")
    row.state = GenerationState.RETIRED
    row.save()
    call_command("check_vault")
    assert capsys.readouterr().out == "1 archives and documents are as they were stored.\n"


def test_what_is_missing_or_short_is_named_also_when_only_lengths_are_compared(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    shared(archive)
    stores.delivery().delete("sealed-1")
    stores.archives().put(archive.pack_key, [b"short"])
    StoredDocument.objects.create(store_key="paper", sha256="0" * 64, size=5)
    for options in ((), ("--quick",)):
        found = checked(capsys, *options)
        assert [line.partition(": ")[2] for line in found] == [
            f"{archive.pack_key} has 5 bytes instead of {archive.pack_size}.",
            "sealed-1 is missing.",
            "paper is missing.",
        ]


@pytest.mark.parametrize(
    ("index", "problem"), [(None, "is missing."), (b"{}", "its index cannot be read: This index cannot be read")]
)
def test_an_index_that_is_wrong_is_named(
    archive: Archive, capsys: pytest.CaptureFixture[str], index: bytes | None, problem: str
) -> None:
    if index is None:
        stores.archives().delete(archive.index_key)
    else:
        stores.archives().put(archive.index_key, [index])
    (line,) = checked(capsys, "--quick")
    assert problem in line


def test_a_pack_of_a_withdrawn_version_may_be_gone(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    withdraw_archive(archive=archive, reason="too many faces", by=SETUP)
    call_command("check_vault")
    assert capsys.readouterr().out == "1 archives and documents are as they were stored.\n"
    stores.archives().delete(archive.pack_key)
    call_command("check_vault")
    assert capsys.readouterr().out == "0 archives and documents are as they were stored.\n"


def test_unfinished_objects_are_counted_and_are_no_damage(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    stores.archives().begin_parts("pack-2", size=100).write(0, bytes(100))
    call_command("check_vault", "--quick")
    assert "The store of archives holds 2 unfinished objects" in capsys.readouterr().out


def test_what_is_offered_nowhere_is_listed_with_the_reason(
    archive: Archive, train40: Subset, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "more.txt").write_text("more")
    second = publish_archive(subset=train40, source=source, by=SETUP)
    call_command("check_vault", "--unused")
    assert capsys.readouterr().out == "0 unused, 0 B. Nothing was deleted.\n"
    withdraw_archive(archive=second, reason="a leaked face", by=SETUP)
    stores.archives().put("pack-lost", [b"12345"])
    stores.archives().put("publishing-0.journal", [b"1"])
    stores.delivery().put("sealed-9", [b"1"])
    call_command("check_vault", "--unused")
    out = capsys.readouterr().out
    assert f"archives: {second.pack_key}, " in out
    assert out.count("only withdrawn versions refer to it.") == 2
    assert "archives: pack-lost, 5 B: nothing refers to it." in out
    assert "archives: publishing-0.journal, 1 B: a publishing that was not finished." in out
    assert "delivery: sealed-9, 1 B: nothing refers to it." in out
    assert out.endswith("Nothing was deleted.\n")
    assert archive.pack_key not in out
    assert stores.archives().exists("pack-lost")
