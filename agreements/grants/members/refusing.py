"""Whom the lab no longer wants to use a dataset: an access that it ended does not go on under a colleague's."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from agreements.core.addresses import same_mailbox_pattern
from agreements.core.errors import NotPossible
from agreements.grants import lifecycle
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState, Suspension
from agreements.people.models import User

_REMOVED: Final = Q(state=MemberState.REMOVED, ended_by__isnull=False)
_BY_THE_LAB: Final = ~Q(ended_by=F("grant__holder")) & (Q(person=None) | ~Q(ended_by=F("person")))


def check_wanted(grant: Grant, *, email: str) -> None:
    """Raise NotPossible, in words for the holder, if the lab ended the access of this mailbox's owner."""
    if is_refused(dataset_pk=grant.dataset_id, email=email):
        words = _("The lab ended this person's access to %(dataset)s; they may apply themselves.")
        raise NotPossible(words % {"dataset": grant.dataset.title})
    withdrawn = GrantMember.objects.filter(_BY_THE_LAB, _of(email), grant=grant, state=MemberState.WITHDRAWN)
    if withdrawn.exists():
        words = _("The lab withdrew the invitation of %(email)s. Write to the dataset's contact about it.")
        raise NotPossible(words % {"email": email})


def is_refused(*, dataset_pk: int, email: str, person_pk: int | None = None) -> bool:
    """Return whether the lab ended somebody's access to a dataset and has granted them none of their own since.

    It ends the access of a holder and of all members by revoking, and a member's by removing them. Who ended only
    with a holder to whom the lab has granted access anew is wanted again too.
    """
    own = Grant.objects.filter(_holder(email, person_pk), dataset_id=dataset_pk)
    ends = [*own.filter(state=GrantState.REVOKED).values_list("ended_at", flat=True)]
    shared = GrantMember.objects.filter(_of(email, person_pk), grant__dataset_id=dataset_pk)
    # Whoever was a member when it was revoked: what is written about them afterwards changes nothing.
    to_the_end = Q(ended_at=None) | Q(ended_at__gte=F("grant__ended_at"))
    taken_back = Grant.objects.filter(
        dataset_id=dataset_pk,
        holder=OuterRef("grant__holder"),
        state=GrantState.ACTIVE,
        starts_at__gt=OuterRef("grant__ended_at"),
    )
    with_all = shared.filter(to_the_end, ~Exists(taken_back), grant__state=GrantState.REVOKED, joined_at__isnull=False)
    ends += with_all.values_list("grant__ended_at", flat=True)
    ends += shared.filter(_REMOVED, _BY_THE_LAB).values_list("ended_at", flat=True)
    known: list[dt.datetime] = [end for end in ends if end is not None]
    return bool(known) and not own.filter(state=GrantState.ACTIVE, starts_at__gt=max(known)).exists()


def is_held_shut(*, dataset_pk: int, person_pk: int) -> bool:
    """Return whether the lab suspends somebody's own access to a dataset now: it does not go on under a colleague's."""
    theirs = Suspension.objects.filter(grant__holder_id=person_pk, grant__dataset_id=dataset_pk, closed_at=None)
    return theirs.exclude(cause__in=lifecycle.SYSTEM_CAUSES).exists()


def _of(email: str, person_pk: int | None = None) -> Q:
    same = same_mailbox_pattern(email)
    people = _people(email, person_pk)
    return Q(email__regex=same) | Q(person__in=people)


def _holder(email: str, person_pk: int | None) -> Q:
    return Q(holder__in=_people(email, person_pk)) | Q(application__email__regex=same_mailbox_pattern(email))


def _people(email: str, person_pk: int | None) -> list[int]:
    """Return who has this mailbox now, and the person in question."""
    found = User.objects.filter(email__regex=same_mailbox_pattern(email)).values_list("pk", flat=True)
    return [*found, *([person_pk] if person_pk is not None else [])]
