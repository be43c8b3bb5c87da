"""Whose access the lab ended: it does not come back by a table of earlier recipients."""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset
from agreements.core.addresses import comparison_key
from agreements.core.errors import NotPossible
from agreements.grants.members.refusing import is_refused
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState
from agreements.people.models import User
from agreements.revocation.models import AffectedGrant, ProcedureAct

Ended = dict[str, list[str]]
"""By mailbox: the references of the procedures that ended something of its owner, none where it was no procedure."""


def of(dataset: Dataset) -> Ended:
    """Return every mailbox whose access may be refused, in five queries for a table of any length."""
    found: Ended = {}
    rows = AffectedGrant.objects.filter(procedure__dataset=dataset, procedure__act=ProcedureAct.REVOKE, subset=None)
    own, part = ("grant__holder__email", "grant__application__email"), ("member__email", "member__person__email")
    for fields, some in ((own, rows.filter(member=None)), (part, rows.filter(member__isnull=False))):
        for reference, *emails in some.order_by("pk").values_list("procedure__reference", *fields):
            _note(found, emails, reference)
    members = GrantMember.objects.filter(Q(state=MemberState.REMOVED) | Q(grant__state=GrantState.REVOKED))
    for emails in members.filter(grant__dataset=dataset).values_list("email", "person__email"):
        _note(found, emails)
    held = Grant.objects.filter(dataset=dataset, state=GrantState.REVOKED)
    for emails in held.values_list("holder__email", "application__email"):
        _note(found, emails)
    return found


def check_not_ended(ended: Ended, *, dataset: Dataset, email: str, user: User | None) -> None:
    """Raise NotPossible, naming the procedures, if the lab ended this mailbox's access and gave none since."""
    keys = {comparison_key(each) for each in (email, user.email if user else "") if each}
    # The question takes several queries: it is asked only about those of whom something ended.
    if not keys & ended.keys():
        return
    if is_refused(dataset_pk=dataset.pk, email=email, person_pk=user.pk if user else None):
        by = ", ".join(dict.fromkeys(reference for key in sorted(keys & ended.keys()) for reference in ended[key]))
        named = {"email": email, "by": by}
        words = (
            _("the lab ended the access of %(email)s (%(by)s).") if by else _("the lab ended the access of %(email)s.")
        )
        raise NotPossible(words % named)


def _note(found: Ended, emails: tuple[str | None, ...] | list[str], reference: str = "") -> None:
    for email in filter(None, emails):
        found.setdefault(comparison_key(email), []).extend([reference] if reference else [])
