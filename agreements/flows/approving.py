"""Approve and grant: the last approval and the access it opens are one transaction."""

from __future__ import annotations

from agreements.applications.models import Application
from agreements.core.actors import Actor
from agreements.grants import issuing
from agreements.grants.models import Grant
from agreements.ledger.act import act
from agreements.review import decisions
from agreements.review.decisions import Approved, Seen


def approve(*, application: Application, seen: Seen, reason: str, by: Actor) -> tuple[Approved, Grant | None]:
    """Approve, and issue the grant if this was the last approval needed. Raises what `decisions.approve` raises."""
    with act():
        approved = decisions.approve(application=application, seen=seen, reason=reason, by=by)
        if not approved.complete:
            return approved, None
        grant = issuing.issue(submission=approved.submission, by=by, as_role=approved.standing)
    return approved, grant
