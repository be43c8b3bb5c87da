"""Mail about the people of a dataset: the invitation to a role. Its address is made when it is sent."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog import invitations
from agreements.catalog.models import Role, StaffInvitation
from agreements.core.clock import now
from agreements.mail import registry
from agreements.mail.models import OutboxMessage
from agreements.mail.registry import MessageKind
from agreements.mail.rendering import Rendered, from_templates


def register() -> None:
    """Make the kind known to the outbox."""
    registry.register(
        MessageKind(invitations.KIND, _render, still_true=_still_open, title=gettext_lazy("Invitation to a role"))
    )


def address(invitation: StaffInvitation) -> str:
    """Return where an invitation is accepted."""
    return f"{settings.SITE_URL}/invitations/{invitations.token(invitation)}/"


def _render(message: OutboxMessage) -> Rendered:
    invitation = _invitation(message)
    role = Role(invitation.role)
    context = {
        "dataset_title": invitation.dataset.title,
        "dataset": invitation.dataset,
        "role": role.label,
        "invited_by": invitation.invited_by.display_name if invitation.invited_by else "",
        "email": invitation.email,
        "expires_at": invitation.expires_at,
        "action_url": address(invitation),
        "action_label": _("Accept the invitation"),
        "why": _("You receive this mail because somebody who looks after this dataset entered your address."),
    }
    return from_templates(
        invitations.KIND,
        context,
        _("invitation to be its %(role)s") % {"role": role.label},
        reply_to=invitation.dataset.contact_address,
    )


def _still_open(message: OutboxMessage) -> bool:
    return _invitation(message).is_open(now())


def _invitation(message: OutboxMessage) -> StaffInvitation:
    return StaffInvitation.objects.select_related("dataset", "invited_by").get(pk=message.values["invitation"])
