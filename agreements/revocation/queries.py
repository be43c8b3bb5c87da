"""What is asked about procedures and what people still owe after an end, and changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Max, Min, Q, QuerySet

from agreements.catalog.models import Dataset
from agreements.core.clock import today
from agreements.grants.models import DownloadOpened, Grant, GrantMember
from agreements.revocation.models import Destruction, DestructionState, Procedure, ProcedureAct

_ABOUT: Final = (
    "person",
    "certificate",
    "settled_by",
    "affected__certificate",
    "affected__member",
    "affected__subset",
    "affected__grant__dataset",
    "affected__grant__holder",
    "affected__grant__terms",
    "affected__grant__application",
    "affected__procedure__begun_by",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many attestations a procedure asked for, by how they stand; `due` holds the overdue ones too."""

    due: int = 0
    overdue: int = 0
    attested: int = 0
    excused: int = 0

    @property
    def asked(self) -> int:
        return self.due + self.attested + self.excused


@dataclass(frozen=True, slots=True)
class Held:
    """An archive of which a person has a copy as far as is known: downloads of it were begun between two moments."""

    name: str
    version: int
    subset: str
    times: int
    first_at: dt.datetime
    last_at: dt.datetime


IN_FORCE: Final = Q(act=ProcedureAct.SUSPEND, lifted_at=None)
"""The condition that a procedure is a suspension which was not lifted."""


def suspensions_in_force(dataset: Dataset) -> QuerySet[Procedure]:
    """Return the suspensions of a dataset that were not lifted."""
    return Procedure.objects.filter(IN_FORCE, dataset=dataset)


def destructions() -> QuerySet[Destruction]:
    """Return every destruction that anybody owed, with what a page tells of it, the earliest due first."""
    return Destruction.objects.select_related(*_ABOUT).order_by("due_on", "pk")


def is_due(destruction: Destruction) -> bool:
    """Return whether it is still awaited."""
    return destruction.state == DestructionState.DUE


def is_attested(destruction: Destruction) -> bool:
    """Return whether the person attested it themselves."""
    return destruction.state == DestructionState.ATTESTED


def is_overdue(destruction: Destruction) -> bool:
    """Return whether a destruction should have been attested before today. Agrees with `late`."""
    return is_due(destruction) and destruction.due_on < today()


def late() -> Q:
    """Return the condition that a destruction should have been attested before today."""
    return Q(state=DestructionState.DUE, due_on__lt=today())


def counts_of(procedures: Iterable[Procedure]) -> dict[int, Counts]:
    """Return the counts of each procedure by its primary key, in one query."""
    wanted = {procedure.pk: Counts() for procedure in procedures}
    owed = Destruction.objects.filter(affected__procedure__in=wanted).order_by().values("affected__procedure")
    counted = owed.annotate(**_counted()).values_list("affected__procedure", *_counted())
    return wanted | {pk: Counts(*numbers) for pk, *numbers in counted}


def counts_in(dataset: Dataset) -> Counts:
    """Return what is owed in all of a dataset, counted."""
    return Counts(**Destruction.objects.filter(affected__procedure__dataset=dataset).aggregate(**_counted()))


def _counted() -> dict[str, Count]:
    """Return how each number of `Counts` is counted, in their order."""
    return {
        "due": Count("pk", filter=Q(state=DestructionState.DUE)),
        "overdue": Count("pk", filter=late()),
        "attested": Count("pk", filter=Q(state=DestructionState.ATTESTED)),
        "excused": Count("pk", filter=Q(state=DestructionState.EXCUSED)),
    }


def owed_by(person_pk: int, grant: Grant) -> Destruction | None:
    """Return the earliest destruction that a person still owes after an end of this grant, or None."""
    return owed_to_attest(person_pk).filter(affected__grant=grant).first()


def owed_to_attest(person_pk: int) -> QuerySet[Destruction]:
    """Return all that a person still owes, the earliest due first."""
    return destructions().filter(person_id=person_pk, state=DestructionState.DUE)


def asked_of(person_pk: int) -> QuerySet[Destruction]:
    """Return all that a person ever owed."""
    return destructions().filter(person_id=person_pk)


def held(destruction: Destruction) -> list[Held]:
    """Return the archives that the person downloaded under what ended, the newest version of each name first.

    A download that an object store served, or that broke off, counts: a part is a copy too.
    """
    reached = destruction.affected
    opened = DownloadOpened.objects.filter(grant=reached.grant_id, link__seal__person_id=destruction.person_id)
    if reached.subset_id is not None:
        opened = opened.filter(archive__subset_id=reached.subset_id)
    found = (
        opened.order_by()
        .values("archive__subset__position", "archive__subset__title", "archive__name", "archive__version")
        .annotate(times=Count("pk"), first_at=Min("at"), last_at=Max("at"))
        .order_by("archive__subset__position", "archive__name", "-archive__version")
    )
    return [
        Held(
            row["archive__name"],
            row["archive__version"],
            row["archive__subset__title"],
            row["times"],
            row["first_at"],
            row["last_at"],
        )
        for row in found
    ]


def name_on_agreement(destruction: Destruction) -> str:
    """Return the name by which the agreement, or the membership, knows whoever owes; empty if it knows none."""
    grant = destruction.affected.grant
    if grant.holder_id == destruction.person_id:
        return grant.holder_name
    member = GrantMember.objects.filter(grant=grant, person_id=destruction.person_id).order_by("-invited_at").first()
    return (member.name if member else "") or destruction.person.name


def is_holders(destruction: Destruction) -> bool:
    """Return whether the holder owes it, and not a member."""
    return destruction.affected.grant.holder_id == destruction.person_id
