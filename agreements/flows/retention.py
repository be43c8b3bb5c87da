"""Forgetting what need not be kept, by each dataset's own times: `forget_days` and `copy_years` of its dataset.toml.

An item is erased in a transaction of its own: its row is marked, then its files are deleted, and whatever was killed
in between is taken up by the next run.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from agreements.applications import erasing as application_erasing
from agreements.applications.models import Application
from agreements.applications.transition import subjects as application_subjects
from agreements.catalog.models import Dataset
from agreements.core import actors
from agreements.core.clock import now
from agreements.core.erased import named
from agreements.core.sweep import BUDGET
from agreements.documents import erasing as papers
from agreements.documents.models import StoredDocument
from agreements.flows import erasure
from agreements.flows.mailbox import forgetting as mailbox_forgetting
from agreements.flows.mailbox import raw
from agreements.grants import erasing as grant_erasing
from agreements.grants import executed, lifecycle
from agreements.grants.models import Grant
from agreements.grants.states import NOT_ENDED
from agreements.ledger.act import act
from agreements.ledger.erased import rows_holding
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_of_datasets
from agreements.mail import forgetting
from agreements.review import erasing as review_erasing
from agreements.revocation import erasing as procedure_erasing
from agreements.vault.protocol import OutOfReach

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

log = logging.getLogger(__name__)
T = TypeVar("T")

RETENTION: Final = actors.job("retention")
AHEAD: Final = dt.timedelta(days=30)
"""So far ahead the desk shows what would go."""


class Rule(StrEnum):
    """The key of dataset.toml that sets the time; `cause` in the record."""

    FORGET = "forget_days"
    COPY = "copy_years"

    @property
    def words(self) -> StrOrPromise:
        return _WORDS[self]


_WORDS: Final = {
    Rule.FORGET: _("what was written in an application that led to no access"),
    Rule.COPY: _(
        "the signed copies, the agreements as issued and as executed, and the consents to new terms of access that has "
        "ended"
    ),
}


@dataclass(frozen=True, slots=True)
class Due:
    """Something that goes `at` a moment, because of a `rule`, counted from `since`.

    `is_case`: it was submitted once, so that staff may read it; a draft never was anybody's but its writer's.
    """

    reference: str
    rule: Rule
    since: dt.datetime
    at: dt.datetime
    is_case: bool = True


@dataclass(frozen=True, slots=True)
class Done:
    """How many applications and papers were erased, and how many papers' files were deleted."""

    applications: int
    papers: int
    files: int


def due(dataset: Dataset, *, within: dt.timedelta = dt.timedelta(0)) -> list[Due]:
    """Return what goes now, or within a time from now, the earliest first. Changes nothing."""
    moment = now() + within
    found = [_of_application(dataset, each) for each in _applications(dataset, moment)]
    found += [_of_grant(dataset, each) for each in _grants(dataset, moment)]
    return sorted(found, key=lambda item: (item.at, item.reference))


def erased_of(dataset: Dataset) -> QuerySet[LedgerEntry]:
    """Return the rows of the record that tell what of a dataset was erased, the newest first."""
    kinds = [Kind.APPLICATION_ERASED, Kind.SIGNED_COPY_ERASED]
    return entries_of_datasets([dataset.slug]).filter(kind__in=kinds)


def run(datasets: Iterable[Dataset] | None = None, *, budget: float = BUDGET) -> Done:
    """Erase what is due, for `budget` seconds at most; the rest is for the next run. Safe to run twice or to kill."""
    stop = time.monotonic() + budget
    applications = copies = 0
    for dataset in Dataset.objects.order_by("pk") if datasets is None else datasets:
        for application in _until(stop, _applications(dataset, now())):
            applications += _forget(application)
        for grant in _until(stop, _grants(dataset, now())):
            copies += _erase_copies(grant)
    erasure.erase_what_came_late(RETENTION)
    mailbox_forgetting.forget_due(budget=max(stop - time.monotonic(), 1.0))
    return Done(applications, copies, _remove_files(max(stop - time.monotonic(), 1.0)))


def _forget(application: Application) -> bool:
    """Erase one application, unless it changed in this moment."""
    with act() as record:
        (locked,) = application_erasing.lock_all([application])
        if not _is_due(locked) or Grant.objects.filter(application=locked).exists():
            return False
        who = named([locked.email, locked.applicant.email], ())
        gone = application_erasing.erase(locked)
        forgetting.forget_about(locked.reference, who=who)
        review_erasing.forget_in_lists(locked.reference)
        digests = gone.digests | mailbox_forgetting.erase_about(locked.reference)
        record.record(
            Kind.APPLICATION_ERASED,
            by=RETENTION,
            as_role="system",
            subjects=application_subjects(locked),
            cause=str(Rule.FORGET),
            rows=rows_holding(digests, about=[locked.reference]),
        )
    return True


def _erase_copies(grant: Grant) -> int:
    """Erase the papers of one grant, unless it was renewed in this moment or its copies must still be destroyed."""
    with act() as record:
        locked = lifecycle.lock(grant)
        if not _is_over(locked, now()):
            return 0
        gone = papers.mark(_papers(locked))
        application_erasing.erase_signatures(locked.application)
        # What brought a signed copy holds it, too.
        mailbox_forgetting.erase_about(locked.application.reference)
        for document in gone:
            record.record(
                Kind.SIGNED_COPY_ERASED,
                by=RETENTION,
                as_role="system",
                subjects=lifecycle.subjects(locked),
                cause=str(Rule.COPY),
                sha256=document.sha256,
            )
    return len(gone)


def _applications(dataset: Dataset, moment: dt.datetime) -> list[Application]:
    if dataset.forget_days is None:
        return []
    forgettable = application_erasing.forgettable(dataset, until=moment - dt.timedelta(days=dataset.forget_days))
    with_grant = Grant.objects.filter(dataset=dataset).values("application")
    return list(forgettable.exclude(pk__in=with_grant).select_related("dataset"))


def _grants(dataset: Dataset, moment: dt.datetime) -> list[Grant]:
    """Return the grants whose papers go: a query by a day too many, then exactly."""
    if dataset.copy_years is None:
        return []
    until = moment - dt.timedelta(days=365 * dataset.copy_years)
    return [
        grant
        for grant in grant_erasing.ended(dataset, until=until)
        if _is_over(grant, moment) and any(each.erased_at is None for each in _papers(grant))
    ]


def _is_due(application: Application) -> bool:
    days = application.dataset.forget_days
    if days is None:
        return False
    until = now() - dt.timedelta(days=days)
    return application_erasing.forgettable(application.dataset, until=until).filter(pk=application.pk).exists()


def _is_over(grant: Grant, moment: dt.datetime) -> bool:
    years = grant.dataset.copy_years
    if years is None or grant.ended_at is None or grant.state in NOT_ENDED:
        return False
    return years_after(grant.ended_at, years) <= moment and not procedure_erasing.awaited_under(grant.pk)


def _papers(grant: Grant) -> list[StoredDocument]:
    application = grant.application
    agreements = [*papers.agreements_of(application.reference), *executed.documents_of(application.reference)]
    return [*application_erasing.signed_copies(application), *agreements, *grant_erasing.consents_of(grant)]


def _of_application(dataset: Dataset, application: Application) -> Due:
    since = application.updated_at  # every step sets it, a decision too
    assert dataset.forget_days is not None
    end = since + dt.timedelta(days=dataset.forget_days)
    return Due(application.reference, Rule.FORGET, since, end, is_case=application.submitted_at is not None)


def _of_grant(dataset: Dataset, grant: Grant) -> Due:
    assert dataset.copy_years is not None
    assert grant.ended_at is not None
    return Due(grant.reference, Rule.COPY, grant.ended_at, years_after(grant.ended_at, dataset.copy_years))


def years_after(moment: dt.datetime, years: int) -> dt.datetime:
    """Return the same day so many years later; for 29 February in a year without one, 1 March."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, month=3, day=1)


def _until(stop: float, items: Iterable[T]) -> Iterator[T]:
    for item in items:
        if time.monotonic() >= stop:
            return
        yield item


def _remove_files(budget: float) -> int:
    try:
        mailbox_forgetting.remove_files()
        mailbox_forgetting.remove_bytes_in_time(budget=budget)
        return papers.remove_files(budget=budget)
    except OutOfReach as failure:
        log.error("files of erased papers are still there: %s", failure)
        return 0


def remove_lost() -> int:
    """Delete papers and bytes of mail that nothing refers to: what was cut off while it was stored. Return how many."""
    try:
        removed = papers.remove_lost()
    except OutOfReach as failure:
        log.error("papers that nothing refers to were not looked for: %s", failure)
        removed = 0
    return removed + raw.remove_lost()
