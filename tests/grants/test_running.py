"""Whether access opens anything now: the rule for one grant and the query for many say the same."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from agreements.catalog.models import Dataset
from agreements.core import clock
from agreements.grants.models import Grant, GrantState
from agreements.grants.running import is_running, running
from tests.grants.scene import NOON, Scene

HOUR = dt.timedelta(hours=1)
STARTS = (NOON - HOUR, NOON, NOON + HOUR)
ENDS = (None, NOON - HOUR, NOON, NOON + HOUR)


@pytest.mark.parametrize("shut", [None, "withdrawn_at", "shut_at"])
def test_the_query_and_the_rule_agree_over_every_state_time_and_dataset(scene: Scene, shut: str | None) -> None:
    if shut:
        Dataset.objects.update(**{shut: NOON})
    with clock.frozen(NOON):
        opening = 0
        for state, starts, ends in itertools.product(GrantState, STARTS, ENDS):
            Grant.objects.filter(pk=scene.grant.pk).update(state=state, starts_at=starts, ends_at=ends)
            one = Grant.objects.select_related("dataset").get(pk=scene.grant.pk)
            assert running().filter(pk=one.pk).exists() == is_running(one), (state, starts, ends)
            opening += is_running(one)
    # Active, begun before or now, without an end or with a later one.
    assert opening == (0 if shut else 2 * 2)
