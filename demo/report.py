"""The walk's account of itself: numbered steps, each with its evidence, and the files that are kept."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text


class Report:
    """Prints as it goes. `keep` is a folder for the raw evidence, or None."""

    def __init__(self, keep: Path | None = None) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.keep_folder = keep
        self.steps = 0
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)

    def step(self, what: str) -> None:
        """Begin a step."""
        self.steps += 1
        self.console.print(f"\n[bold]{self.steps:>2}. [/bold]", Text(what, style="bold"), end="\n", sep="")

    def evidence(self, line: str) -> None:
        """Print one line of evidence."""
        self.console.print(Text(f"    {line}"))

    def shown(self, title: str, text: str) -> None:
        """Print a text as it came, with a bar at its side."""
        bar = Text("    │ ", style="dim")
        for line in (title, "", *text.strip().splitlines()):
            self.console.print(Text.assemble(bar, line))

    def keep(self, name: str, content: bytes | str) -> None:
        """Keep a file, if files are kept."""
        if self.keep_folder is not None:
            data = content.encode() if isinstance(content, str) else content
            (self.keep_folder / name).write_bytes(data)


def size(count: int) -> str:
    """Return a size in binary units beside its bytes: `1.2 MiB (1,258,291 bytes)`."""
    value, unit = float(count), "B"
    for bigger in ("KiB", "MiB", "GiB", "TiB"):
        if value < 1024:
            break
        value, unit = value / 1024, bigger
    return f"{value:.1f} {unit} ({count:,} bytes)"
