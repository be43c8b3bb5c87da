"""How a steward sees procedures: which are overdue, which are under way, which are closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, When
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import Dataset
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.queries import about, not_arrived
from agreements.revocation.models import AffectedGrant, Destruction, DestructionState, Procedure
from agreements.revocation.queries import IN_FORCE, Counts, counts_of, destructions, late


class Progress(models.TextChoices):
    """How far a procedure is: a date has passed, something is awaited, or all is done."""

    OVERDUE = "overdue", _("overdue")
    OPEN = "pursued", _("under way")
    CLOSED = "closed", _("closed")


@dataclass(frozen=True, slots=True)
class Listed:
    """A procedure as the list shows it. `grants`: how many it reached, `owed`: what their people owe."""

    procedure: Procedure
    grants: int
    owed: Counts

    @property
    def progress(self) -> Progress:
        return progress_of(self.procedure, self.owed)


@dataclass(frozen=True, slots=True)
class Row:
    """One grant that a procedure reached, and what each of its people owes."""

    affected: AffectedGrant
    owed: list[Destruction] = field(default_factory=list)


def progress_of(procedure: Procedure, owed: Counts) -> Progress:
    """Return how far a procedure is. A suspension is closed once it was lifted. Agrees with `procedures`."""
    if owed.overdue:
        return Progress.OVERDUE
    return Progress.OPEN if owed.due or procedure.is_in_force else Progress.CLOSED


def procedures(dataset: Dataset, *, act: str = "", progress: str = "") -> QuerySet[Procedure]:
    """Return the procedures of a dataset, what is overdue first, then what is under way, then the newest."""
    waits = Destruction.objects.filter(affected__procedure=OuterRef("pk"), state=DestructionState.DUE)
    found = Procedure.objects.filter(dataset=dataset).alias(
        is_overdue=Exists(waits.filter(late())), is_open=Q(Exists(waits)) | IN_FORCE
    )
    if act:
        found = found.filter(act=act)
    if progress == Progress.OVERDUE:
        found = found.filter(is_overdue=True)
    elif progress == Progress.OPEN:
        found = found.filter(is_overdue=False, is_open=True)
    elif progress == Progress.CLOSED:
        found = found.filter(is_open=False)
    return found.select_related("begun_by", "dataset").order_by("-is_overdue", "-is_open", "-begun_at", "-pk")


def listed(found: Iterable[Procedure]) -> list[Listed]:
    """Return each procedure with its counts, in two queries for all."""
    wanted = list(found)
    grants = AffectedGrant.objects.filter(procedure__in=[each.pk for each in wanted]).order_by().values("procedure")
    reached = {row["procedure"]: row["n"] for row in grants.annotate(n=Count("grant", distinct=True))}
    owed = counts_of(wanted)
    return [Listed(each, reached.get(each.pk, 0), owed[each.pk]) for each in wanted]


def that_reached(grant_pk: int) -> QuerySet[AffectedGrant]:
    """Return how procedures reached a grant, the newest first."""
    found = AffectedGrant.objects.filter(grant=grant_pk)
    told = found.select_related("procedure__begun_by", "subset", "member__person", "certificate")
    return told.order_by("-procedure__begun_at", "-pk")


def reached_by(procedure: Procedure) -> QuerySet[AffectedGrant]:
    """Return what a procedure reached, by the holders' names."""
    found = AffectedGrant.objects.filter(procedure=procedure).select_related(
        "certificate", "subset", "member__person", "grant__dataset", "grant__holder", "grant__terms", "procedure"
    )
    return found.order_by("grant__holder_name", "grant__reference", "pk")


def with_what_is_owed(affected: Iterable[AffectedGrant]) -> list[Row]:
    """Return each with what its people owe, the holder first, in one query for all."""
    rows = {reached.pk: Row(reached) for reached in affected}
    for owed in destructions().filter(affected__in=list(rows)).order_by("pk"):
        row = rows[owed.affected_id]
        row.owed.insert(0 if owed.person_id == row.affected.grant.holder_id else len(row.owed), owed)
    return list(rows.values())


def notices_of(procedure: Procedure) -> QuerySet[OutboxMessage]:
    """Return the mail that told people of a procedure, of its lifting too; what was not delivered first."""
    grants = AffectedGrant.objects.filter(procedure=procedure).values("grant__reference")
    named = Q(values__revocation=procedure.reference) | Q(values__procedure=procedure.reference)
    found = about(procedure.reference) | OutboxMessage.objects.filter(named, subject_reference__in=grants)
    rank = Case(When(not_arrived(), then=0), When(state=MessageState.QUEUED, then=1), default=2)
    return found.order_by(rank, "id")
