"""Earlier cases as the case page lists them: how each stands, and what became of the access that it gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy

from agreements.applications.models import Application
from agreements.grants.models import Grant, GrantState
from agreements.review.history import History

# An approval whose access goes on, or came to its end in peace, is shown as approved.
_WORDS: Final = {
    GrantState.REVOKED: gettext_lazy("Access revoked"),
    GrantState.SUSPENDED: gettext_lazy("Access suspended"),
}


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """One earlier case. `state` is a state of the badges; `word` takes the place of the badge's own unless empty."""

    application: Application
    is_same_person: bool
    state: str
    word: str


def rows_of(history: History) -> list[EarlierCase]:
    """Return those of the same person, then those from the domain."""
    listed = [*history.by_person, *history.from_domain]
    access = dict(Grant.objects.filter(application__in=listed).values_list("application_id", "state"))
    same = {each.pk for each in history.by_person}
    return [_row(each, access.get(each.pk, ""), is_same_person=each.pk in same) for each in listed]


def _row(application: Application, access: str, *, is_same_person: bool) -> EarlierCase:
    word = _WORDS.get(GrantState(access)) if access else None
    if word is None:
        return EarlierCase(application, is_same_person, application.state, "")
    return EarlierCase(application, is_same_person, access, str(word))
