"""The one write path of an application's state: lock, look in the table, check the permission, change, record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from agreements.applications.models import Application, State
from agreements.applications.permissions import Permission, Standing, check_may
from agreements.applications.states import Step, next_state
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.ledger.act import Act
from agreements.ledger.kinds import Kind

_NEEDS: Final[Mapping[Step, Permission]] = {
    Step.SUBMIT: Permission.SUBMIT,
    Step.APPROVE: Permission.DECIDE,
    Step.RETURN: Permission.DECIDE,
    Step.DECLINE: Permission.DECIDE,
    Step.WITHDRAW: Permission.WITHDRAW,
    Step.LAPSE: Permission.LAPSE,
}
_RECORDED_AS: Final[Mapping[Step, Kind]] = {
    Step.SUBMIT: Kind.APPLICATION_SUBMITTED,
    Step.APPROVE: Kind.APPLICATION_APPROVED,
    Step.RETURN: Kind.APPLICATION_RETURNED,
    Step.DECLINE: Kind.APPLICATION_DECLINED,
    Step.WITHDRAW: Kind.APPLICATION_WITHDRAWN,
    Step.LAPSE: Kind.APPLICATION_LAPSED,
}
_DECIDES: Final = frozenset({Step.APPROVE, Step.RETURN, Step.DECLINE})


def lock(application: Application) -> Application:
    """Return the application as it is now, its row locked until the act ends."""
    return Application.objects.select_for_update(of=("self",)).select_related("dataset", "terms").get(pk=application.pk)


def check_step(*, application: Application, step: Step, by: Actor) -> tuple[State, Standing]:
    """Return where the step leads, and the standing that allows it.

    Raises NotAllowed, or NotPossible saying in which state the application is.
    """
    standing = check_may(_NEEDS[step], application=application, by=by)
    target = next_state(application.state, step)
    if target is None:
        raise NotPossible(
            _("%(reference)s is %(state)s: this can no longer be done.")
            % {"reference": application.reference, "state": application.get_state_display()}
        )
    return target, standing


def may_step(*, application: Application, step: Step, by: Actor) -> bool:
    """Return whether `check_step` would pass."""
    try:
        check_step(application=application, step=step, by=by)
    except (NotAllowed, NotPossible):
        return False
    return True


def move(act: Act, *, application: Application, step: Step, by: Actor, **payload: Any) -> None:
    """Change the state of a locked application and record it with the payload of the step's ledger kind."""
    target, standing = check_step(application=application, step=step, by=by)
    application.state = target
    application.updated_at = now()
    if step is Step.SUBMIT:
        application.submitted_at = now()
    if step in _DECIDES:
        application.decided_at = now()
    application.save(update_fields=["state", "updated_at", "submitted_at", "decided_at"])
    act.record(_RECORDED_AS[step], by=by, as_role=standing, subjects=subjects(application), **payload)


def subjects(application: Application) -> dict[str, str]:
    """Return what a ledger row about this application names."""
    return {
        "application": application.reference,
        "dataset": application.dataset.slug,
        "applicant": str(application.applicant.public_id),
    }
