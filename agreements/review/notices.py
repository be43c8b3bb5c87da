"""Telling reviewers what waits for them: a digest each morning, reminders, and a mail for each case to who asks for it.

A submission belongs to a layer below and does not know reviewers, so nothing is queued in its transaction. A sweep
each minute looks at what waits instead: a mail for a case comes within a minute, and none is lost with a poke.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotAllowed
from agreements.core.zones import zone_of
from agreements.people.models import User
from agreements.review import notice_messages
from agreements.review.models import ReviewerNotices
from agreements.review.waiting_cases import Waiting, is_told_of_any, people_told, waiting_for

log = logging.getLogger(__name__)

HOUR: Final = 8
"""From which hour on, in the reviewer's own time zone, the mail of the day goes out."""
AGAIN_AFTER: Final = dt.timedelta(days=7)
# Whoever was not told of a case by then, since nothing ran, has it in the digest, if they have one.
STILL_NEW: Final = dt.timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a reviewer wants to be mailed; reminders come in any case."""

    digest: bool = True
    each_case: bool = False


def is_told(person: User) -> bool:
    """Return whether a person is mailed about waiting cases at all."""
    return is_told_of_any(person)


def wishes_of(person: User) -> Wishes:
    """Return what a person chose, or what holds for who chose nothing."""
    row = ReviewerNotices.objects.filter(person=person).first()
    return Wishes(row.digest, row.each_case_since is not None) if row else Wishes()


def choose(*, person: User, wishes: Wishes, by: Actor) -> None:
    """Keep what a person wants to be mailed. Raises NotAllowed for anybody else, and for who is told of nothing."""
    if by.person_pk != person.pk or not is_told(person):
        raise NotAllowed(_("Only a reviewer can change this, each for themselves."))
    with transaction.atomic():
        row = _locked(person)
        row.digest = wishes.digest
        if not wishes.each_case:
            row.each_case_since = None
        elif row.each_case_since is None:
            row.each_case_since = now()
        row.save(update_fields=["digest", "each_case_since"])


def tell_due() -> int:
    """Queue the mail that is due to each reviewer and return how many. Safe to run twice, and two at once."""
    rows = {row.person_id: row for row in ReviewerNotices.objects.all()}
    count = 0
    for person in people_told():
        try:
            count += _tell(person, rows.get(person.pk))
        except Exception:  # what goes wrong with one reviewer's mail must not keep it from the others
            log.exception("the notices of person %s", person.pk)
    return count


def _tell(person: User, row: ReviewerNotices | None) -> int:
    count = 0
    if row is not None and row.each_case_since is not None:
        count += _tell_of_new_cases(person, row.each_case_since, with_digest=row.digest)
    local = now().astimezone(zone_of(person.time_zone))
    if local.hour >= HOUR and (row is None or row.digest_on is None or row.digest_on < local.date()):
        count += _tell_of_the_day(person, local)
    return count


def _tell_of_the_day(person: User, local: dt.datetime) -> int:
    """Queue the reminder, or else the digest, if anything waits that is theirs to decide: one mail a day at most.

    The day counts as told also where there was nothing to tell, or a case that comes at noon would bring the digest.
    """
    today = local.date()
    # Before the transaction: whoever writes elsewhere does not wait for what is read here.
    theirs = [case for case in waiting_for(person) if not case.not_theirs]
    with transaction.atomic():
        row = _locked(person)
        not_yet = Q(digest_on=None) | Q(digest_on__lt=today)
        if not ReviewerNotices.objects.filter(not_yet, pk=row.pk).update(digest_on=today):
            return 0
        if _is_reminder_due(row.reminded_on, theirs, local):
            ReviewerNotices.objects.filter(pk=row.pk).update(reminded_on=today)
            notice_messages.queue_reminder(person, with_all=row.digest)
        elif theirs and row.digest:
            notice_messages.queue_digest(person)
        else:
            return 0
    return 1


def _is_reminder_due(last: dt.date | None, theirs: list[Waiting], local: dt.datetime) -> bool:
    """Return whether a case is past what was expected: a further one since the last reminder, or still after a week."""
    past = [case.past_at for case in theirs if case.is_past]
    if not past or last is None:
        return bool(past)
    then = dt.datetime.combine(last, dt.time(HOUR), tzinfo=local.tzinfo)
    return local.date() - last >= AGAIN_AFTER or max(past) > then


def _tell_of_new_cases(person: User, since: dt.datetime, *, with_digest: bool) -> int:
    """Queue a mail for each case that came in since this was asked for, and of which they were not mailed yet."""
    earliest = max(since, now() - STILL_NEW) if with_digest else since
    found = waiting_for(person, Q(submitted_at__gte=earliest))
    new = notice_messages.untold(person, [case for case in found if not case.not_theirs])
    if not new:
        return 0
    with transaction.atomic():
        # Two at once: the second waits here, and then finds the mails of the first.
        _locked(person)
        untold = notice_messages.untold(person, new)
        notice_messages.queue_cases(person, untold)
    return len(untold)


def _locked(person: User) -> ReviewerNotices:
    ReviewerNotices.objects.get_or_create(person=person)
    return ReviewerNotices.objects.select_for_update().get(person=person)
