"""A dataset's numbers: each figure against what was really done, at known moments."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from agreements.applications.models import State
from agreements.catalog.models import Archive, Dataset
from agreements.core import clock
from agreements.flows import numbers
from agreements.flows.numbers import Figure
from agreements.grants.models import DownloadClosed, DownloadEnd, DownloadOpened, Grant, Link
from agreements.revocation.revoking import revoke
from tests.applications.cases import put
from tests.flows.scene import Scene

MARCH = dt.datetime(2026, 3, 30, 12, tzinfo=dt.UTC)
JUNE = dt.datetime(2026, 6, 2, tzinfo=dt.UTC)


def of(dataset: Dataset, slug: str, *, months: int = 12) -> Figure:
    found = numbers.figure(dataset, slug, months=months)
    assert found is not None
    return found


def by_label(figure: Figure, series: int = 0) -> dict[str, float | None]:
    return {label: values[series] for label, values in figure.rows if values[series]}


def test_the_months_end_with_this_one_and_cross_the_year(scene: Scene) -> None:
    with clock.frozen(dt.datetime(2026, 2, 28, 23, 59, tzinfo=dt.UTC)):
        labels = of(scene.dataset, "applications").labels
    assert (labels[0], labels[-1], len(labels)) == ("Mar 2025", "Feb 2026", 12)


def test_applications_count_in_the_month_of_what_happened(scene: Scene) -> None:
    with clock.frozen(MARCH):
        put(scene, State.APPROVED)
    with clock.frozen(JUNE):
        figure = of(scene.dataset, "applications")
    assert [by_label(figure, series) for series in range(3)] == [{"Mar 2026": 1}, {"Mar 2026": 1}, {}]


def test_the_wait_is_counted_from_handing_in_to_the_decision_in_days(scene: Scene) -> None:
    with clock.frozen(MARCH):
        application = put(scene, State.APPROVED)
    type(application).objects.update(submitted_at=MARCH - dt.timedelta(hours=60))
    with clock.frozen(JUNE):
        assert by_label(of(scene.dataset, "time-to-decision")) == {"Mar 2026": 2.5}


def test_downloads_are_summed_by_what_was_sent_and_people_counted_once(scene: Scene) -> None:
    with clock.frozen(MARCH):
        put(scene, State.APPROVED)
        link = Link.objects.select_related("archive", "grant").get()
        for _time in range(3):
            _download(link, sent=2 * 1024**3)
    with clock.frozen(JUNE):
        assert by_label(of(scene.dataset, "downloads")) == {"Mar 2026": 6.0}
        assert by_label(of(scene.dataset, "people")) == {"Mar 2026": 1}


def test_countries_tell_running_from_ended_access(scene: Scene) -> None:
    put(scene, State.APPROVED)
    assert by_label(of(scene.dataset, "countries")) == {"Hong Kong": 1}
    revoke(grant=Grant.objects.get(), clause_id="termination", reason="Over.", by=scene.dan.actor)
    figure = of(scene.dataset, "countries")
    assert (by_label(figure), by_label(figure, 1)) == ({}, {"Hong Kong": 1})


def test_another_datasets_numbers_are_not_counted(scene: Scene) -> None:
    put(scene, State.APPROVED)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    assert [figure.slug for figure in numbers.figures(other, months=12) if not figure.is_empty] == []


@pytest.mark.parametrize("months", numbers.PERIODS)
def test_every_period_has_its_months(scene: Scene, months: int) -> None:
    assert len(of(scene.dataset, "downloads", months=months).labels) == months


def _download(link: Link, *, sent: int) -> None:
    archive: Archive = link.archive
    opened = DownloadOpened.objects.create(
        process=uuid.uuid4(), grant=link.grant, link=link, archive=archive, range_start=0, range_stop=sent
    )
    DownloadClosed.objects.create(opened=opened, bytes_sent=sent, seconds=1.0, how=DownloadEnd.DONE)
