"""What a new version of the terms may hold, wherever it comes from."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from agreements.catalog import publishing_terms, terms_limits
from agreements.catalog.loading import load_dataset
from agreements.catalog.models import Dataset, Terms
from agreements.catalog.source_errors import BadSource
from agreements.catalog.terms_source import parse_terms
from agreements.core import clock
from agreements.core.errors import Invalid
from tests.catalog.conftest import SETUP

FAR = clock.today() + terms_limits.AHEAD + dt.timedelta(days=1)
CLAUSE = "## A {#a}\n\nText."


def written(folder: Path, *, version: str = "1.1", title: str = "T", day: dt.date | None = None, clauses: str) -> None:
    text = f"---\ntitle: {title}\neffective: {day or clock.today()}\n---\n\n{clauses}\n"
    (folder / "terms" / f"{version}.md").write_bytes(text.encode())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"day": FAR}, "within two years"),
        ({"version": "9" * 20}, "up to 8 digits each"),
        ({"title": "T" * 201}, "up to 200 characters"),
        ({"title": "a\u202eb"}, r"U\+202E \(right-to-left override\)"),
        ({"clauses": "## A {#a}\n\nSome\u2028text."}, r"line 8: .*U\+2028"),
        ({"clauses": "## A\x0bb {#a}\n\nText."}, r"line 6: .*U\+000B"),
        ({"clauses": "\n\n".join(f"## A {{#a{n}}}\n\nText." for n in range(301))}, "301 clauses"),
        ({"clauses": f"{CLAUSE}\n\n" + "word " * 40_000}, "characters; up to 200000"),
    ],
)
def test_what_is_too_much_is_refused_from_the_folder_too(
    genebody: Dataset, folder: Path, given: dict[str, str], words: str
) -> None:
    written(folder, **({"clauses": CLAUSE} | given))  # type: ignore[arg-type]
    with pytest.raises(BadSource, match=words):
        load_dataset(folder, by=SETUP)
    assert Terms.objects.count() == 1


def test_what_is_published_already_stays_whatever_it_holds(genebody: Dataset, folder: Path) -> None:
    written(folder, clauses=CLAUSE)
    load_dataset(folder, by=SETUP)
    (source,) = (one for one in publishing_terms.versions(genebody).values() if one.version == "1.1")
    hidden = source.source.replace("Text", "Te\u00adxt")
    (folder / "terms" / "1.1.md").write_bytes(hidden.encode())
    digest = parse_terms("1.1", hidden).sha256
    Terms.objects.filter(pk=source.pk).update(source=hidden, sha256=digest)
    assert load_dataset(folder, by=SETUP).terms_published == ()


@pytest.mark.parametrize(
    ("given", "field"),
    [({"version": "9" * 20}, "version"), ({"title": "a\nb"}, "title"), ({"effective_from": FAR}, "effective_from")],
)
def test_the_desk_is_told_which_part_it_is(given: dict[str, str], field: str) -> None:
    parts = {"version": "1.1", "title": "T", "effective_from": clock.today(), "clauses": CLAUSE}
    with pytest.raises(Invalid) as refused:
        publishing_terms.compose(**(parts | given))  # type: ignore[arg-type]
    assert refused.value.field == field
