"""A table of earlier recipients and the folder of what they signed, to be spoilt by tests."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

PDF = b"%PDF-1.7\n%signed by "
ROW = {
    "name": "Ada Earlier",
    "email": "ada@ethz.ch",
    "organization": "ETH Zurich",
    "position": "Professor",
    "address_line1": "Rämistrasse 101",
    "city": "Zürich",
    "country": "CH",
    "department": "Computer Science",
    "site_city": "Zürich",
    "site_country": "Switzerland",
    "terms": "1.0",
    "signed_on": "2023-05-31",
    "subsets": "train40",
    "file": "ada.pdf",
    "note": "mailed to Wayne",
}


def person(called: str, /, **other: str) -> dict[str, str]:
    """Return the row of somebody new."""
    short = called.lower()
    return ROW | {"name": f"{called} Earlier", "email": f"{short}@ethz.ch", "file": f"{short}.pdf"} | other


def folder_of(place: Path, rows: list[dict[str, str]]) -> Path:
    """Make a signed PDF for each row, and return their folder."""
    folder = place / "scans"
    folder.mkdir(exist_ok=True)
    for row in rows:
        (folder / row["file"]).write_bytes(PDF + row["email"].encode())
    return folder


def table_of(place: Path, rows: list[dict[str, str]], *, delimiter: str = ",", start: str = "") -> Path:
    """Write a table and return its file."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return written(place, start + text.getvalue())


def written(place: Path, text: str | bytes) -> Path:
    """Write a file of any content where the table is."""
    file = place / "recipients.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def counts() -> dict[str, int]:
    """Return how many rows each table of the database has."""
    models: list[Any] = list(apps.get_models())
    return {model._meta.label: model._default_manager.count() for model in models}


class Run:
    """Runs the command over rows and a folder; what it printed comes back, errors and code included."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._folder, self._capsys = folder, capsys

    def __call__(self, rows: list[dict[str, str]], *options: str, folder: Path | None = None) -> str:
        file = table_of(self._folder, rows)
        where = folder or folder_of(self._folder, rows)
        end = ""
        try:
            call_command("import_agreements", str(file), str(where), *options)
        except CommandError as refused:
            end = f"{refused} ({refused.returncode})"
        except SystemExit as left:
            end = f"({left.code})"
        said = self._capsys.readouterr()
        return said.out + said.err + end
