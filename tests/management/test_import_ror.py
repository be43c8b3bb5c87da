"""The command that loads a registry: what it says, and that a file that is none changes nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.identity import registry_loading
from agreements.identity.models import RegisteredOrganization, SourceLoad
from tests.identity.dumps import record, write

pytestmark = pytest.mark.django_db
NAME = "v1.63-2025-04-03-ror-data.zip"
RECORDS = [
    record(1, "University of Vienna", domains=["univie.ac.at", "ac.at"], website="https://www.univie.ac.at/"),
    record(2, "Tsinghua University", website="https://www.tsinghua.edu.cn/"),
    record(3, "A Lab", website="https://sites.google.com/view/a-lab"),
    record(4, "Gone", status="withdrawn"),
]


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    return write(tmp_path / NAME, RECORDS)


def test_it_says_what_the_file_holds_and_what_was_dropped(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_ror", str(dump))
    out, err = capsys.readouterr()
    load = SourceLoad.objects.get()
    assert out.splitlines() == [
        "ROR v1.63, released on 2025-04-03:",
        "        3 active organizations",
        "        1 domains of their own",
        "        1 hosts of websites, for organizations without such a domain or beside it",
        "        1 inactive or withdrawn records passed over",
        "        1 domains dropped: bare public suffixes",
        "        1 websites dropped: on a host that is everybody's",
        f"Loaded: ROR v1.63, SHA-256 {load.sha256}.",
    ]
    assert [line.partition(":")[0] for line in err.splitlines()] == ["Reading", "Writing"]
    assert (load.source, load.version, load.released_on, load.entries) == ("ror", "v1.63", dt.date(2025, 4, 3), 3)
    assert load.counts["dropped_public_suffix"] == 1
    assert load.loaded_by == "system:import_ror"


def test_the_same_file_again_is_said_to_be_loaded(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_ror", str(dump))
    capsys.readouterr()
    call_command("import_ror", str(dump))
    assert "ror v1.63 is loaded already" in capsys.readouterr().out
    assert SourceLoad.objects.count() == 1


def test_a_dry_run_writes_nothing(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_ror", str(dump), "--dry-run")
    assert "This was a dry run: nothing was written." in capsys.readouterr().out
    assert not SourceLoad.objects.exists()


def test_version_and_day_can_be_said_where_the_name_does_not(tmp_path: Path) -> None:
    path = write(tmp_path / "download.json", RECORDS)
    with pytest.raises(CommandError, match=r"name of download\.json does not say which release this is: say --release"):
        call_command("import_ror", str(path))
    call_command("import_ror", str(path), "--release", "v9.9", "--released-on", "2026-01-02")
    load = SourceLoad.objects.get()
    assert (load.version, load.released_on) == ("v9.9", dt.date(2026, 1, 2))
    with pytest.raises(CommandError, match="2026 is no day: write it like"):
        call_command("import_ror", str(path), "--released-on", "2026")


@pytest.mark.parametrize(
    "content", [b"", b"<html>", b"PK\x03\x04", b"\xff\xfe\x00", b'[{"id": 1}]', b"[]", b"[" * 50_000]
)
def test_a_file_that_is_no_dump_is_refused_in_one_sentence_and_changes_nothing(
    content: bytes, dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_ror", str(dump))
    path = tmp_path / "v1.64-2025-05-01-ror-data.json"
    path.write_bytes(content)
    with pytest.raises(CommandError) as refused:
        call_command("import_ror", str(path))
    assert "\n" not in str(refused.value)
    assert SourceLoad.objects.get().version == "v1.63"
    assert RegisteredOrganization.objects.count() == 3


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.zip: No such file"):
        call_command("import_ror", str(tmp_path / "nowhere.zip"), "--release", "v1")
    with pytest.raises(CommandError, match="Is a directory"):
        call_command("import_ror", str(tmp_path), "--release", "v1")


def test_ctrl_c_while_writing_says_that_nothing_was_changed(dump: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(registry_loading, "searchable", pressed)
    with pytest.raises(CommandError, match="Interrupted; nothing was changed"):
        call_command("import_ror", str(dump))
    assert not SourceLoad.objects.exists()


def test_earlier_loads_are_forgotten_when_asked(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_ror", str(dump))
    newer = write(tmp_path / "v1.64-2025-05-01-ror-data.zip", RECORDS[:2])
    call_command("import_ror", str(newer), "--forget-older-than", "0")
    assert "Forgotten of earlier loads: 3 organizations." in capsys.readouterr().out
    assert SourceLoad.objects.count() == 2
    assert RegisteredOrganization.objects.count() == 2
