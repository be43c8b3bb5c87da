"""Which version of the terms is in force, and which comes after which."""

from __future__ import annotations

import datetime as dt
from itertools import product

from agreements.catalog.models import Dataset, Terms
from agreements.catalog.terms import earlier, in_force, in_force_or_none, is_later


def test_in_force_or_none(genebody: Dataset) -> None:
    assert in_force_or_none(genebody) == in_force(genebody)
    Terms.objects.filter(dataset=genebody).delete()
    assert in_force_or_none(genebody) is None


def test_the_query_for_earlier_versions_agrees_with_which_is_later(genebody: Dataset) -> None:
    first = Terms.objects.get(dataset=genebody)
    for number, days in enumerate((0, 5, 5, 2, 9, 2)):
        first.pk, first.version, first._state.adding = None, f"2.{number}", True
        first.effective_from += dt.timedelta(days=days - number)
        first.save(force_insert=True)
    known = list(Terms.objects.filter(dataset=genebody))
    assert len({each.effective_from for each in known}) < len(known), "some begin on one day"
    for one, other in product(known, known):
        assert (other in earlier(one)) == is_later(one, other)
