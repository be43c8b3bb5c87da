"""Inviting people to a role. The address in the mail is derived, so a stolen database opens no role."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role, RoleAssignment, StaffInvitation
from agreements.catalog.permissions import Permission, check_may, may
from agreements.core import invited, secrets
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.keys import master_keys
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.mail import outbox
from agreements.people.models import User, normal_address

KIND: Final = "staff-invitation"
LIFETIME: Final = dt.timedelta(days=14)


def invite(*, dataset: Dataset, email: str, role: Role, by: Actor, language: str = "en") -> StaffInvitation:
    """Invite an address to a role and queue the mail; an open invitation to the same is replaced.

    Raises NotAllowed; Invalid for an address; NotPossible if its owner holds the role already.
    """
    standing = check_may(Permission.CHANGE_ROLES, dataset=dataset, by=by)
    address = normal_address(email)
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(_("This is not an e-mail address."), field="email") from None
    with act() as record:
        if roles.holders(dataset, {role}).filter(user__email=address).exists():
            raise NotPossible(_("%(email)s already has this role.") % {"email": address})
        waiting(dataset).filter(email=address, role=role).update(expires_at=now())
        invitation = StaffInvitation.objects.create(
            dataset=dataset,
            email=address,
            role=role,
            nonce=invited.new_nonce(),
            key_number=secrets.key_ring().current,
            invited_by_id=by.person_pk,
            expires_at=now() + LIFETIME,
        )
        outbox.queue(
            kind=KIND,
            recipient=address,
            language=language,
            reference="",
            values={"invitation": invitation.pk},
            deadline=invitation.expires_at,
        )
        about = {"dataset": dataset.slug}
        record.record(Kind.STAFF_INVITED, by=by, as_role=standing, subjects=about, assigned_role=str(role))
        return invitation


def waiting(dataset: Dataset) -> QuerySet[StaffInvitation]:
    """Return the invitations that were neither accepted nor have run out, newest first."""
    found = StaffInvitation.objects.filter(dataset=dataset, accepted_at=None, expires_at__gt=now())
    return found.order_by("-created_at")


def withdraw(*, invitation: StaffInvitation, by: Actor) -> None:
    """End an invitation before anybody took it up; one that is over is no error. Raises NotAllowed."""
    standing = check_may(Permission.CHANGE_ROLES, dataset=invitation.dataset, by=by)
    with act() as record:
        if waiting(invitation.dataset).filter(pk=invitation.pk).update(expires_at=now()):
            about = {"dataset": invitation.dataset.slug}
            role = str(invitation.role)
            record.record(Kind.INVITATION_WITHDRAWN, by=by, as_role=standing, subjects=about, assigned_role=role)


def token(invitation: StaffInvitation) -> str:
    """Return what the mailed address carries."""
    return invited.token(
        invitation.nonce, *_about(invitation), label=secrets.INVITATION, key_number=invitation.key_number
    )


def find(token: str) -> StaffInvitation | None:
    """Return the invitation of a token; None unless the tag is right and its key is not known to others.

    The invitation may have been used or have run out.
    """
    nonce = invited.nonce_of(token)
    found = StaffInvitation.objects.filter(nonce=nonce or "").select_related("dataset", "invited_by").first()
    if found is None or found.key_number in master_keys.compromised():
        return None
    right = invited.is_token(token, *_about(found), label=secrets.INVITATION, key_number=found.key_number)
    return found if right else None


def is_for(invitation: StaffInvitation, person: User) -> bool:
    """Return whether an invitation was sent to a person's mailbox, however the two addresses are spelt."""
    return comparison_key(person.email) == comparison_key(invitation.email)


def accept(*, token: str, by: Actor) -> RoleAssignment:
    """Give the role to the signed-in person whose address was invited.

    Raises NotPossible for an address that is wrong, used or has run out, and NotAllowed for somebody else's.
    """
    with act():
        found = find(token)
        if found is None:
            raise NotPossible(_("This invitation does not exist. Was its address copied whole?"))
        invitation = StaffInvitation.objects.select_for_update().get(pk=found.pk)
        user = User.objects.filter(pk=by.person_pk or 0, is_active=True).first()
        if user is None or not is_for(invitation, user):
            raise NotAllowed(_("This invitation is for another address. Sign in with the address it was sent to."))
        if invitation.accepted_at is not None:
            raise NotPossible(_("This invitation was already accepted."))
        if not invitation.is_open(now()):
            raise NotPossible(_("This invitation has run out. Ask for a new one."))
        inviter = invitation.invited_by
        if inviter is not None and not may(Permission.CHANGE_ROLES, dataset=invitation.dataset, by=inviter.actor):
            raise NotPossible(_("Who invited you no longer looks after this dataset. Ask for a new invitation."))
        invitation.accepted_at = now()
        invitation.save(update_fields=["accepted_at"])
        return roles.assign(
            user=user,
            dataset=invitation.dataset,
            role=Role(invitation.role),
            by=by,
            as_role="invited",
            given_by_pk=invitation.invited_by_id,
        )


def _about(invitation: StaffInvitation) -> tuple[str, str, str]:
    return invitation.dataset.slug, invitation.email, str(invitation.role)
