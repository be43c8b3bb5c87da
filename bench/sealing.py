"""Sealing against what AES and SHA-1 allow, and against other tools on the same files in the same run.

``python -m bench.sealing --json FILE --quick``. Large members, then an archive shaped like GeneBody's (14,400 members
of 0.7 MB), then ranges and memory. Whatever is compared takes turns, and each one's best round counts.
"""

from __future__ import annotations

import hmac
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bench.rows import Row, arguments, best_seconds, report
from bench.sealing_memory import peaks
from bench.sealing_packs import (
    LARGE,
    MIB,
    SMALL,
    computed,
    files_in,
    index_of,
    on_one_thread,
    seal,
    view_of,
    view_of_files,
)
from bench.sealing_rivals import LIBARCHIVE, PYZIPPER, SEVEN_ZIP, STREAM_ZIP, Rival, installed

# How many times a rival's rate is promised.
LARGE_TARGETS = {STREAM_ZIP: 4, PYZIPPER: 4, LIBARCHIVE: 1}
SMALL_TARGETS = {SEVEN_ZIP: 1, STREAM_ZIP: 1, PYZIPPER: 1, LIBARCHIVE: 1}


def aes() -> None:
    """AES-256 in OpenSSL's fastest mode, on 1 MiB that stays in the cache."""
    data, out = bytes(MIB), bytearray(MIB + 16)
    cipher = Cipher(algorithms.AES(bytes(32)), modes.CTR(bytes(16))).encryptor()
    for _ in range(LARGE // MIB):
        cipher.update_into(data, out)


def sha1() -> None:
    """HMAC-SHA1 on the same."""
    data, mac = bytes(MIB), hmac.new(b"key", digestmod="sha1")
    for _ in range(LARGE // MIB):
        mac.update(data)


def in_line(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        with on_one_thread():
            work()

    return run


def against_the_limit(rounds: int) -> tuple[list[Row], dict[str, object]]:
    """A member of 64 MiB from memory, since the limit reads no file either."""

    def ours() -> None:
        seal(view_of(index_of([LARGE]), computed))

    seconds = best_seconds({"aes": aes, "sha1": sha1, "one thread": in_line(ours), "two": ours}, rounds)
    rate = {name: LARGE / spent / 1e6 for name, spent in seconds.items()}
    limit = LARGE / (seconds["aes"] + seconds["sha1"]) / 1e6
    rows = [
        Row(promise=f"large members, {how}: AES then SHA-1", ours=rate[name], against=limit, target=0.85)
        for name, how in (("one thread", "one thread"), ("two", "where a second core is free"))
    ]
    return rows, {"AES-256, MB/s": rate["aes"], "SHA-1, MB/s": rate["sha1"]}


def against_rivals(
    shape: str, paths: list[Path], rounds: int, *, targets: Mapping[str, float], alone: bool = False
) -> list[Row]:
    """Each rival with a target, in turns with us; ``alone`` means that our codes are made in line with the cipher."""
    rivals = [rival for rival in installed() if rival.name in targets]
    size = sum(path.stat().st_size for path in paths)

    def ours() -> None:
        seal(view_of_files(paths))

    def theirs(rival: Rival) -> Callable[[], None]:
        return lambda: rival.seal(paths)

    works: dict[str, Callable[[], object]] = {}
    for rival in rivals:
        for turn in range(3):  # over in a tenth of their time, so a single turn would often meet a busy moment
            works[f"ours, turn {turn} beside {rival.name}"] = in_line(ours) if alone else ours
        works[rival.name] = theirs(rival)
    seconds = best_seconds(works, rounds)
    rate = {name: size / spent / 1e6 for name, spent in seconds.items()}
    best = max(rate[name] for name in rate if name.startswith("ours"))
    return [
        Row(promise=f"{shape}: {rival.name}", ours=best, against=rate[rival.name], target=targets[rival.name])
        for rival in rivals
    ]


def ranges(rounds: int) -> list[Row]:
    """First bytes of 1 MiB in the middle of a member, so that no code is asked for."""
    huge, small = view_of(index_of([7_000_000] * 14_400), computed), view_of(index_of([7_000_000] * 14), computed)
    works: dict[str, Callable[[], object]] = {}
    for name, view in (("huge", huge), ("small", small)):
        for part in (0, 0.5, 0.99):
            number = int(len(view.index) * part)
            start = view.layout.data_start(number) + 2 * MIB

            def first_byte(view: object = view, start: int = start) -> None:
                stream = view.stream(start, start + MIB)  # type: ignore[attr-defined]
                next(stream)
                stream.close()

            works[f"{name} {part:.0%}"] = first_byte
    found = {name: seconds * 1000 for name, seconds in best_seconds(works, rounds).items()}
    promise = "first bytes of 1 MiB in 100 GB"

    def row(text: str, ours: str, against: str) -> Row:
        figures = {"ours": found[ours], "against": found[against]}
        return Row(promise=f"{promise}, {text}", **figures, target=1.25, unit="ms", direction="at most")

    return [
        row("at 50 %: at 0 %", "huge 50%", "huge 0%"),
        row("at 99 %: at 0 %", "huge 99%", "huge 0%"),
        row("at 50 %: in 0.1 GB", "huge 50%", "small 50%"),
    ]


def memory() -> list[Row]:
    """The bound that is promised is 64 MB."""
    return [
        Row(promise=f"memory above idle: {name}", ours=peak, against=64, target=1, unit="MB", direction="at most")
        for name, peak in peaks().items()
    ]


def main() -> None:
    asked = arguments(__doc__)
    rows, facts = against_the_limit(20 if asked.quick else 60)
    with tempfile.TemporaryDirectory() as folder:
        paths = files_in(Path(folder) / "large", 1 if asked.quick else 16, LARGE)
        rounds = 2 if asked.quick else 4
        rows += against_rivals("large members, codes in line", paths, rounds, targets={SEVEN_ZIP: 1}, alone=True)
        rows += against_rivals("large members, as it runs", paths, rounds, targets=LARGE_TARGETS)
        paths = files_in(Path(folder) / "small", 150 if asked.quick else 14_400, SMALL)
        rows += against_rivals(f"GeneBody-shaped, {len(paths):,} members", paths, 2, targets=SMALL_TARGETS)
    rows += ranges(40 if asked.quick else 200)
    rows += memory()
    report(rows, title="sealing", json_file=asked.json, facts=facts)


if __name__ == "__main__":
    main()
