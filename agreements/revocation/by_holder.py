"""A procedure that a holder begins, not a steward: they move, or no longer use what they have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from agreements.catalog.models import Terms
from agreements.core.actors import Actor
from agreements.grants import lifecycle
from agreements.grants.models import Grant
from agreements.grants.permissions import Standing
from agreements.ledger.act import act as transaction
from agreements.people.models import User
from agreements.revocation import writing
from agreements.revocation.hits import Hit, Hits
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope

_CLAUSES: Final = {ProcedureAct.MOVE: ("single-site", "termination"), ProcedureAct.CLOSE: ("termination",)}
"""A move ends it under the clause that speaks of the site; that, or giving it up, under the one that speaks of ends."""


def begin(*, grant: Grant, was: str, act: ProcedureAct, reason: str, people: Iterable[User], by: Actor) -> Procedure:
    """Return the procedure that follows up an access which its holder just closed.

    `was` is the state it had before, `people` those who owe that their copies are destroyed. The caller has closed it
    in the same transaction, and checked that it is the holder who does it.
    """
    found = Hits([Hit(grant=grant, why="", people=list(people))])
    with transaction() as record:
        scope = Scope(grant.dataset, ScopeKind.GRANT, grant.reference)
        procedure = writing.create(scope, act, clause_id=clause_of(grant.terms, act), reason=reason, by=by)
        writing.write_down(procedure, found, was=was)
        about = lifecycle.subjects(grant)
        writing.record_begun(record, procedure, found, by=by, as_role=Standing.HOLDER, about=about)
    return procedure


def clause_of(terms: Terms, act: ProcedureAct) -> str:
    """Return the id of the clause under which an access ends when its holder moves, or gives it up; else the first."""
    known = [str(clause["id"]) for clause in terms.clauses]
    return next((wanted for wanted in _CLAUSES[act] if wanted in known), known[0])
