"""The list of those who want to be told when an announced subset opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreements.catalog import interest
from agreements.catalog.loading import load_dataset
from agreements.catalog.models import Dataset, Interest, Opening, Subset
from agreements.catalog.source_errors import BadSource
from agreements.core.errors import NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.catalog.conftest import SETUP

pytestmark = pytest.mark.django_db
ANNOUNCED = 'access = "announced"\n# The lab\'s to set: the day it is announced for.\nannounced_for = 2027-06-30\n'


@pytest.fixture
def coming(genebody: Dataset) -> Subset:
    return Subset.objects.get(dataset=genebody, slug="extended370")


def edit(folder: Path, old: str, new: str) -> None:
    file = folder / "dataset.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def last() -> LedgerEntry:
    return LedgerEntry.objects.latest("sequence")


def test_whoever_asks_is_on_the_list_once_and_it_is_recorded(coming: Subset, eve: User) -> None:
    interest.note(subset=coming, by=eve.actor)
    interest.note(subset=coming, by=eve.actor)
    assert [row.person for row in interest.waiting(coming)] == [eve]
    assert interest.noted_by(eve.pk, coming.dataset) == {coming.pk}
    assert LedgerEntry.objects.filter(kind="interest.noted").count() == 1
    assert last().subjects == {"dataset": "genebody", "person": str(eve.public_id)}


def test_it_can_be_taken_back_and_asked_again(coming: Subset, eve: User) -> None:
    interest.note(subset=coming, by=eve.actor)
    interest.take_back(subset=coming, by=eve.actor)
    assert not interest.waiting(coming).exists()
    assert (last().kind, last().payload["cause"]) == ("interest.ended", "taken-back")
    with pytest.raises(NotPossible, match="You are not on the list of Extended370"):
        interest.take_back(subset=coming, by=eve.actor)
    interest.note(subset=coming, by=eve.actor)
    assert Interest.objects.count() == 2


def test_nobody_waits_for_what_is_given_already(coming: Subset, eve: User) -> None:
    with pytest.raises(NotPossible, match="Train40 is not waited for any more"):
        interest.note(subset=Subset.objects.get(slug="train40"), by=eve.actor)
    with pytest.raises(NotPossible, match="You are not on the list"):
        interest.take_back(subset=coming, by=eve.actor)


def test_an_announced_subset_that_is_loaded_with_another_access_has_opened(
    coming: Subset, folder: Path, eve: User
) -> None:
    interest.note(subset=coming, by=eve.actor)
    edit(folder, ANNOUNCED, 'access = "agreement"\n')
    load_dataset(folder, by=SETUP)
    assert Opening.objects.get().subset == coming
    kinds = list(LedgerEntry.objects.order_by("-sequence").values_list("kind", flat=True)[:2])
    assert kinds == ["dataset.loaded", "subset.opened"]
    load_dataset(folder, by=SETUP)
    assert Opening.objects.count() == 1


def test_what_was_opened_is_not_announced_again(coming: Subset, folder: Path) -> None:
    edit(folder, ANNOUNCED, 'access = "agreement"\n')
    load_dataset(folder, by=SETUP)
    edit(folder, 'access = "agreement"\n', 'access = "x"\n')  # the first is Train40's
    edit(folder, 'access = "agreement"\n', ANNOUNCED)
    edit(folder, 'access = "x"\n', 'access = "agreement"\n')
    with pytest.raises(BadSource, match="was opened and people were told; it cannot be announced again"):
        load_dataset(folder, by=SETUP)


def test_an_announced_subset_that_is_taken_out_takes_its_list_with_it(
    coming: Subset, folder: Path, eve: User, carol: User
) -> None:
    interest.note(subset=coming, by=eve.actor)
    interest.note(subset=coming, by=carol.actor)
    interest.take_back(subset=coming, by=carol.actor)
    file = folder / "dataset.toml"
    text = file.read_text()
    file.write_text(text[: text.index('[[subsets]]\nslug = "extended370"')])
    load_dataset(folder, by=SETUP)
    assert not Interest.objects.exists()
    causes = [entry.payload["cause"] for entry in LedgerEntry.objects.filter(kind="interest.ended")]
    assert sorted(causes) == ["taken-back", "taken-out"]
