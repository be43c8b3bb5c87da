"""Moving to another institution: the access ends at the old site, its copies go, and an application begins anew."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications.models import Application
from agreements.catalog.models import Terms
from agreements.catalog.terms import NoTerms, in_force
from agreements.catalog.visibility import takes_applications
from agreements.core.actors import Actor
from agreements.core.clock import today
from agreements.core.errors import Invalid, NotPossible
from agreements.core.references import REVOCATION, free_reference
from agreements.flows import applying_again, moving_messages
from agreements.grants import lifecycle
from agreements.grants.members import queries as member_queries
from agreements.grants.models import ClosedFor, Grant, GrantState
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind
from agreements.revocation import beginning
from agreements.revocation.hits import Hit, Hits
from agreements.revocation.models import Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, describe

REASON_LIMIT: Final = 2000
_CLAUSES: Final = ("single-site", "termination")
"""The clause of the terms that speaks of the site, or else the one that speaks of the end."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The procedure that ended the access, and the new draft; None where nothing can be applied for any more."""

    procedure: Procedure
    draft: Application | None


def move(*, grant: Grant, email: str, reason: str, by: Actor) -> Moved:
    """End an access because its holder moves, in one act with the draft of the application for the new place.

    The caller has taken a code that was mailed to `email`. Raises Invalid without a reason, NotAllowed for others
    than the holder, NotPossible if the access has ended for good or another application is under way.
    """
    words = reason.strip()
    if not words:
        raise Invalid(_("Say where you go: the lab reads it."), field="reason")
    if len(words) > REASON_LIMIT:
        raise Invalid(_("At most %(most)s characters.") % {"most": REASON_LIMIT}, field="reason")
    reference = free_reference(Procedure.objects.all(), prefix=grant.dataset.reference_prefix, kind=REVOCATION)
    with act() as record:
        locked = lifecycle.lock(grant)
        if (running := applying_again.running_application(locked)) is not None:
            told = _("You have application %(reference)s under way, from the old place. Withdraw it first, then move.")
            raise NotPossible(told % {"reference": running.reference})
        members = list(member_queries.joined(locked))
        people = [locked.holder, *(member.person for member in members if member.person is not None)]
        procedure = _procedure(locked, reference, words, by=by)
        # The state as it was: what follows changes it.
        beginning.note(procedure, Hits([Hit(grant=locked, why="", people=people)]))
        closed = lifecycle.close(grant=locked, cause=ClosedFor.MOVED, by=by)
        draft = applying_again.apply_from_new_place(grant=closed, email=email, by=by) if _takes_more(closed) else None
        moving_messages.queue_moved(closed, procedure, members, draft=draft.reference if draft else "")
        record.record(
            Kind.PROCEDURE_BEGUN,
            by=by,
            as_role="holder",
            subjects={"procedure": reference, **lifecycle.subjects(closed)},
            act=str(ProcedureAct.MOVE),
            scope=f"{ScopeKind.GRANT} {closed.reference}",
            grants=1,
            people=len(people),
            clause=procedure.clause_id,
            destroy_by=procedure.destroy_by.isoformat() if procedure.destroy_by else None,
            reason_digest=text_digest(words, salt=procedure.reason_salt),
        )
    return Moved(procedure, draft)


def is_over(grant: Grant) -> bool:
    """Return whether an access has ended for good, so that nothing is left to move from."""
    return grant.state == GrantState.REVOKED or bool(grant.closed_for)


def clause_of(terms: Terms) -> str:
    """Return the id of the clause under which an access ends when its holder moves."""
    known = [str(clause["id"]) for clause in terms.clauses]
    return next((wanted for wanted in _CLAUSES if wanted in known), known[0])


def _procedure(grant: Grant, reference: str, reason: str, *, by: Actor) -> Procedure:
    return Procedure.objects.create(
        reference=reference,
        dataset=grant.dataset,
        act=ProcedureAct.MOVE,
        scope=ScopeKind.GRANT,
        scope_value=grant.reference,
        scope_label=describe(Scope(grant.dataset, ScopeKind.GRANT, grant.reference))[:300],
        clause_id=clause_of(grant.terms),
        reason=reason,
        reason_salt=new_salt(),
        begun_by_id=by.pk,
        destroy_by=today() + dt.timedelta(days=grant.dataset.destroy_days),
    )


def _takes_more(grant: Grant) -> bool:
    try:
        in_force(grant.dataset)
    except NoTerms:
        return False
    return takes_applications(grant.dataset)
