"""What publishing or withdrawing an archive would mean, counted over access that opens something now."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.catalog.models import Archive, Dataset
from agreements.core import clock
from agreements.flows import archive_impact
from agreements.grants.models import Grant
from tests.flows.opened import grant_of
from tests.flows.scene import Scene

HOUR = dt.timedelta(hours=1)


@pytest.mark.parametrize("change", ["starts_at", "ends_at", "withdrawn_at", "shut_at"])
def test_access_that_opens_nothing_is_not_counted(scene: Scene, change: str) -> None:
    grant = grant_of(scene, scene.alice)
    [subset] = grant.subsets.all()
    archive = Archive.objects.get(subset=subset)

    def counted() -> tuple[int, int, int, int]:
        publishing = archive_impact.count_for_publishing(subset=subset, name=archive.name)
        withdrawal = archive_impact.count_for_withdrawal(archive=archive)
        return publishing.grants, publishing.links, withdrawal.grants, withdrawal.links

    assert counted() == (1, 1, 1, 1)
    if change in {"withdrawn_at", "shut_at"}:
        Dataset.objects.update(**{change: clock.now()})
    else:
        Grant.objects.update(**{change: clock.now() + (HOUR if change == "starts_at" else -HOUR)})
    assert counted() == (0, 0, 0, 0)
