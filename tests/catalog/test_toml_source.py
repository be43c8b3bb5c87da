"""`dataset.toml`: what ships is right, and what is wrong is named with its line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from agreements.catalog.models import Access
from agreements.catalog.source_errors import BadSource
from agreements.catalog.toml_source import read_dataset


def edited(folder: Path, old: str, new: str) -> Path:
    file = folder / "dataset.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return file


def line_of(file: Path, text: str) -> int:
    return next(n for n, line in enumerate(file.read_text().splitlines(), 1) if line.startswith(text))


def test_genebody_is_what_its_page_promises(folder: Path) -> None:
    source = read_dataset(folder / "dataset.toml")
    assert source.slug == "genebody"
    assert [(s["value"], s["label"]) for s in source.fields["statistics"]] == [
        ("2.95M", "frames"),
        ("100", "subjects"),
        ("370", "sequences"),
        ("48", "cameras"),
    ]
    assert source.fields["mail_subject"] == "GeneBody Agreement"
    assert [(s.slug, s.access) for s in source.subsets] == [
        ("test10", Access.OPEN),
        ("train40", Access.AGREEMENT),
        ("extended370", Access.ANNOUNCED),
    ]
    assert source.subsets[2].announced_for == dt.date(2027, 6, 30)


def test_a_missing_key_is_named_with_the_line_of_its_table(folder: Path) -> None:
    file = edited(folder, 'title = "Train40"\n', "")
    with pytest.raises(BadSource) as refused:
        read_dataset(file)
    second_subset = line_of(file, 'slug = "train40"') - 1
    assert str(refused.value) == (
        f"dataset.toml, line {second_subset}: [[subsets]] (2) has no title (a text in quotes)."
    )


def test_a_missing_key_of_the_file_itself_is_named(folder: Path) -> None:
    file = edited(folder, 'slug = "genebody"\n', "")
    with pytest.raises(BadSource, match=r"dataset.toml, line 1: the file has no slug \(a text in quotes\)."):
        read_dataset(file)


def test_a_missing_table_is_named(folder: Path) -> None:
    file = edited(folder, "[contact]", "[contacts]")
    with pytest.raises(BadSource, match=r"the file has no contact \(a table\)."):
        read_dataset(file)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("max_members = 10", 'max_members = "10"', "max_members must be a whole number."),
        ("max_members = 10", "max_members = true", "max_members must be a whole number."),
        ("max_members = 10", "max_members = -1", "max_members must be from 0 to 100."),
        ("destroy_days = 14", "destroy_days = 0", "destroy_days must be from 1 to 365."),
        ("address_days = 365", "address_days = -1", "address_days must be from 0 to 36500."),
        ("address_days = 365", "address_days = false", "address_days must be a whole number."),
        ("forget_days = 180", "forget_days = 0", "forget_days must be from 1 to 36500."),
        ("copy_years = 10", "copy_years = 1000", "copy_years must be from 1 to 100."),
        ("copy_years = 10", "copy_year = 10", "copy_year is not known in [rules]. Is it copy_years?"),
        ('access = "open"', 'access = "free"', "access must be one of open, agreement, announced."),
        ("announced_for = 2027-06-30", 'announced_for = "soon"', "announced_for must be a date such as 2027-06-30."),
        ('slug = "test10"', 'slug = "Test 10"', "slug must look like train40."),
        ('slug = "test10"', 'slug = "train40"', "two subsets are called train40."),
        ('copy = ["office', 'copy = [7, "office', "copy must be a list of e-mail addresses."),
        ('address = "agreements@', 'address = "agreements at ', "'agreements at genebody.example' is not an e-mail"),
        ("draft_days = 90", "draft_dyas = 90", "draft_dyas is not known in [rules]. Is it draft_days?"),
        ('title = "Test10"', 'title = "  "', "title is empty."),
        ('file = "preview.jpg"', 'file = "../preview.jpg"', "the picture must lie beside dataset.toml."),
    ],
)
def test_a_wrong_value_is_named_with_its_line(folder: Path, old: str, new: str, problem: str) -> None:
    file = edited(folder, old, new)
    with pytest.raises(BadSource) as refused:
        read_dataset(file)
    assert problem in str(refused.value)
    lines = [n for n, line in enumerate(file.read_text().splitlines(), 1) if line.startswith(new)]
    assert refused.value.line == lines[0]


def test_broken_syntax_is_named_with_its_line(folder: Path) -> None:
    file = edited(folder, "[rules]", "[rules")
    with pytest.raises(BadSource) as refused:
        read_dataset(file)
    assert refused.value.line == line_of(file, "[rules")


def test_a_key_that_looks_like_one_inside_a_long_text_does_not_mislead(folder: Path) -> None:
    file = edited(folder, "GeneBody is a large", "max_members = 3\n[[subsets]]\nGeneBody is a large")
    edited(folder, "max_members = 10", "max_members = 1000")
    with pytest.raises(BadSource) as refused:
        read_dataset(file)
    assert refused.value.line == line_of(file, "max_members = 1000")


def test_a_folder_without_the_file_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"dataset.toml: there is no such file in"):
        read_dataset(tmp_path / "dataset.toml")


def test_what_is_kept_and_proven_again_has_its_days(folder: Path) -> None:
    fields = read_dataset(folder / "dataset.toml").fields
    assert (fields["destroy_days"], fields["address_days"]) == (14, 365)
    assert (fields["forget_days"], fields["copy_years"]) == (180, 10)


def test_without_a_word_everything_is_kept_and_addresses_are_proven_each_year(folder: Path) -> None:
    kept = "destroy_days = 14\naddress_days = 365\nforget_days = 180\ncopy_years = 10\n"
    fields = read_dataset(edited(folder, kept, "")).fields
    assert (fields["destroy_days"], fields["address_days"]) == (14, 365)
    assert (fields["forget_days"], fields["copy_years"]) == (None, None)


def test_no_address_is_proven_again_where_the_days_are_none(folder: Path) -> None:
    assert read_dataset(edited(folder, "address_days = 365", "address_days = 0")).fields["address_days"] is None
