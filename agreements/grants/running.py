"""Whether a grant opens anything at this moment: asked by the password page, by links and before a mail goes out."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.grants.models import Grant, GrantState


def check_running(grant: Grant) -> None:
    """Raise NotPossible, saying why, unless a grant opens anything at this moment."""
    if (why := why_not_running(grant)) is not None:
        raise NotPossible(why)


def is_running(grant: Grant) -> bool:
    """Return whether `check_running` would pass."""
    return why_not_running(grant) is None


def running() -> QuerySet[Grant]:
    """Return the grants, of every dataset, that open something at this moment: `is_running` as a query."""
    at = now()
    unended = Q(ends_at=None) | Q(ends_at__gt=at)
    is_offered = Q(dataset__withdrawn_at=None, dataset__shut_at=None)
    return Grant.objects.filter(unended, is_offered, state=GrantState.ACTIVE, starts_at__lte=at)


def why_not_running(grant: Grant) -> str | None:
    """Return in words why a grant opens nothing now, or None if it does. Needs `grant.dataset`."""
    names = {"reference": grant.reference, "state": grant.get_state_display(), "dataset": grant.dataset.title}
    if grant.state != GrantState.ACTIVE:
        return _("Access %(reference)s is %(state)s.") % names
    if grant.starts_at > now():
        return _("Access %(reference)s has not begun.") % names
    if grant.ends_at is not None and grant.ends_at <= now():
        return _("Access %(reference)s is over.") % names
    if grant.dataset.withdrawn_at is not None:
        return _("%(dataset)s was withdrawn.") % names
    if grant.dataset.shut_at is not None:
        return shut_words(grant.dataset.title)
    return None


def shut_words(dataset: str) -> str:
    """Return why nothing of a dataset can be had after a restore, for whoever has access to it."""
    return (
        _("Downloads and passwords of %(dataset)s are shut: the portal was restored from a backup.")
        % {"dataset": dataset}
        + " "
        + _("They open again when its steward has looked at what the backup lacks.")
    )
