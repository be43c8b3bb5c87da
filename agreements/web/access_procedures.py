"""Loading procedures and bars for the staff of a dataset: the dataset was loaded for whoever asks."""

from __future__ import annotations

from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from agreements.applications.models import Submission
from agreements.bars.models import Bar
from agreements.catalog.models import Dataset
from agreements.core.addresses import normal
from agreements.grants.models import Grant, GrantMember, MemberState
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation import listing
from agreements.revocation.models import Procedure

T = TypeVar("T")


def procedure(dataset: Dataset, reference: str) -> Procedure:
    """Return a procedure of the dataset."""
    found = Procedure.objects.filter(dataset=dataset, reference=reference)
    return _found(found.select_related("dataset", "begun_by", "lifted_by").first())


def notice(procedure: Procedure, message_id: int) -> OutboxMessage:
    """Return a mail that told somebody of a procedure."""
    return _found(listing.notices_of(procedure).filter(pk=message_id).first())


def bars(dataset: Dataset) -> QuerySet[Bar]:
    """Return every bar of the dataset, the newest first."""
    return (
        Bar.objects.filter(dataset=dataset).select_related("person", "set_by", "lifted_by").order_by("-set_at", "-pk")
    )


def bar(dataset: Dataset, bar_id: int) -> Bar:
    """Return one of them."""
    return _found(bars(dataset).filter(pk=bar_id).first())


def known_person(dataset: Dataset, email: str) -> User | None:
    """Return who has this address, if they are known here: by an application handed in, a grant or a membership.

    Somebody whom only another dataset knows is not found.
    """
    handed_in = Submission.objects.filter(application__dataset=dataset, application__applicant=OuterRef("pk"))
    holds = Grant.objects.filter(dataset=dataset, holder=OuterRef("pk"))
    shares = GrantMember.objects.filter(grant__dataset=dataset, person=OuterRef("pk")).exclude(
        state__in=[MemberState.INVITED, MemberState.WITHDRAWN]
    )
    known = User.objects.filter(Q(Exists(handed_in)) | Q(Exists(holds)) | Q(Exists(shares)))
    return known.filter(email=normal(email)).first()


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
