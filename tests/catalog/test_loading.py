"""Loading a dataset: again and again, but never over what people agreed to."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.catalog import terms
from agreements.catalog.loading import load_dataset
from agreements.catalog.models import Archive, Dataset, Subset, Terms
from agreements.catalog.publishing.publish import publish_archive
from agreements.catalog.source_errors import BadSource
from agreements.core import clock
from agreements.core.errors import NotAllowed
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from agreements.vault import stores
from tests.catalog.conftest import SETUP

JPEG = b"\xff\xd8\xff\xe0 not quite a picture"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def new_version(folder: Path, version: str, effective: str) -> None:
    text = (folder / "terms" / "1.0.md").read_text()
    (folder / "terms" / f"{version}.md").write_text(text.replace("effective: 2026-01-01", f"effective: {effective}"))


def kinds() -> list[str]:
    return list(LedgerEntry.objects.values_list("kind", flat=True))


def test_loading_makes_the_dataset_its_subsets_and_terms_and_records_it(genebody: Dataset) -> None:
    assert (genebody.title, genebody.reference_prefix) == ("GeneBody", "GB")
    assert genebody.copy_addresses == ["office@genebody.example"]
    assert list(Subset.objects.values_list("slug", "access")) == [
        ("test10", "open"),
        ("train40", "agreement"),
        ("extended370", "announced"),
    ]
    assert terms.in_force(genebody).version == "1.0"
    assert terms.in_force(genebody).clause("no-redistribution")["heading"] == "No redistribution"
    assert kinds() == ["terms.published", "dataset.loaded"]


def test_loading_again_changes_and_records_nothing(genebody: Dataset, folder: Path) -> None:
    report = load_dataset(folder, by=SETUP)
    assert (report.created, report.changes, report.terms_published) == (False, (), ())
    assert Terms.objects.count() == 1
    assert kinds() == ["terms.published", "dataset.loaded"]


def test_an_edited_text_is_updated_and_named_in_the_record(genebody: Dataset, folder: Path) -> None:
    edit(folder / "dataset.toml", 'tagline = "Multi', 'tagline = "Now multi')
    report = load_dataset(folder, by=SETUP)
    assert report.changes == ("tagline", "source_sha256")
    entry = LedgerEntry.objects.latest("sequence")
    assert entry.payload["changes"] == ["tagline", "source_sha256"]
    genebody.refresh_from_db()
    assert genebody.tagline.startswith("Now multi")


def test_terms_edited_after_publishing_are_refused_with_the_line(genebody: Dataset, folder: Path) -> None:
    edit(folder / "terms" / "1.0.md", "Teaching at the researcher's", "Teaching anywhere")
    edit(folder / "dataset.toml", 'title = "GeneBody"', 'title = "Another"')
    with pytest.raises(BadSource, match="people agreed to that text; it cannot change") as refused:
        load_dataset(folder, by=SETUP)
    lines = (folder / "terms" / "1.0.md").read_text().splitlines()
    assert refused.value.line is not None
    assert "Teaching anywhere" in lines[refused.value.line - 1]
    genebody.refresh_from_db()
    assert genebody.title == "GeneBody", "a refused load must change nothing at all"


def test_a_new_version_of_the_terms_is_added_and_takes_effect_on_its_day(genebody: Dataset, folder: Path) -> None:
    day = clock.today() + dt.timedelta(days=30)
    new_version(folder, "1.1", day.isoformat())
    assert load_dataset(folder, by=SETUP).terms_published == ("1.1",)
    assert terms.in_force(genebody).version == "1.0"
    assert terms.in_force(genebody, on=day).version == "1.1"
    coming = terms.coming(genebody)
    assert coming is not None
    assert coming.version == "1.1"
    assert [t.version for t in terms.published(genebody)] == ["1.1", "1.0"]


def test_a_new_version_cannot_reach_into_the_past(genebody: Dataset, folder: Path) -> None:
    new_version(folder, "1.1", "2026-02-01")
    with pytest.raises(BadSource, match="cannot take effect in the past"):
        load_dataset(folder, by=SETUP)
    assert Terms.objects.count() == 1


@pytest.mark.django_db
def test_a_dataset_none_of_whose_terms_is_in_force_is_refused(folder: Path) -> None:
    edit(folder / "terms" / "1.0.md", "effective: 2026-01-01", "effective: 2999-01-01")
    with pytest.raises(BadSource, match="no version is in force yet"):
        load_dataset(folder, by=SETUP)
    assert not Dataset.objects.exists()


def test_a_subset_with_archives_cannot_be_opened_by_an_edited_file(
    train40: Subset, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.txt").write_text("a")
    publish_archive(subset=train40, source=tmp_path / "data", by=SETUP)
    edit(folder / "dataset.toml", 'access = "agreement"', 'access = "open"')
    with pytest.raises(BadSource, match="has published archives and is by agreement; it cannot become open"):
        load_dataset(folder, by=SETUP)
    assert Archive.objects.get().subset.access == "agreement"


def test_a_released_subset_cannot_vanish_and_an_announced_one_can(genebody: Dataset, folder: Path) -> None:
    file = folder / "dataset.toml"
    text = file.read_text()
    announced = text[text.index('[[subsets]]\nslug = "extended370"') :]
    file.write_text(text.replace(announced, ""))
    assert "subset extended370" in load_dataset(folder, by=SETUP).changes
    released = text[text.index('[[subsets]]\nslug = "train40"') :]
    file.write_text(text.replace(released, ""))
    with pytest.raises(BadSource, match="subset train40 was released and is missing here"):
        load_dataset(folder, by=SETUP)


@pytest.mark.django_db
def test_the_preview_is_put_into_the_vault_and_kept_when_loaded_without(folder: Path, tmp_path: Path) -> None:
    picture = tmp_path / "some.jpg"
    picture.write_bytes(JPEG)
    report = load_dataset(folder, by=SETUP, preview=picture)
    key = report.dataset.preview
    store = stores.archives()
    assert b"".join(store.open_range(key, 0, store.size(key))) == JPEG
    again = load_dataset(folder, by=SETUP)
    assert again.dataset.preview == key
    assert again.remarks == ("There is no preview.jpg beside dataset.toml.",)


@pytest.mark.django_db
def test_a_preview_that_is_no_picture_is_refused(folder: Path) -> None:
    (folder / "preview.jpg").write_text("text")
    with pytest.raises(BadSource, match=r"preview.jpg: the picture is not a JPEG file"):
        load_dataset(folder, by=SETUP)


def test_only_a_steward_or_set_up_loads(genebody: Dataset, folder: Path, dan: User, eve: User) -> None:
    load_dataset(folder, by=dan.actor)
    with pytest.raises(NotAllowed, match="Only a steward"):
        load_dataset(folder, by=eve.actor)


@pytest.mark.django_db
def test_the_command_says_what_happened(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_dataset", str(folder))
    first = capsys.readouterr().out
    assert "GeneBody was loaded." in first
    assert "Terms 1.0 were published." in first
    call_command("load_dataset", str(folder))
    assert "GeneBody is up to date." in capsys.readouterr().out
    edit(folder / "dataset.toml", 'slug = "train40"\n', "")
    with pytest.raises(CommandError, match=r"dataset.toml, line \d+: \[\[subsets\]\] \(2\) has no slug"):
        call_command("load_dataset", str(folder))


def test_what_references_begin_with_belongs_to_one_dataset_for_good(genebody: Dataset, folder: Path) -> None:
    edit(folder / "dataset.toml", 'reference_prefix = "GB"', 'reference_prefix = "GX"')
    with pytest.raises(BadSource, match="cannot become GX"):
        load_dataset(folder, by=SETUP)
    edit(folder / "dataset.toml", 'reference_prefix = "GX"', 'reference_prefix = "GB"')
    edit(folder / "dataset.toml", 'slug = "genebody"', 'slug = "other"')
    with pytest.raises(BadSource, match="belongs to the dataset genebody"):
        load_dataset(folder, by=SETUP)
