"""Publishing a version of the terms on the desk, and what the folder makes of it afterwards."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from agreements.catalog import publishing_terms, terms
from agreements.catalog.loading import load_dataset
from agreements.catalog.models import Dataset, Terms
from agreements.catalog.source_errors import BadSource
from agreements.catalog.terms_source import TermsSource
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.catalog.conftest import SETUP

CLAUSES = "## Research only {#research-only}\n\nResearch, and nothing else.\n\n## Copies {#copies}\n\nAt one site.\n"


def soon(days: int = 30) -> dt.date:
    return clock.today() + dt.timedelta(days=days)


def version(number: str = "1.1", clauses: str = CLAUSES, effective: dt.date | None = None) -> TermsSource:
    return publishing_terms.compose(
        version=number, title="GeneBody Release Agreement", effective_from=effective or soon(), clauses=clauses
    )


def test_a_published_version_is_recorded_and_in_force_from_its_day(genebody: Dataset, dan: User) -> None:
    made = publishing_terms.publish(dataset=genebody, source=version(), by=dan.actor)
    assert [clause["id"] for clause in made.clauses] == ["research-only", "copies"]
    assert terms.in_force(genebody).version == "1.0"
    assert terms.in_force(genebody, on=soon()).version == "1.1"
    entry = LedgerEntry.objects.latest("sequence")
    assert (entry.kind, entry.payload["version"], entry.payload["sha256"]) == ("terms.published", "1.1", made.sha256)
    assert entry.actor == dan.actor.id


def test_only_a_steward_publishes(genebody: Dataset, eve: User) -> None:
    with pytest.raises(NotAllowed, match="Only a steward of the dataset can publish terms"):
        publishing_terms.publish(dataset=genebody, source=version(), by=eve.actor)
    assert Terms.objects.count() == 1


def test_the_folder_loads_on_without_the_version_that_only_the_database_has(
    genebody: Dataset, dan: User, folder: Path
) -> None:
    publishing_terms.publish(dataset=genebody, source=version(), by=dan.actor)
    report = load_dataset(folder, by=SETUP)
    assert (report.changes, report.terms_published) == ((), ())
    assert set(publishing_terms.versions(genebody)) == {"1.0", "1.1"}


def test_the_same_text_put_into_the_folder_later_is_the_same_version(
    genebody: Dataset, dan: User, folder: Path
) -> None:
    clauses = CLAUSES.replace("\n", "\r\n")  # as a browser sends it
    made = publishing_terms.publish(dataset=genebody, source=version(clauses=clauses), by=dan.actor)
    (folder / "terms" / "1.1.md").write_bytes(made.source.encode())
    rows = LedgerEntry.objects.count()
    assert load_dataset(folder, by=SETUP).terms_published == ()
    assert (Terms.objects.count(), LedgerEntry.objects.count()) == (2, rows)


def test_another_text_under_that_number_in_the_folder_is_refused_with_the_line(
    genebody: Dataset, dan: User, folder: Path
) -> None:
    made = publishing_terms.publish(dataset=genebody, source=version(), by=dan.actor)
    (folder / "terms" / "1.1.md").write_text(made.source.replace("At one site.", "At any site."))
    with pytest.raises(BadSource, match="it cannot change") as refused:
        load_dataset(folder, by=SETUP)
    assert (refused.value.file, refused.value.line) == ("terms/1.1.md", 12)


def test_a_version_from_the_folder_must_follow_what_the_desk_published(
    genebody: Dataset, dan: User, folder: Path
) -> None:
    publishing_terms.publish(dataset=genebody, source=version("2.0"), by=dan.actor)
    (folder / "terms" / "1.5.md").write_text(version("1.5", effective=soon(40)).text)
    with pytest.raises(BadSource, match=r"version 2\.0 is published already; a new one has a higher number"):
        load_dataset(folder, by=SETUP)


@pytest.mark.parametrize(
    ("clauses", "line", "words"),
    [
        ("Research only.\n", 1, "text before the first clause"),
        ("## A {#a}\n\nText.\n\n## Heading without an id\n\nText.\n", 5, "a clause begins with a line such as"),
        ("## A {#a}\n\nText.\n\n## B {#a}\n\nText.\n", 5, "the clause id a is used twice"),
        ("\r\n\r\n## A {#a}\r\n\r\n## B {#b}\r\n\r\nText.", 3, "clause a has no text"),
        ("", None, "there is no clause"),
    ],
)
def test_what_is_wrong_is_told_with_the_line_of_the_text_that_was_typed(
    clauses: str, line: int | None, words: str
) -> None:
    with pytest.raises(BadSource, match=words) as refused:
        version(clauses=clauses)
    assert refused.value.line == line


@pytest.mark.parametrize("number", ["1.0.0", "0.9", "1.00"])
def test_the_number_grows(genebody: Dataset, dan: User, number: str) -> None:
    with pytest.raises(BadSource, match="a new one has a higher number"):
        publishing_terms.publish(dataset=genebody, source=version(number), by=dan.actor)


@pytest.mark.parametrize("number", ["", "one", "1.0.0.0", "1.", "1/0", "١.٠"])
def test_a_version_is_a_number(number: str) -> None:
    with pytest.raises(Invalid, match="one to three numbers") as refused:
        version(number)
    assert refused.value.field == "version"


def test_a_title_cannot_smuggle_in_another_line() -> None:
    with pytest.raises(Invalid) as refused:
        publishing_terms.compose(
            version="1.1", title="A\neffective: 2020-01-01", effective_from=soon(), clauses=CLAUSES
        )
    assert refused.value.field == "title"


def test_the_past_and_a_day_before_the_newest_version_are_refused(genebody: Dataset, dan: User) -> None:
    with pytest.raises(BadSource, match="cannot take effect in the past"):
        publishing_terms.publish(dataset=genebody, source=version(effective=soon(-1)), by=dan.actor)
    publishing_terms.publish(dataset=genebody, source=version(effective=soon(20)), by=dan.actor)
    with pytest.raises(BadSource, match="this one would never be in force"):
        publishing_terms.publish(dataset=genebody, source=version("1.2", effective=soon(10)), by=dan.actor)


def test_a_version_that_changes_nothing_is_refused(genebody: Dataset, dan: User) -> None:
    newest = terms.in_force(genebody)
    body = publishing_terms.body_of(newest)
    with pytest.raises(NotPossible, match=r"Nothing is different from version 1\.0"):
        publishing_terms.publish(dataset=genebody, source=version(clauses=body), by=dan.actor)


def test_what_a_new_version_begins_with_reads_back_as_the_old_clauses(genebody: Dataset) -> None:
    newest = terms.in_force(genebody)
    assert version(clauses=publishing_terms.body_of(newest)).clauses == newest.clauses
