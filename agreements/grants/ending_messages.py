"""Mail about access that was ended or suspended, whole or in part: to the holder and to each member, many at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Subset, Terms
from agreements.grants import messages
from agreements.grants.grounds import Grounds, has_clause
from agreements.grants.links import addresses
from agreements.grants.members.queries import joined_under
from agreements.grants.models import Grant, GrantMember, GrantState, Suspension, TakenSubset
from agreements.grants.running import is_running
from agreements.grants.terms_change.past import terms_at
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.outbox import Draft
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered

REVOKED: Final = "grant-revoked"
REVOKED_TO_MEMBER: Final = "member-revoked"
PART_REVOKED: Final = "member-part-revoked"
SUSPENDED: Final = "grant-suspended"
RESUMED: Final = "grant-resumed"
SUBSET_ENDED: Final = "subset-ended"
SUBSET_RETURNED: Final = "subset-returned"


def register() -> None:
    """Make the kinds known to the outbox."""
    revoked, ended = gettext_lazy("Your access was revoked"), gettext_lazy("Your access to a subset has ended")
    for kind in (
        MessageKind(REVOKED, _render_revoked, title=revoked),
        MessageKind(REVOKED_TO_MEMBER, _render_revoked, title=revoked),
        MessageKind(PART_REVOKED, _render_revoked, title=revoked),
        MessageKind(
            SUSPENDED, _render_suspended, still_true=_is_suspended, title=gettext_lazy("Your access was suspended")
        ),
        MessageKind(
            RESUMED, _render_resumed, still_true=_is_not_revoked, title=gettext_lazy("A suspension was lifted")
        ),
        MessageKind(SUBSET_ENDED, _render_subset_ended, still_true=_is_taken, title=ended),
        MessageKind(
            SUBSET_RETURNED, _render_returned, still_true=_is_covered, title=gettext_lazy("A subset was given back")
        ),
    ):
        registry.register(kind)


def queue_revoked(grants: Sequence[Grant], *, grounds: Grounds) -> None:
    """Give notice: what ended, under which clause, what must be deleted by when, how to answer."""
    _queue(REVOKED, grants, _told(grounds), to_members=REVOKED_TO_MEMBER)


def queue_part_revoked(members: Sequence[GrantMember], *, grounds: Grounds) -> None:
    """Give the same notice to members whose part alone was ended. Needs `grant` and `person` of each."""
    outbox.queue_many(_to_member(PART_REVOKED, member, _told(grounds)) for member in members)


def queue_suspended(grants: Sequence[Grant], *, grounds: Grounds) -> None:
    """Tell why nothing can be downloaded until further notice."""
    _queue(SUSPENDED, grants, _told(grounds))


def queue_resumed(grants: Sequence[Grant], *, procedure: str) -> None:
    """Tell that a procedure's suspension was lifted."""
    _queue(RESUMED, grants, {"procedure": procedure})


def queue_subset_ended(grants: Sequence[Grant], *, subset: Subset, grounds: Grounds) -> None:
    """Tell that a subset is no longer part of access that goes on for others; for good, if copies have to go."""
    _queue(SUBSET_ENDED, grants, _told(grounds) | {"subset": subset.pk})


def queue_subset_returned(grants: Sequence[Grant], *, subset: Subset) -> None:
    """Tell that a subset is part of access again, and that new links to it have to be made."""
    _queue(SUBSET_RETURNED, grants, {"subset": subset.pk})


def _told(grounds: Grounds) -> dict[str, Any]:
    return {
        "clause": grounds.clause_id,
        "reason": grounds.reason,
        "procedure": grounds.procedure,
        "destroy_by": grounds.destroy_by.isoformat() if grounds.destroy_by else "",
    }


def _queue(kind: str, grants: Sequence[Grant], values: dict[str, Any], *, to_members: str = "") -> None:
    """Queue a mail to the holder of each grant, and to each of its members."""
    members: dict[int, list[GrantMember]] = {}
    for member in joined_under(grants):
        members.setdefault(member.grant_id, []).append(member)
    drafts = []
    for grant in grants:
        drafts.append(
            Draft(kind, grant.holder.email, grant.holder.language, grant.reference, values | {"grant": grant.reference})
        )
        drafts += [_to_member(to_members or kind, member, values) for member in members.get(grant.pk, ())]
    outbox.queue_many(drafts)


def _to_member(kind: str, member: GrantMember, values: dict[str, Any]) -> Draft:
    assert member.person is not None, "who joined is a person"
    reference = member.grant.reference
    named = values | {"grant": reference, "member": member.display_name}
    return Draft(kind, member.person.email, member.person.language, reference, named)


def _render_revoked(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    return _render(
        message,
        grant,
        _("your access %(reference)s has ended"),
        action_url=addresses.destruction_page(grant.reference),
        action_label=_("Say that your copies are destroyed"),
    )


def _render_suspended(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    is_over = grant.state == GrantState.EXPIRED
    closed, over = _("your access %(reference)s is suspended"), _("your access %(reference)s cannot be renewed for now")
    return _render(message, grant, over if is_over else closed, is_over=is_over)


def _render_resumed(message: OutboxMessage) -> Rendered:
    grant = messages.grant_of(message)
    is_open = is_running(grant)
    subject = _("your access %(reference)s is open again") if is_open else _("a suspension of %(reference)s was lifted")
    return _render(message, grant, subject, is_open=is_open, action_label=_("Your access"))


def _render_subset_ended(message: OutboxMessage) -> Rendered:
    grant, subset = messages.grant_of(message), _subset(message)
    subject = _("%(subset)s is no longer part of your access %(reference)s")
    is_for_good = bool(message.values["destroy_by"])
    action = {
        "action_url": addresses.destruction_page(grant.reference),
        "action_label": _("Say that your copies are destroyed"),
    }
    return _render(message, grant, _filled(subject, subset), subset=subset, **(action if is_for_good else {}))


def _render_returned(message: OutboxMessage) -> Rendered:
    grant, subset = messages.grant_of(message), _subset(message)
    subject = _("%(subset)s is part of your access %(reference)s again")
    return _render(message, grant, _filled(subject, subset), subset=subset, action_label=_("Make new links"))


def _render(message: OutboxMessage, grant: Grant, subject: str, **context: Any) -> Rendered:
    values = message.values
    due = values.get("destroy_by", "")
    # Sent again, it tells of the terms of then, whatever the holder agreed to since.
    terms = terms_at(grant, _first(message).created_at)
    known = {
        "name": values.get("member") or grant.holder_name,
        "is_member": "member" in values,
        "terms": terms,
        "clause": _clause(terms, values.get("clause", "")),
        "reason": values.get("reason", ""),
        # Rows of earlier versions name it otherwise.
        "procedure": values.get("procedure") or values.get("revocation", ""),
        "destroy_by": date_format(dt.date.fromisoformat(due), "j F Y") if due else "",
        "keeps": ", ".join(grant.subsets.order_by("position").values_list("title", flat=True)),
        "action_url": addresses.grant_page(grant.reference) if "action_label" in context else "",
    }
    return messages.render(message, grant, subject, **(known | context))


def _clause(terms: Terms, clause_id: str) -> dict[str, Any] | None:
    # A procedure may be older than the terms of the access, and cite a clause that they do not have.
    return terms.clause(clause_id) if has_clause(terms, clause_id) else None


def _first(message: OutboxMessage) -> OutboxMessage:
    while message.resend_of is not None:
        message = message.resend_of
    return message


def _filled(subject: str, subset: Subset) -> str:
    # A title may hold a percent sign, and the rest is filled in later.
    return subject.replace("%(subset)s", subset.title.replace("%", "%%"))


def _subset(message: OutboxMessage) -> Subset:
    return Subset.objects.get(pk=message.values["subset"])


def _is_suspended(message: OutboxMessage) -> bool:
    procedure = message.values["procedure"]
    open_ones = Suspension.objects.filter(grant__reference=message.values["grant"], closed_at=None)
    return _is_not_revoked(message) and open_ones.filter(procedure=procedure).exists()


def _is_not_revoked(message: OutboxMessage) -> bool:
    return messages.grant_of(message).state != GrantState.REVOKED


def _is_taken(message: OutboxMessage) -> bool:
    """A procedure that took over says so in a mail of its own; what was given back is not announced as taken."""
    mine = TakenSubset.objects.filter(grant__reference=message.values["grant"], procedure=message.values["procedure"])
    return _is_not_revoked(message) and mine.filter(subset=message.values["subset"], given_back_at=None).exists()


def _is_covered(message: OutboxMessage) -> bool:
    grant = messages.grant_of(message)
    return grant.state != GrantState.REVOKED and grant.subsets.filter(pk=message.values["subset"]).exists()
