"""May this person apply? Told only after they submit, so that a bar cannot be probed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.bars import erasing
from agreements.bars.models import Bar
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.domains import domains_of
from agreements.core.erased import HOST
from agreements.core.errors import NotAllowed


def check_not_barred(*, dataset_pk: int, person_pk: int, emails: Iterable[str]) -> None:
    """Raise NotAllowed, in words for whoever applies, if `is_barred`."""
    if is_barred(dataset_pk=dataset_pk, person_pk=person_pk, emails=emails):
        raise NotAllowed(_("You cannot apply for this dataset at present. Write to the dataset's contact to ask why."))


def is_barred(*, dataset_pk: int, person_pk: int, emails: Iterable[str]) -> bool:
    """Return whether a running bar names the person, or the domain of one of the addresses or one above it.

    `emails` are all that are known: the one they sign in with, and the institutional one; empty ones are left out.
    """
    return any(
        on_person(dataset_pk=dataset_pk, person_pk=person_pk, email=email)
        or on_organization(dataset_pk=dataset_pk, email=email).exists()
        for email in {*filter(None, emails)}
    )


def on_person(*, dataset_pk: int, person_pk: int, email: str) -> bool:
    """Return whether a running bar names the person, or somebody with the same mailbox spelt otherwise."""
    named = running(dataset_pk=dataset_pk).filter(person__isnull=False).select_related("person")
    key = comparison_key(email)
    return any(
        bar.person_id == person_pk
        or (bar.person is not None and comparison_key(bar.person.email) == key)
        or erasing.is_of(bar, email)  # an erased person who came back
        for bar in named
    )


def running(*, dataset_pk: int) -> QuerySet[Bar]:
    """Return the bars of a dataset that were not lifted and have not run out."""
    return Bar.objects.filter(dataset_id=dataset_pk, lifted_at=None).filter(Q(until=None) | Q(until__gt=now()))


def is_running(bar: Bar) -> bool:
    """Return whether a bar holds now. Agrees with `running`."""
    return running(dataset_pk=bar.dataset_id).filter(pk=bar.pk).exists()


def on_organization(*, dataset_pk: int, email: str) -> QuerySet[Bar]:
    """Return the running bars on an address's domain or one above it."""
    bars = running(dataset_pk=dataset_pk)
    erased = [bar.pk for bar in bars.filter(domain=HOST) if erasing.is_at(bar, email)]
    return bars.filter(Q(domain__in=domains_of(email)) | Q(pk__in=erased))
