"""Rules of retention, and what goes or went by them, as the desk shows them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.flows.retention import Due, Rule
from agreements.ledger.kinds import Kind, label
from agreements.ledger.models import LedgerEntry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WENT: Final = 100
"""Rows of each table: more is in the record, and in `manage.py retention --dry-run`."""
_CAUSES: Final[dict[str, StrOrPromise]] = {
    Rule.FORGET: gettext_lazy("its time was over"),
    Rule.COPY: gettext_lazy("its time was over"),
    "person": gettext_lazy("a person was erased"),
}


@dataclass(frozen=True, slots=True)
class DueRow:
    """Something that goes: `address` is its page, `is_late` that its moment is over and the task has yet to come."""

    reference: str
    address: str
    what: StrOrPromise
    since: dt.datetime
    at: dt.datetime
    is_late: bool


@dataclass(frozen=True, slots=True)
class WentRow:
    """Something that went: which application's it was, and why."""

    reference: str
    what: StrOrPromise
    why: StrOrPromise
    at: dt.datetime


def rules_of(dataset: Dataset) -> list[tuple[str, str]]:
    """Return each rule as what it is about and for how long that is kept."""
    kept = _("until its person is erased")
    days, years = dataset.forget_days, dataset.copy_years
    return [
        (
            _("What was written in applications that were declined, withdrawn or lapsed"),
            ngettext("%(n)d day after that", "%(n)d days after that", days) % {"n": days} if days is not None else kept,
        ),
        (
            _("Signed copies and issued agreements"),
            ngettext("%(n)d year after the end of access", "%(n)d years after the end of access", years) % {"n": years}
            if years is not None
            else kept,
        ),
        (_("Certificates of an end, and of destruction"), kept),
        (_("The record"), _("for good; it has no names")),
    ]


def due_rows(dataset: Dataset, items: Iterable[Due]) -> list[DueRow]:
    """Return what goes, as rows."""
    return [
        DueRow(item.reference, _page_of(dataset, item), item.rule.words, item.since, item.at, item.at <= now())
        for item in items
    ]


def went_rows(entries: Iterable[LedgerEntry]) -> list[WentRow]:
    """Return what went, as rows."""
    return [
        WentRow(
            reference=entry.subjects.get("application", ""),
            what=label(Kind(entry.kind)),
            why=_CAUSES.get(str(entry.payload.get("cause")), ""),
            at=entry.at,
        )
        for entry in entries
        if entry.subjects.get("application")
    ]


def _page_of(dataset: Dataset, item: Due) -> str:
    if item.rule is Rule.COPY:
        return reverse("steward-grant", args=[dataset.slug, item.reference])
    return reverse("review-case", args=[item.reference]) if item.is_case else ""
