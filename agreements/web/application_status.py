"""What the status page of an application shows."""

from __future__ import annotations

from typing import Any

from agreements.applications import browser_signatures, drafting, remarks, signing, submission, withdrawing
from agreements.applications.missing import Missing
from agreements.applications.models import Application, Decision, DecisionKind, SignedCopy, State
from agreements.applications.permissions import visible_to
from agreements.applications.states import RUNNING
from agreements.applications.waiting import days_waited, expected_wait, is_past_expected
from agreements.catalog.models import Dataset
from agreements.documents import issuing
from agreements.documents.models import Inspection, InspectionState
from agreements.flows import applying_again
from agreements.grants.models import Grant, GrantState
from agreements.grants.permissions import held_by
from agreements.ledger.queries import entries_about
from agreements.mail import dead_addresses
from agreements.people.models import User
from agreements.web import access
from agreements.web.mail_rows import rows_of
from agreements.web.mailbox_rows import own_rows
from agreements.web.stepper import next_step, steps_of, still_missing
from agreements.web.timeline import timeline_of

CURRENT_STEP = {State.SUBMITTED: "review", State.APPROVED: "access"}


def running(person: User, dataset: Dataset) -> Application | None:
    """Return the person's running application for a dataset."""
    return visible_to(person.actor).filter(dataset=dataset, state__in=RUNNING).first()


def context(application: Application) -> dict[str, Any]:
    """Return everything the status page needs."""
    copy = signing.current(application)
    missing = still_missing(application)
    wait = expected_wait(application.dataset) if application.state == State.SUBMITTED else None
    return {
        "application": application,
        "steps": steps_of(application, at=CURRENT_STEP.get(State(application.state), ""), missing=missing),
        "may_withdraw": withdrawing.may_withdraw(application=application, by=application.applicant.actor),
        "wait": wait,
        "days_waited": days_waited(application),
        "is_past_expected": wait is not None and is_past_expected(application, wait),
        "missing": missing,
        "next_step": next_step(application, missing=missing),
        "lapses_at": withdrawing.lapses_at(application) if drafting.is_open(application) else None,
        "submission": submission.newest(application),
        "agreement": issuing.newest(application.reference),
        "copy": copy,
        "inspection": inspection_of(copy),
        "signed": browser_signatures.of(copy),
        "decision": _last_words(application),
        "remarks": remarks.visible_to_applicant(application),
        "moved_from": applying_again.moved_from(application),
        "grant": Grant.objects.filter(application=application).first(),
        "timeline": timeline_of(entries_about(application.reference), viewer=application.applicant),
        "mailed": own_rows(application),
        "dead": dead_addresses.is_dead(application.applicant.email),
        "mails": rows_of(access.own_mails(application)),
    }


def standing(person: User, dataset: Dataset) -> dict[str, object]:
    """Return the running application and the open access that a person has already for a dataset."""
    opened = held_by(person.pk).filter(dataset=dataset, state=GrantState.ACTIVE).first()
    return {"application": running(person, dataset), "grant": opened}


def inspection_of(copy: SignedCopy | None) -> Inspection | None:
    """Return how far `inspect` is with a signed copy."""
    return Inspection.objects.filter(document=copy.document).first() if copy else None


def is_opened(inspection: Inspection | None) -> bool:
    """Return whether a signed copy could be opened."""
    return inspection is not None and inspection.state == InspectionState.OK


def is_refused(inspection: Inspection | None) -> bool:
    """Return whether a signed copy was opened and cannot be accepted."""
    return inspection is not None and inspection.state == InspectionState.REFUSED


def frame(application: Application, *, at: str, missing: list[Missing]) -> dict[str, Any]:
    """Return what the frame of a step's page shows: the steps with the one named `at` open, and why it was returned."""
    steps = steps_of(application, at=at, missing=missing)
    return {"application": application, "steps": steps, "returned": _last_words(application)}


def _last_words(application: Application) -> Decision | None:
    """Return the decision whose reason the applicant has to read now."""
    kind = {State.RETURNED: DecisionKind.RETURN, State.DECLINED: DecisionKind.DECLINE}.get(State(application.state))
    return Decision.objects.filter(application=application, kind=kind).order_by("-pk").first() if kind else None
