"""Sealing against what AES and SHA-1 allow, pyzipper, stream-zip and 7-Zip, on the same bytes in one run.

``python -m bench.sealing --json FILE --quick``. Large members, then an archive shaped like GeneBody's (members of
0.7 MB). Each tool reads files of one folder; what it writes goes through a pipe or a sink and is dropped.
"""

import argparse
import hashlib
import hmac
import json
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyzipper
import stream_zip
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from agreements.sealing import STORED, ArchiveIndex, Layout, Member, SealedView

PASSWORD = "7K2F-9MQX-3ABC-WZ8T-HJ4N"
MIB = 1 << 20
LARGE = 64 * MIB
SMALL = 700_000


class Dropped:
    """A sink that counts."""

    def __init__(self) -> None:
        self.size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


def files_in(folder: Path, count: int, size: int) -> list[Path]:
    folder.mkdir()
    data = hashlib.shake_128(b"bench").digest(size)
    paths = [folder / f"{number:05}.jpg" for number in range(count)]
    for path in paths:
        path.write_bytes(data)
    return paths


def view_of(paths: list[Path]) -> SealedView:
    """The pack is the files one after the other, read as the folder store would read its one file."""
    size = paths[0].stat().st_size
    members = [
        Member(n, path.name, STORED, size, size, 1_700_000_000, bytes(32), bytes(32), n * size)
        for n, path in enumerate(paths)
    ]
    index = ArchiveIndex(members)

    def read(offset: int, length: int) -> Iterator[bytes]:
        while length:
            number, within = divmod(offset, size)
            with paths[number].open("rb", buffering=0) as file:
                file.seek(within)
                while length and (chunk := file.read(min(MIB, length))):
                    offset, length = offset + len(chunk), length - len(chunk)
                    yield chunk

    return SealedView(index, Layout(index), PASSWORD, bytes(32), read)


def ours(paths: list[Path]) -> None:
    sink = Dropped()
    for chunk in view_of(paths).stream():
        sink.write(chunk)


def by_pyzipper(paths: list[Path]) -> None:
    with pyzipper.AESZipFile(Dropped(), "w", encryption=pyzipper.WZ_AES) as archive:
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
    # 7-Zip seeks in a zip it writes, so it cannot write to a pipe: a file in memory comes nearest.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        command = ["7z", "a", "-tzip", "-mem=AES256", "-mx0", "-mmt1", f"-p{PASSWORD}", f"{folder}/out.zip", "."]
        subprocess.run(command, cwd=paths[0].parent, check=True, stdout=subprocess.DEVNULL)


def rates(works: dict[str, Callable[[], object]], size: int, rounds: int) -> dict[str, float]:
    """Bytes a second of each one's best round; they take turns, so that a busy machine slows all alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - began)
    return {name: size / seconds for name, seconds in best.items()}


def aes_then_sha1(size: int) -> None:
    """The least that must be done: AES-256 in OpenSSL's counter mode, then HMAC-SHA1, on 1 MiB in cache."""
    data, out = bytes(MIB), bytearray(MIB + 16)
    cipher = Cipher(algorithms.AES(bytes(32)), modes.CTR(bytes(16))).encryptor()
    mac = hmac.new(b"key", digestmod="sha1")
    for _ in range(size // MIB):
        cipher.update_into(data, out)
    for _ in range(size // MIB):
        mac.update(data)


def row(promise: str, mine: float, against: float, target: float) -> dict[str, Any]:
    ratio = mine / against
    figures = {"ours": round(mine / 1e6, 1), "against": round(against / 1e6, 1)}
    return {"promise": promise, **figures, "ratio": round(ratio, 3), "target": target, "holds": ratio >= target}


def measure(quick: bool) -> list[dict[str, Any]]:
    rounds = 3 if quick else 5
    rivals: dict[str, Callable[[list[Path]], None]] = {"pyzipper": by_pyzipper, "stream-zip": by_stream_zip}
    if shutil.which("7z"):
        rivals["7z on one thread"] = by_seven_zip
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = files_in(Path(folder) / "large", 2 if quick else 16, LARGE)
        size = len(paths) * LARGE
        found = rates(works_on(paths, rivals) | {"limit": lambda: aes_then_sha1(size)}, size, rounds)
        rows.append(row("large members: AES then SHA-1", found["ours"], found["limit"], 0.85))
        for name in rivals:
            target = 1.0 if name.startswith("7z") else 4.0
            rows.append(row(f"large members: {name}", found["ours"], found[name], target))
        paths = files_in(Path(folder) / "small", 200 if quick else 2880, SMALL)
        found = rates(works_on(paths, rivals), len(paths) * SMALL, rounds)
        rows += [row(f"GeneBody-shaped archive: {name}", found["ours"], found[name], 1.0) for name in rivals]
    return rows


def works_on(paths: list[Path], rivals: dict[str, Callable[[list[Path]], None]]) -> dict[str, Callable[[], object]]:
    return {name: partial(work, paths) for name, work in {"ours": ours, **rivals}.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    rows = measure(arguments.quick)
    print(f"{'MB/s':45} {'ours':>9} {'against':>9}   ratio")
    for each in rows:
        verdict = "holds" if each["holds"] else "MISSED"
        print(f"{each['promise']:45} {each['ours']:9.1f} {each['against']:9.1f} {each['ratio']:7.3f} {verdict}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": platform.platform(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
