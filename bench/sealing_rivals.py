"""Other tools that seal files into an AES-256 ZIP, each writing to a sink or pipe whose bytes are dropped."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyzipper
import stream_zip

from bench.sealing_packs import MIB, PASSWORD

SEVEN_ZIP, STREAM_ZIP, PYZIPPER, LIBARCHIVE = "7z on one thread", "stream-zip", "pyzipper", "libarchive"


@dataclass(frozen=True, slots=True)
class Rival:
    """A tool, and what it does with files of one folder."""

    name: str
    seal: Callable[[list[Path]], None]


class _Dropped:
    def write(self, data: bytes) -> int:
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


def by_pyzipper(paths: list[Path]) -> None:
    with pyzipper.AESZipFile(_Dropped(), "w", encryption=pyzipper.WZ_AES) as archive:
        archive.setpassword(PASSWORD.encode())
        for path in paths:
            archive.write(path, path.name)


def by_stream_zip(paths: list[Path]) -> None:
    def chunks(path: Path) -> Iterator[bytes]:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(MIB):
                yield chunk

    when = datetime(2023, 11, 14, tzinfo=UTC)
    members = ((path.name, when, 0o644, stream_zip.NO_COMPRESSION_64, chunks(path)) for path in paths)
    for _ in stream_zip.stream_zip(members, password=PASSWORD, chunk_size=MIB):
        pass


def by_seven_zip(paths: list[Path]) -> None:
    """7-Zip seeks in a zip that it writes and refuses a pipe: a file in memory, where there is room, comes nearest."""
    size = sum(path.stat().st_size for path in paths)
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * size
    with tempfile.TemporaryDirectory(dir=memory if roomy else None) as folder:
        command = ["7z", "a", "-tzip", "-mem=AES256", "-mx0", "-mmt1", f"-p{PASSWORD}", f"{folder}/out.zip", "."]
        subprocess.run(command, cwd=paths[0].parent, check=True, stdout=subprocess.DEVNULL)


def by_libarchive(paths: list[Path]) -> None:
    options = ["--format", "zip", "--options", "zip:encryption=aes256,zip:compression=store"]
    command = ["bsdtar", *options, "--passphrase", PASSWORD, "-cf", "-", "."]
    with subprocess.Popen(command, cwd=paths[0].parent, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        while process.stdout.read(MIB):
            pass


def installed() -> list[Rival]:
    """Return the rivals that are there; 7-Zip first, the slowest last."""
    rivals = [Rival(STREAM_ZIP, by_stream_zip), Rival(PYZIPPER, by_pyzipper)]
    if shutil.which("7z"):
        rivals.insert(0, Rival(SEVEN_ZIP, by_seven_zip))
    if shutil.which("bsdtar"):
        rivals.append(Rival(LIBARCHIVE, by_libarchive))
    return rivals
