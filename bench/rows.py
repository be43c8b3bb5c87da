"""What every bench says: rows of six fields, printed as a table and written as JSON.

``ratio`` is ours divided by what it is measured against; whether a promise holds follows from it, the target and
the direction: a rate must reach the target, a time or a size must not exceed it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

Direction = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise: our figure and the one it is measured against, both in ``unit``; ``target`` bounds their ratio."""

    promise: str
    ours: float
    against: float
    target: float
    unit: str = "MB/s"
    direction: Direction = "at least"

    @property
    def ratio(self) -> float:
        """Ours divided by the other; infinite when the other is 0."""
        return self.ours / self.against if self.against else float("inf")

    @property
    def holds(self) -> bool:
        """Whether the promise is kept."""
        return self.ratio >= self.target if self.direction == "at least" else self.ratio <= self.target

    def as_json(self) -> dict[str, object]:
        """The six fields; the unit stands behind the promise."""
        return {
            "promise": f"{self.promise} ({self.unit})" if self.unit else self.promise,
            "ours": _rounded(self.ours),
            "against": _rounded(self.against),
            "ratio": _rounded(self.ratio),
            "target": self.target,
            "holds": self.holds,
        }


def _rounded(value: float) -> float:
    """Four significant digits: more would be noise."""
    return float(f"{value:.4g}")


def arguments(description: str | None) -> argparse.Namespace:
    """``--json FILE`` and ``--quick``, which every bench takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--quick", action="store_true", help="fewer bytes and rounds")
    return parser.parse_args()


def report(
    rows: Sequence[Row], *, title: str, json_file: Path | None, facts: Mapping[str, object] | None = None
) -> None:
    """Prints the table, and writes machine, facts (rates of the run, say) and rows to ``json_file``."""
    console = Console(highlight=False)
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("promise", max_width=64)
    for heading in ("ours", "against", "unit", "ratio", "target", ""):
        table.add_column(heading, justify="left" if heading in {"unit", ""} else "right")
    for row in rows:
        sign = "≥" if row.direction == "at least" else "≤"
        figures = [f"{_rounded(value):,g}" for value in (row.ours, row.against)]
        verdict = "holds" if row.holds else "[red]MISSED[/]"
        table.add_row(row.promise, *figures, row.unit, f"{row.ratio:.3g}", f"{sign} {row.target:g}", verdict)
    console.print(table)
    for name, value in (facts or {}).items():
        console.print(f"{name}: {_rounded(value) if isinstance(value, float) else value}")
    if json_file is not None:
        machine = {"platform": platform.platform(), "cpus": os.cpu_count(), "python": platform.python_version()}
        document = {"bench": title, "machine": machine, "facts": dict(facts or {}), "rows": [r.as_json() for r in rows]}
        json_file.write_text(json.dumps(document, indent=1) + "\n")


def best_seconds(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Seconds of each one's best round. They take turns, so that a busy machine slows all of them alike."""
    best = dict.fromkeys(works, float("inf"))
    for _ in range(rounds):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            best[name] = min(best[name], time.perf_counter() - began)
    return best
