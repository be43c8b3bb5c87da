"""The applicant's steps: which are done, which is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agreements.applications.drafting import is_open
from agreements.applications.missing import AGREEMENT, DETAILS, SIGNATURE, SITE, Missing, what_is_missing
from agreements.applications.models import Application, State

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SUBMIT: Final = "submit"
ORDER: Final = (DETAILS, SITE, AGREEMENT, SIGNATURE, SUBMIT)

_LABELS: Final[dict[str, StrOrPromise]] = {
    "address": _("Address"),
    DETAILS: _("Details"),
    SITE: _("Site and use"),
    AGREEMENT: _("Agreement"),
    SIGNATURE: _("Signature"),
    SUBMIT: _("Submit"),
    "review": _("Review"),
    "access": _("Access"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """As the stepper part wants it; `state` is done, current, problem or todo."""

    label: StrOrPromise
    state: str
    url: str = ""


def still_missing(application: Application) -> list[Missing]:
    """Return what must still be given while the application is open, for the functions below; costs queries."""
    return what_is_missing(application) if is_open(application) else []


def steps_of(application: Application, *, at: str, missing: list[Missing]) -> list[Step]:
    """Return the steps with the one named `at` open. The address was proven by signing in."""
    open_steps = _open_steps(application, missing)
    steps = [Step(_LABELS["address"], "done")]
    for name in ORDER:
        state = "current" if name == at else "todo" if name in open_steps else "done"
        url = address_of(application, name) if is_open(application) else ""
        steps.append(Step(_LABELS[name], state, url))
    return [*steps, *_after_submission(application)]


def next_step(application: Application, *, missing: list[Missing], after: str | None = None) -> str:
    """Return the address of the first open step (behind `after`, if given)."""
    if not is_open(application):
        return reverse("application", args=[application.reference])
    later = ORDER[ORDER.index(after) + 1 :] if after else ORDER
    open_steps = _open_steps(application, missing)
    return address_of(application, next((name for name in later if name in open_steps), SUBMIT))


def address_of(application: Application, step: str) -> str:
    """Return the address of one step's page."""
    return reverse(f"application-{step}", args=[application.reference])


def _open_steps(application: Application, missing: list[Missing]) -> set[str]:
    if not is_open(application):
        return set()
    steps = {item.step for item in missing}
    # Papers come after the words that are printed in them.
    if steps & {DETAILS, SITE}:
        steps |= {AGREEMENT, SIGNATURE}
    if AGREEMENT in steps:
        steps.add(SIGNATURE)
    return steps | {SUBMIT}


def _after_submission(application: Application) -> list[Step]:
    review = {State.SUBMITTED: "current", State.APPROVED: "done", State.DECLINED: "problem"}
    access = "current" if application.state == State.APPROVED else "todo"
    return [
        Step(_LABELS["review"], review.get(State(application.state), "todo")),
        Step(_LABELS["access"], access),
    ]
