"""Mail to members: the invitation, their links, and that they were removed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.grants import messages, wording
from agreements.grants.links import addresses
from agreements.grants.members import invitations
from agreements.grants.models import Grant, GrantMember, Link
from agreements.mail import outbox, registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered
from agreements.people.models import User

INVITED: Final = "member-invited"
JOINED: Final = "member-joined"
REMOVED: Final = "member-removed"


def register() -> None:
    """Make the kinds known to the outbox."""
    for kind in (
        MessageKind(INVITED, _render_invited, still_true=_still_open, title=gettext_lazy("Invitation to use the data")),
        MessageKind(
            JOINED,
            _render_joined,
            still_true=messages.still_opens,
            on_sent=messages.was_sent,
            title=gettext_lazy("Your access is open"),
        ),
        MessageKind(REMOVED, _render_removed, title=gettext_lazy("Your part in the access has ended")),
    ):
        registry.register(kind)


def queue_invited(member: GrantMember, *, language: str) -> OutboxMessage:
    """Mail an invitation; its address is made when it is sent."""
    return outbox.queue(
        kind=INVITED,
        recipient=member.email,
        language=language,
        reference=member.grant.reference,
        values={"grant": member.grant.reference, "member": member.pk},
        deadline=invitations.runs_out(member),
    )


def queue_joined(grant: Grant, *, links: Iterable[Link], person: User) -> OutboxMessage:
    """Send a new member their links."""
    values = {"grant": grant.reference, "links": [link.link_id for link in links]}
    return messages.queue(JOINED, to=person, reference=grant.reference, values=values)


def queue_removed(member: GrantMember, *, person: User) -> OutboxMessage:
    """Tell a member that they were removed, and why."""
    values = {"grant": member.grant.reference, "member": member.pk}
    return messages.queue(REMOVED, to=person, reference=member.grant.reference, values=values)


def _render_invited(message: OutboxMessage) -> Rendered:
    member = _member(message)
    grant = member.grant
    why = _("You receive this because %(holder)s gave your address as that of a colleague who uses the data.")
    return messages.render(
        message,
        grant,
        _("%(holder)s invites you to use the data"),
        member=member,
        until=wording.moment(invitations.runs_out(member), zone="UTC"),
        action_url=addresses.membership(invitations.token(member)),
        action_label=_("Read what it means, and join"),
        why=why % {"holder": grant.holder_name},
    )


def _render_joined(message: OutboxMessage) -> Rendered:
    return messages.render_links(message, _("your own access under %(reference)s is open"))


def _render_removed(message: OutboxMessage) -> Rendered:
    member = _member(message)
    subject = _("your access under %(reference)s has ended")
    return messages.render(message, member.grant, subject, member=member)


def _still_open(message: OutboxMessage) -> bool:
    return invitations.is_open(_member(message))


def _member(message: OutboxMessage) -> GrantMember:
    known = GrantMember.objects.select_related("grant__dataset", "grant__terms", "grant__holder", "person")
    return known.get(pk=message.values["member"])
