"""A dataset's numbers over time: applications, time to decision, downloads, countries. Counted when asked for."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.applications.models import Application, State, Submission
from agreements.catalog.models import Dataset
from agreements.core.clock import today
from agreements.core.countries import country_name
from agreements.grants.models import DownloadClosed, Grant
from agreements.grants.states import NOT_ENDED

PERIODS: Final = (12, 36, 120)
"""Months that can be looked back on, this one included."""
_DECIDED: Final = (State.APPROVED, State.DECLINED)


@dataclass(frozen=True, slots=True)
class Series:
    """One row of values beside the labels of its figure; None where there is nothing to say.

    `tone` is one of the stylesheet's: accent, good, bad, quiet.
    """

    name: str
    values: tuple[float | None, ...]
    tone: str = "accent"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one chart shows and its table lists.

    `unit` says what is counted; `over_time`: the labels are months; `is_counted`: 0 means that there was none.
    """

    slug: str
    title: str
    unit: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    over_time: bool = True
    is_counted: bool = True

    @property
    def rows(self) -> list[tuple[str, tuple[float | None, ...]]]:
        """Return the table: each label with the value of each series."""
        return list(zip(self.labels, zip(*(one.values for one in self.series), strict=True), strict=True))

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was counted; a wait of 0 days is something."""
        values = [value for one in self.series for value in one.values if value is not None]
        return not any(values) and (self.is_counted or not values)


def figures(dataset: Dataset, *, months: int) -> list[Figure]:
    """Return every figure of a dataset over its last `months` months."""
    return [make(dataset, _last(months)) for make in _FIGURES.values()]


def figure(dataset: Dataset, slug: str, *, months: int) -> Figure | None:
    """Return one figure by its slug, or None."""
    make = _FIGURES.get(slug)
    return make(dataset, _last(months)) if make else None


def _applications(dataset: Dataset, months: list[dt.date]) -> Figure:
    handed_in = Submission.objects.filter(application__dataset=dataset, number=1, application__imported_at=None)
    decided = Application.objects.filter(dataset=dataset, imported_at=None)
    counts = (
        (_("handed in"), "accent", _by_month(handed_in, "submitted_at", months)),
        (_("approved"), "good", _by_month(decided.filter(state=State.APPROVED), "decided_at", months)),
        (_("declined"), "bad", _by_month(decided.filter(state=State.DECLINED), "decided_at", months)),
    )
    series = tuple(Series(name, tuple(found.get(month, 0) for month in months), tone) for name, tone, found in counts)
    return Figure("applications", _("Applications"), _("applications a month"), _names(months), series)


def _time_to_decision(dataset: Dataset, months: list[dt.date]) -> Figure:
    of_here = Application.objects.filter(dataset=dataset, imported_at=None, state__in=_DECIDED)
    decided = of_here.filter(decided_at__gte=_begin(months))
    waits: defaultdict[dt.date, list[float]] = defaultdict(list)
    for submitted, ended in decided.values_list("submitted_at", "decided_at").iterator():
        if submitted is not None and ended is not None:
            days = (ended - submitted) / dt.timedelta(days=1)
            waits[ended.astimezone(dt.UTC).date().replace(day=1)].append(days)
    found = tuple(round(median(waits[month]), 1) if month in waits else None for month in months)
    series, unit = (Series(_("median wait"), found),), _("days, by month of decision")
    return Figure("time-to-decision", _("Time to decision"), unit, _names(months), series, is_counted=False)


def _downloads(dataset: Dataset, months: list[dt.date]) -> Figure:
    closed = DownloadClosed.objects.filter(opened__archive__subset__dataset=dataset, at__gte=_begin(months))
    by_month = closed.annotate(month=TruncMonth("at", tzinfo=dt.UTC)).values("month")
    sent = by_month.annotate(sent=Sum("bytes_sent")).values_list("month", "sent")
    found = {month.date(): (total or 0) / 1024**3 for month, total in sent}
    series = (Series(_("sent"), tuple(round(found.get(month, 0), 3) for month in months)),)
    return Figure("downloads", _("Downloads"), _("GiB sent a month"), _names(months), series)


def _downloaders(dataset: Dataset, months: list[dt.date]) -> Figure:
    closed = DownloadClosed.objects.filter(opened__archive__subset__dataset=dataset, at__gte=_begin(months))
    by_month = closed.annotate(month=TruncMonth("at", tzinfo=dt.UTC)).values("month")
    people = by_month.annotate(people=Count("opened__link__seal__person", distinct=True)).values_list("month", "people")
    found = {month.date(): count for month, count in people}
    series = (Series(_("people"), tuple(found.get(month, 0) for month in months)),)
    return Figure("people", _("Who downloads"), _("different people a month"), _names(months), series)


def _countries(dataset: Dataset, _months: list[dt.date]) -> Figure:
    standing, ended = Counter[str](), Counter[str]()
    grouped = Grant.objects.filter(dataset=dataset).order_by().values_list("site__country", "state")
    for code, state, count in grouped.annotate(count=Count("pk")):
        (standing if state in NOT_ENDED else ended)[str(code or "")] += count
    codes = sorted(standing.keys() | ended.keys(), key=lambda code: (-standing[code] - ended[code], country_name(code)))
    labels = tuple(country_name(code) or _("not known") for code in codes)
    series = (
        Series(_("running"), tuple(standing[code] for code in codes)),
        Series(_("ended"), tuple(ended[code] for code in codes), "quiet"),
    )
    return Figure("countries", _("Countries"), _("access, by country of the site, of all time"), labels, series, False)


_FIGURES: Final[Mapping[str, Callable[[Dataset, list[dt.date]], Figure]]] = {
    "applications": _applications,
    "time-to-decision": _time_to_decision,
    "downloads": _downloads,
    "people": _downloaders,
    "countries": _countries,
}


def _last(count: int) -> list[dt.date]:
    """Return the first days of that many months, this one the last."""
    this = today().replace(day=1)
    numbers = range(this.year * 12 + this.month - count, this.year * 12 + this.month)
    return [dt.date(number // 12, number % 12 + 1, 1) for number in numbers]


def _begin(months: list[dt.date]) -> dt.datetime:
    return dt.datetime.combine(months[0], dt.time(), tzinfo=dt.UTC)


def _names(months: list[dt.date]) -> tuple[str, ...]:
    return tuple(date_format(month, "M Y") for month in months)


def _by_month(
    rows: QuerySet[Application] | QuerySet[Submission], field: str, months: list[dt.date]
) -> dict[dt.date, int]:
    kept = rows.order_by().filter(**{f"{field}__gte": _begin(months)})
    counted = kept.annotate(month=TruncMonth(field, tzinfo=dt.UTC)).values("month").annotate(count=Count("pk"))
    return {month.date(): count for month, count in counted.values_list("month", "count")}
