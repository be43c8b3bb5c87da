"""What ended or suspended access that somebody had: the procedures, what is owed after them, and the rows that say so.

Whom a procedure reaches as a member is not in its own rows: those name the access and its holder.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from agreements.catalog.models import Dataset
from agreements.grants.models import GrantMember
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerSubject
from agreements.ledger.queries import entries_about
from agreements.revocation.models import AffectedGrant, Destruction, Procedure

# What happens to an access happens to everybody under it; who downloaded what under it is each one's own.
_OF_ALL_UNDER_IT: Final = (
    Kind.GRANT_SUSPENDED,
    Kind.GRANT_RESUMED,
    Kind.GRANT_EXPIRED,
    Kind.GRANT_REVOKED,
    Kind.GRANT_RENEWED,
    Kind.GRANT_CLOSED,
    Kind.SUBSET_TAKEN,
    Kind.SUBSET_GIVEN_BACK,
    Kind.SUBSET_ADDED,
)
OF_A_WHOLE_PROCEDURE: Final = (Kind.PROCEDURE_BEGUN, Kind.SUSPENSION_LIFTED)


def as_members(members: QuerySet[GrantMember]) -> QuerySet[AffectedGrant]:
    """Return what reached some memberships: their own part, or all of an access while they belonged to it."""
    then = OuterRef("procedure__begun_at")
    belonged = members.filter(_standing_at(then), grant=OuterRef("grant"))
    return AffectedGrant.objects.filter(Q(member__in=members) | Q(Exists(belonged), member=None))


def owed_after(affected: QuerySet[AffectedGrant], *, by_people: Q, within: QuerySet[Dataset]) -> QuerySet[Destruction]:
    """Return the destruction of copies that is owed, or was, by some people after an end; `by_people` filters those."""
    theirs = Destruction.objects.filter(affected__procedure__dataset__in=within)
    return theirs.filter(by_people) | theirs.filter(affected__in=affected.exclude(member=None))


def rows_about_memberships(members: QuerySet[GrantMember]) -> QuerySet[LedgerSubject]:
    """Return the index's lines of rows that tell what happened to an access while somebody belonged to it."""
    belonged = members.filter(_standing_at(OuterRef("entry__at")), grant__reference=OuterRef("reference"))
    references = members.exclude(joined_at=None).values("grant__reference")
    named = LedgerSubject.objects.filter(role="grant", reference__in=references)
    return named.filter(Exists(belonged), entry__kind__in=_OF_ALL_UNDER_IT)


def rows_about_procedures(procedures: QuerySet[Procedure]) -> QuerySet[LedgerEntry]:
    """Return the rows that tell of procedures as a whole: that they began, and that they were lifted."""
    return entries_about(*procedures.values_list("reference", flat=True)).filter(kind__in=OF_A_WHOLE_PROCEDURE)


def _standing_at(moment: F) -> Q:
    """Return the condition that a membership had begun and not ended before; an end ends it at the same moment."""
    return Q(joined_at__lte=moment) & (Q(ended_at=None) | Q(ended_at__gte=moment))
