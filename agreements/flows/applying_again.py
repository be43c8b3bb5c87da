"""A new application from what is known of the holder of an access: after a move, or under newer terms."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.applications import drafting, submission
from agreements.applications.form import FIELDS
from agreements.applications.models import Application
from agreements.applications.states import RUNNING
from agreements.core.actors import Actor
from agreements.core.errors import Invalid, NotAllowed
from agreements.grants.ends import due
from agreements.grants.members import queries as member_queries
from agreements.grants.models import ClosedFor, Grant, GrantMember
from agreements.ledger.act import act

OF_THE_PERSON: Final = frozenset({"name", "position", "intended_use"})
"""What stays true of somebody who moves; the rest of the form is about the place."""


def apply_again(*, grant: Grant, by: Actor) -> Application:
    """Return a draft under the terms in force with all that is known, or the application that runs already.

    Raises NotAllowed for others than the holder, NotPossible where there is nothing to apply for.
    """
    if by.person_pk != grant.holder_id:
        raise NotAllowed(_("Only the holder of this access can apply again."))
    if (running := running_application(grant)) is not None:
        return running
    with act():
        draft = drafting.start(dataset=grant.dataset, email=due.address_of(grant), by=by)
        _fill(draft, _known(grant, frozenset(FIELDS)), by=by)
        members = [(_called(row), row.email) for row in member_queries.joined(grant)]
        drafting.set_members(application=draft, members=members[: grant.dataset.max_members], by=by)
    return draft


def apply_from_new_place(*, grant: Grant, email: str, by: Actor) -> Application:
    """Return a draft with what is known of the person and nothing of the old place; inside the act of a move.

    `email` was proven. Raises NotPossible where there is nothing to apply for.
    """
    draft = drafting.start(dataset=grant.dataset, email=email, by=by)
    return _fill(draft, _known(grant, OF_THE_PERSON), by=by)


def running_application(grant: Grant) -> Application | None:
    """Return the application for the same dataset that the holder has under way."""
    running = Application.objects.filter(dataset_id=grant.dataset_id, applicant_id=grant.holder_id, state__in=RUNNING)
    return running.first()


def moved_from(application: Application) -> Grant | None:
    """Return the access that ended with the move for which this application was begun, or None if it was not."""
    earlier = Grant.objects.filter(
        dataset_id=application.dataset_id, holder_id=application.applicant_id, starts_at__lte=application.created_at
    )
    last = earlier.exclude(application=application).order_by("-starts_at", "-pk").first()
    return last if last is not None and last.closed_for == ClosedFor.MOVED else None


def _known(grant: Grant, wanted: frozenset[str]) -> dict[str, str]:
    """Return the fields as they were handed in last, or as an access that was brought in has them."""
    last = submission.newest(grant.application)
    known = last.form if last else {field: getattr(grant.application, field) for field in FIELDS}
    return {field: str(known.get(field, "")) for field in FIELDS if field in wanted}


def _fill(draft: Application, fields: dict[str, str], *, by: Actor) -> Application:
    return drafting.save(application=draft, fields={k: v for k, v in fields.items() if _fits(k, v)}, by=by)


def _called(row: GrantMember) -> str:
    """Return a colleague's name if the form takes it: they may have written it themselves, elsewhere."""
    try:
        drafting.check_member(row.display_name, row.email)
    except Invalid:
        return row.email
    return row.display_name


def _fits(field: str, value: str) -> bool:
    """Return whether the form takes a value; what an import brought in may be older than its rules."""
    try:
        drafting.check_field(value, field=field)
    except Invalid:
        return False
    return True
