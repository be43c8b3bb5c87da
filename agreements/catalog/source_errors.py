"""What is wrong with a file of a dataset's folder, and where."""

from __future__ import annotations

from agreements.core.errors import Invalid


class BadSource(Invalid):
    """Reads `dataset.toml, line 12: ...`; `line` is None where no line can be named."""

    def __init__(self, file: str, line: int | None, problem: str) -> None:
        where = file if line is None else f"{file}, line {line}"
        super().__init__(f"{where}: {problem}")
        self.file = file
        self.problem = problem
        self.line = line
