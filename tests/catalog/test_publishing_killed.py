"""A publishing that is killed, or whose disk fills up, is gone on with; and it takes no more memory than a part."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path

import pytest

from agreements.catalog.models import Archive, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.vault.folder import FolderStore
from agreements.vault.protocol import OutOfReach
from tests.catalog.conftest import SETUP
from tests.catalog.interruptions import PART, Counted, counted, large, published_right, read, written

__all__ = ["counted", "large", "read", "written"]

ROOT = Path(__file__).parents[2]

KILLED = """
    import os, signal, sys
    from pathlib import Path
    import django
    django.setup()
    from agreements.catalog.publishing import journal, packing, sources, storing
    from agreements.vault import parts
    from agreements.vault.folder import FolderStore
    parts.PART, journal.EVERY, journal._SHARE = {part}, 0.0, 0
    def die(phase, done, total):
        if phase == sys.argv[3] and done >= 0.7 * total:
            os.kill(os.getpid(), signal.SIGKILL)
    store = FolderStore(Path(sys.argv[1]))
    store.prepare()
    source = Path(sys.argv[2])
    kept = journal.Journal(store, sources.address_of(source))
    with sources.opened(source) as members:
        measured = packing.measure(members, as_zip=False, remembered=kept, progress=die)
        storing.store_pack(store, measured, members, kept, die)
"""


@pytest.mark.parametrize("phase", ["reading", "writing", "checking"])
def test_kill_9_at_any_time_and_running_again_finishes(
    vault: FolderStore, train40: Subset, large: Path, phase: str, counted: Counted
) -> None:
    read, written = counted
    program = textwrap.dedent(KILLED).format(part=PART)
    killed = subprocess.run(
        [sys.executable, "-c", program, str(vault.folder), str(large), phase], check=False, cwd=ROOT, env=os.environ
    )
    assert killed.returncode == -signal.SIGKILL
    assert [name for name in vault.names() if name.startswith("pack-")] == [] or phase == "checking"
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)
    if phase == "reading":
        assert read.count("large0.bin") == 1, "it was measured before the kill, and is read once to be written"
    assert written == {"reading": [0, 1, 2, 3, 4], "writing": [2, 3, 4], "checking": []}[phase]
    assert [left.name for left in vault.leftovers()] == []


def test_a_disk_that_fills_up_is_told_and_what_was_written_is_gone_on_with(
    vault: FolderStore, train40: Subset, large: Path, counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    _read, written = counted
    pwrite = os.pwrite

    def full(file: int, data: bytes, position: int) -> int:
        if position >= 2 * PART:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(file, data, position)

    with monkeypatch.context() as disk:
        disk.setattr(os, "pwrite", full)
        with pytest.raises(OutOfReach, match=r"pack-.* No space left on device"):
            publish_archive(subset=train40, source=large, by=SETUP)
    assert not Archive.objects.exists()
    written.clear()
    published_right(publish_archive(subset=train40, source=large, by=SETUP), large)
    assert written == [2, 3, 4]


def test_memory_does_not_grow_with_what_is_published(train40: Subset, tmp_path: Path) -> None:
    folder = tmp_path / "sparse"
    folder.mkdir()
    with (folder / "zeros.bin").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    tracemalloc.start()
    try:
        archive = publish_archive(subset=train40, source=folder, by=SETUP)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert archive.pack_size == 200 * 1024 * 1024
    assert peak < 40 * 1024 * 1024, f"{peak / 1e6:.0f} MB"
