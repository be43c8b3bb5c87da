"""Approve and grant: the last approval and the access it opens are one transaction."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.applications.models import Application
from agreements.bars.checks import is_barred
from agreements.catalog import holding
from agreements.core.actors import Actor
from agreements.core.errors import NotPossible
from agreements.grants import executed, issuing
from agreements.grants.models import Grant
from agreements.ledger.act import act
from agreements.review import decisions
from agreements.review.decisions import Approved, Seen
from agreements.revocation import standing


def approve(*, application: Application, seen: Seen, reason: str, by: Actor) -> tuple[Approved, Grant | None]:
    """Approve, and issue the grant if this was the last approval needed.

    It is suspended at once where a suspension in force names it. Its executed agreement is due then, and drawn later.
    Raises what `decisions.approve` raises, and NotPossible if the applicant was barred since they submitted, or nothing
    of the dataset is left to give.
    """
    with act():
        holding.hold(application.dataset_id)
        _check_not_barred(application)
        approved = decisions.approve(application=application, seen=seen, reason=reason, by=by)
        if not approved.complete:
            return approved, None
        ended = standing.ended_subsets(application.dataset)
        grant = issuing.issue(submission=approved.submission, by=by, as_role=approved.standing, without=ended)
        standing.shut(grant)
        executed.ask(grant=grant)
    return approved, grant


def _check_not_barred(application: Application) -> None:
    emails = (application.applicant.email, application.email)
    if is_barred(dataset_pk=application.dataset_id, person_pk=application.applicant_id, emails=emails):
        words = _("The applicant, or their organization, was barred. A steward has to lift the bar before you approve.")
        raise NotPossible(words)
