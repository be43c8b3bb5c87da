"""What the status page of an application shows."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from agreements.applications import remarks, signing, submission, withdrawing
from agreements.applications.missing import what_is_missing
from agreements.applications.models import Application, Decision, DecisionKind, State
from agreements.applications.permissions import visible_to
from agreements.applications.states import EDITABLE, RUNNING
from agreements.catalog.models import Dataset
from agreements.documents import issuing
from agreements.documents.models import Inspection
from agreements.grants.models import Grant
from agreements.ledger.queries import entries_about
from agreements.mail import outbox
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.web.stepper import next_step, steps_of
from agreements.web.timeline import timeline_of

CURRENT_STEP = {State.SUBMITTED: "review", State.APPROVED: "access"}


def running(person: User, dataset: Dataset) -> Application | None:
    """Return the person's running application for a dataset."""
    return visible_to(person.actor).filter(dataset=dataset, state__in=RUNNING).first()


def context(application: Application) -> dict[str, Any]:
    """Return everything the status page needs."""
    copy = signing.current(application)
    return {
        "application": application,
        "steps": steps_of(application, at=CURRENT_STEP.get(State(application.state), "")),
        "editable": application.state in EDITABLE,
        "may_withdraw": application.state in RUNNING,
        "missing": what_is_missing(application) if application.state in EDITABLE else [],
        "next_step": next_step(application),
        "lapses_at": withdrawing.lapses_at(application) if application.state in EDITABLE else None,
        "submission": submission.newest(application),
        "agreement": issuing.newest(application.reference),
        "copy": copy,
        "inspection": Inspection.objects.filter(document=copy.document).first() if copy else None,
        "decision": _last_words(application),
        "remarks": remarks.visible_to_applicant(application),
        "grant": Grant.objects.filter(application=application).first(),
        "timeline": timeline_of(entries_about(application.reference), viewer=application.applicant),
        "mails": mails(application),
    }


def mails(application: Application) -> QuerySet[OutboxMessage]:
    """Return the mails about an application and its access that went to its applicant's address, newest first."""
    grants = Grant.objects.filter(application=application).values_list("reference", flat=True)
    return outbox.about(application.reference, *grants).filter(recipient=application.email).order_by("-pk")


def _last_words(application: Application) -> Decision | None:
    """Return the decision whose reason the applicant has to read now."""
    kind = {State.RETURNED: DecisionKind.RETURN, State.DECLINED: DecisionKind.DECLINE}.get(State(application.state))
    return Decision.objects.filter(application=application, kind=kind).order_by("-pk").first() if kind else None
