"""What the lab holds shut of an access, told to its people: since when, under which clause, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agreements.catalog.models import Subset, Terms
from agreements.grants import queries
from agreements.grants.grounds import has_clause
from agreements.grants.lifecycle.suspending import SYSTEM_CAUSES
from agreements.grants.models import Grant, Suspension, TakenSubset
from agreements.grants.terms_change.past import terms_at
from agreements.revocation.models import Procedure, ProcedureAct


@dataclass(frozen=True, slots=True)
class HeldShut:
    """All of an access, or one `subset` of it; `for_good` where that does not come back. `clause` is of `terms`."""

    since: datetime
    reason: str
    procedure: Procedure | None
    clause: dict[str, Any] | None
    terms: Terms
    subset: Subset | None = None

    @property
    def for_good(self) -> bool:
        return self.procedure is not None and self.procedure.act != ProcedureAct.SUSPEND


def held_shut(grant: Grant) -> list[HeldShut]:
    """Return what the lab holds shut now, the newest last; what the holder settles alone is told elsewhere."""
    suspended = [row for row in queries.suspensions_of(grant) if row.closed_at is None and _is_the_labs(row)]
    taken = [row for row in queries.taken_from(grant) if row.given_back_at is None]
    references = [row.procedure for row in suspended] + [row.procedure for row in taken]
    named = Procedure.objects.filter(reference__in=references)
    procedures = {procedure.reference: procedure for procedure in named}
    found = [_held(grant, row.opened_at, row.reason, procedures.get(row.procedure)) for row in suspended]
    found += [_taken(grant, row, procedures.get(row.procedure)) for row in taken]
    return sorted(found, key=lambda held: held.since)


def _is_the_labs(suspension: Suspension) -> bool:
    return bool(suspension.procedure) or suspension.cause not in SYSTEM_CAUSES


def _taken(grant: Grant, row: TakenSubset, procedure: Procedure | None) -> HeldShut:
    reason = procedure.reason if procedure else ""
    return _held(grant, row.taken_at, reason, procedure, subset=row.subset)


def _held(
    grant: Grant, since: datetime, reason: str, procedure: Procedure | None, *, subset: Subset | None = None
) -> HeldShut:
    terms = terms_at(grant, since)
    cites = procedure is not None and has_clause(terms, procedure.clause_id)
    clause = terms.clause(procedure.clause_id) if procedure is not None and cites else None
    return HeldShut(since, reason, procedure, clause, terms, subset)
