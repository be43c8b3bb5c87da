"""What a site administrator changes about a person: closed accounts and administrators, in the record."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people.models import User
from agreements.people.sessions import end_sessions


def set_open(*, user: User, is_open: bool, by: Actor) -> None:
    """Close an account, which ends its sessions, or open it again. Raises NotAllowed."""
    with act() as record:
        locked = _lock(user, by=by)
        if locked.is_active == is_open:
            return
        locked.is_active = is_open
        locked.save(update_fields=["is_active"])
        if not is_open:
            end_sessions(locked)
        kind = Kind.ACCOUNT_OPENED if is_open else Kind.ACCOUNT_CLOSED
        record.record(kind, by=by, as_role="administrator", subjects=_subjects(locked))


def set_administrator(*, user: User, is_administrator: bool, by: Actor) -> None:
    """Make a person a site administrator, or end that, which ends their sessions. Raises NotAllowed."""
    with act() as record:
        locked = _lock(user, by=by)
        if locked.is_staff == is_administrator:
            return
        locked.is_staff = locked.is_superuser = is_administrator
        locked.save(update_fields=["is_staff", "is_superuser"])
        if not is_administrator:
            end_sessions(locked)
        kind = Kind.ADMINISTRATOR_MADE if is_administrator else Kind.ADMINISTRATOR_ENDED
        record.record(kind, by=by, as_role="administrator", subjects=_subjects(locked))


def _lock(user: User, *, by: Actor) -> User:
    if not User.objects.filter(pk=by.person_pk or 0, is_active=True, is_staff=True).exists():
        raise NotAllowed(_("Only a site administrator can change this."))
    if user.pk == by.person_pk:
        raise NotAllowed(_("This is your own account: another administrator has to change it."))
    return User.objects.select_for_update().get(pk=user.pk)


def _subjects(user: User) -> dict[str, str]:
    return {"person": str(user.public_id)}
