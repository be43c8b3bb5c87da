"""The table of earlier recipients: what is wrong is told with its line and column, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreements.flows import import_table
from tests.flows.recipients import ROW, person, table_of, written


def problems(file: Path) -> list[str]:
    return [str(problem) for problem in import_table.read(file).problems]


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_commas_and_semicolons_are_read_with_and_without_a_mark_at_the_start(
    tmp_path: Path, delimiter: str, start: str
) -> None:
    table = import_table.read(table_of(tmp_path, [ROW, person("Bo")], delimiter=delimiter, start=start))
    assert table.problems == []
    assert [(row.line, row.cells["name"], row.cells["address_line2"]) for row in table.rows] == [
        (2, "Ada Earlier", ""),
        (3, "Bo Earlier", ""),
    ]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    text = table_of(tmp_path, [ROW]).read_text()
    head, row = text.splitlines()
    broken = row.replace("ETH Zurich", '"ETH\nZurich"').replace('""', '"')
    assert problems(written(tmp_path, f"{head}\n\n{broken}\n{row.replace('ada@ethz.ch', '')}\n")) == [
        "line 3, organization: this has a character that does not show (U+000A).",
        "line 5, email: this is missing.",
    ]


def test_a_wrong_header_is_told_with_all_that_is_wrong_about_it(tmp_path: Path) -> None:
    file = written(tmp_path, "name,e-mail,organisation,name,terms,signed_on,file,department,site_city\n")
    assert problems(file) == [
        "line 1, name: this column is there twice.",
        "line 1, e_mail: this column is not known. Is it email?",
        "line 1, organisation: this column is not known. Is it organization?",
        "line 1, email: this column is missing.",
        "line 1, organization: this column is missing.",
        "line 1, site_country: this column is missing.",
    ]


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    assert problems(written(tmp_path, "")) == ["line 1: the file has no header row."]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("name", "=HYPERLINK(1)", "this begins like a formula of a spreadsheet (=HYPERLINK(1))."),
        ("note", "@SUM(A1)", "this begins like a formula of a spreadsheet (@SUM(A1))."),
        ("organization", "a\0b", "this has a character that does not show (U+0000)."),
        ("city", "Zürich\u202e", "this has a character that does not show (U+202E)."),
        ("name", "x" * 121, "this has 121 characters; at most 120 fit."),
        ("position", "x" * 10_000_000, "this has 10000000 characters; at most 120 fit."),
        ("signed_on", "", "this is missing."),
    ],
)
def test_a_hostile_cell_is_named_and_the_rest_is_read(tmp_path: Path, column: str, value: str, problem: str) -> None:
    file = table_of(tmp_path, [ROW | {column: value}, person("Bo", terms="")])
    assert problems(file) == [f"line 2, {column}: {problem}", "line 3, terms: this is missing."]


def test_a_row_of_another_length_is_named(tmp_path: Path) -> None:
    text = table_of(tmp_path, [ROW]).read_text()
    assert problems(written(tmp_path, text + "one,two\n")) == ["line 3: this row has 2 cells, the header has 15."]


def test_a_quote_that_is_never_closed_is_named(tmp_path: Path) -> None:
    text = table_of(tmp_path, [ROW]).read_text()
    (found,) = problems(written(tmp_path, text + '"never closed\n'))
    assert found.startswith("line 3: this cannot be read as CSV (")


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    data = table_of(tmp_path, [ROW]).read_bytes() + "Zürich".encode("latin-1")
    assert problems(written(tmp_path, data)) == ["line 3: the file is not UTF-8 text; save it as CSV UTF-8."]


def test_a_file_without_end_is_not_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_table, "MOST_BYTES", 2**20)
    assert problems(written(tmp_path, b"x" * (2**20 + 1))) == ["line 1: the file is larger than 1 MiB."]
    monkeypatch.setattr(import_table, "MOST_ROWS", 2)
    rows = [person(f"P{number}") for number in range(5)]
    assert problems(table_of(tmp_path, rows)) == ["line 5: the file has more than 2 rows; split it."]
