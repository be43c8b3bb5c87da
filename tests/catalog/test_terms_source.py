"""`terms/1.0.md`: clauses with ids, and errors with lines."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from agreements.catalog.source_errors import BadSource
from agreements.catalog.terms_source import read_all_terms, read_terms

GOOD = """---
title: A Release Agreement
effective: 2026-01-01
---

## Research only {#research-only}

First paragraph
over two lines.

Second paragraph.
"""


def written(folder: Path, text: str, name: str = "1.0.md") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_clauses_have_ids_headings_and_paragraphs(tmp_path: Path) -> None:
    terms = read_terms(written(tmp_path, GOOD))
    assert (terms.version, terms.title, terms.effective_from) == ("1.0", "A Release Agreement", dt.date(2026, 1, 1))
    assert terms.clauses == [
        {
            "id": "research-only",
            "heading": "Research only",
            "paragraphs": ["First paragraph over two lines.", "Second paragraph."],
        }
    ]


def test_genebody_s_terms_have_the_clauses_that_a_revocation_can_cite(folder: Path) -> None:
    (terms,) = read_all_terms(folder / "terms")
    assert {clause["id"] for clause in terms.clauses} >= {
        "research-only",
        "no-exploitation",
        "no-redistribution",
        "single-site",
        "termination",
        "who-is-bound",
        "effective",
    }


def test_line_ends_do_not_change_the_digest(tmp_path: Path) -> None:
    unix = read_terms(written(tmp_path, GOOD))
    (tmp_path / "1.0.md").write_bytes(GOOD.replace("\n", "\r\n").encode())
    assert read_terms(tmp_path / "1.0.md").sha256 == unix.sha256


def test_versions_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("1.10.md", "1.9.md", "2.0.md"):
        written(tmp_path, GOOD, name)
    assert [terms.version for terms in read_all_terms(tmp_path)] == ["1.9", "1.10", "2.0"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("## No front matter {#x}\n", "line 1: the file begins with a line ---"),
        ("---\ntitle: T\neffective: 2026-01-01\n## A {#a}\n", "line 4: only title: and effective: stand here"),
        ("---\ntitle: T\n---\n## A {#a}\ntext\n", "line 1: effective is missing"),
        ("---\ntitle: T\neffective: soon\n---\n## A {#a}\ntext\n", "line 3: effective must be a date"),
        ("---\ntitle: T\neffective: 2026-01-01\n---\nfree text\n", "line 5: text before the first clause"),
        ("---\ntitle: T\neffective: 2026-01-01\n---\n## No id\ntext\n", "line 5: a clause begins with a line such as"),
        ("---\ntitle: T\neffective: 2026-01-01\n---\n## A {#a}\n\n## B {#b}\nb\n", "line 5: clause a has no text."),
        (
            "---\ntitle: T\neffective: 2026-01-01\n---\n## A {#a}\ntext\n## B {#a}\nb\n",
            "line 7: the clause id a is used twice.",
        ),
        ("---\ntitle: T\neffective: 2026-01-01\n---\n", "there is no clause"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadSource) as refused:
        read_terms(written(tmp_path, text))
    assert problem in str(refused.value)
    assert str(refused.value).startswith("terms/1.0.md")


def test_a_file_that_is_not_named_after_a_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="named after its version"):
        read_terms(written(tmp_path, GOOD, "draft.md"))


def test_a_folder_without_terms_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match="there is no version of the terms"):
        read_all_terms(tmp_path / "terms")
