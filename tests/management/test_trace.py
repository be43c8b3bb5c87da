"""`manage.py trace FILE`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agreements.catalog.archives import index_of
from agreements.catalog.models import Archive, SealKind
from agreements.grants import seals
from agreements.grants.models import DownloadOpened, Generation, Grant, GrantState, Seal
from agreements.sealing import Layout
from tests.grants.conftest import noon, scene, seconds, watching
from tests.grants.scene import Scene
from tests.grants.test_tracing import sealed

__all__ = ["noon", "scene", "seconds", "watching"]


def told(path: Path, *arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("trace", str(path), *arguments, stdout=out, stderr=out)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_it_says_whose_it_is_and_what_that_proves(scene: Scene, tmp_path: Path) -> None:
    bobs = seals.new_seal(grant=scene.grant, person_pk=scene.bob.pk)
    Grant.objects.update(state=GrantState.REVOKED)
    (tmp_path / "leaked.zip").write_bytes(sealed(scene.sealed, bobs))
    code, said = told(tmp_path / "leaked.zip")
    assert code == 0
    for words in (
        f"{scene.grant.reference}: Bob <{scene.bob.email}>, member",
        "genebody/train40/train40.zip version 1; seal number 1 under key 1",
        "the access is revoked",
        "salts match 3 of its 3 members; authentication code verified for all 3 whole members",
        "It names the seal, not the hand",
    ):
        assert words in said


def test_members_that_were_not_looked_at_are_no_failure_and_wrong_ones_are_named(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bytearray(sealed(scene.sealed, Seal.objects.get()))
    (tmp_path / "leaked.zip").write_bytes(whole)
    monkeypatch.setattr("agreements.grants.tracing.findings.MOST_READ", 0)
    assert "authentication code verified for the one member looked at (of 3)" in told(tmp_path / "leaked.zip")[1]
    monkeypatch.undo()
    layout = Layout(index_of(scene.sealed))
    whole[layout.data_start(1)] ^= 1
    (tmp_path / "leaked.zip").write_bytes(whole)
    name = index_of(scene.sealed).columns.names[1]
    words = f"authentication code WRONG for {name}; verified for 2 of 3 members looked at (of 3)"
    assert words in told(tmp_path / "leaked.zip")[1]
    (found,) = json.loads(told(tmp_path / "leaked.zip", "--json")[1])["seals"]
    assert found["codes"] == {"whole": 3, "looked_at": 3, "right": 2, "wrong": 1, "wrong_members": [name]}


def test_a_shared_seal_says_under_how_many_grants_it_was_downloaded(scene: Scene, tmp_path: Path) -> None:
    Archive.objects.filter(pk=scene.sealed.pk).update(seal=SealKind.SHARED)
    made = Generation.objects.create(archive=scene.sealed, generation=1, seal_id="a" * 32, key_number=1, object_key="x")
    (tmp_path / "leaked.zip").write_bytes(sealed(scene.sealed, made))
    assert "generation 1: downloaded under 0 grants" in told(tmp_path / "leaked.zip")[1]
    DownloadOpened.objects.create(
        process=uuid.uuid4(), grant=scene.grant, archive=scene.sealed, generation=made, range_start=0, range_stop=1
    )
    assert "generation 1: downloaded under 1 grant\n" in told(tmp_path / "leaked.zip")[1]


def test_as_json_for_other_programs(scene: Scene, tmp_path: Path) -> None:
    own = Seal.objects.get()
    (tmp_path / "piece").write_bytes(b"..." + sealed(scene.sealed, own)[:300])
    code, said = told(tmp_path / "piece", "--json")
    document: dict[str, Any] = json.loads(said)
    (found,) = document["seals"]
    assert (code, document["salts"], document["complete"]) == (0, 1, True)
    assert (found["grant"], found["role"], found["verified"]) == (scene.grant.reference, "signer", False)
    assert (found["codes"], found["members_matched"]) == (
        {"whole": 0, "looked_at": 0, "right": 0, "wrong": 0, "wrong_members": []},
        1,
    )


def test_a_file_without_a_seal_of_ours_ends_with_one_and_no_file_with_two(scene: Scene, tmp_path: Path) -> None:
    (tmp_path / "else.zip").write_bytes(b"PK\x03\x04 something else")
    code, said = told(tmp_path / "else.zip")
    assert (code, "Nothing in it is part of a sealed archive." in said) == (1, True)
    for missing in (tmp_path / "gone.zip", tmp_path):
        with pytest.raises(CommandError) as refused:
            told(missing)
        assert refused.value.returncode == 2


def test_a_file_of_half_a_gigabyte_takes_no_more_memory_than_a_small_one(tmp_path: Path) -> None:
    """A sparse one, with headers all over it: only the search is looked at, in a process of its own."""
    script = (
        "import io, resource, sys\n"
        "from agreements.grants.tracing import sample as trace_sample\n"
        "with open(sys.argv[1], 'rb') as file:\n"
        "    options = {'limits': trace_sample.COMMAND, 'told': lambda done: None}\n"
        "    sample = trace_sample.read(file, size=file.seek(0, 2), **options)\n"
        "print(sample.seen, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    peaks = []
    for size in (1 << 20, 1 << 29):
        with (tmp_path / "file").open("wb") as file:
            file.truncate(size)
        run = [sys.executable, "-c", f"import django; django.setup()\n{script}", str(tmp_path / "file")]
        done = subprocess.run(
            run,
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        )
        seen, peak = map(int, done.stdout.split())
        assert seen == 0
        peaks.append(peak)
    assert peaks[1] - peaks[0] < 8 * 1024, "KiB"
