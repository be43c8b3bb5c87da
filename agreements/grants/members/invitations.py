"""Invitations to members: their tokens, and whether one still opens. Asked about here, written in `members.py`."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext as _

from agreements.core import invited, secrets
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.grants.models import GrantMember, MemberState
from agreements.grants.running import why_not_running
from agreements.keys import master_keys
from agreements.people.models import User

LIFETIME: Final = dt.timedelta(days=14)
"""Counted from when it was mailed last."""


def runs_out(member: GrantMember) -> dt.datetime:
    """Return until when an invitation may be taken up."""
    return member.invited_at + LIFETIME


def is_waiting(member: GrantMember) -> bool:
    """Return whether an invitation was neither taken up nor withdrawn and has not run out."""
    return member.state == MemberState.INVITED and now() < runs_out(member)


def is_open(member: GrantMember) -> bool:
    """Return whether it can be taken up now: it waits, and the access is running. Needs `member.grant.dataset`."""
    return why_shut(member) is None


def why_shut(member: GrantMember) -> str | None:
    """Return in words why an invitation cannot be taken up now, or None if it can. Needs `member.grant.dataset`."""
    names = {"holder": member.grant.holder_name}
    if (why_not := why_not_running(member.grant)) is not None or is_waiting(member):
        return why_not
    if member.state == MemberState.INVITED:
        return _("This invitation has run out. Ask %(holder)s to send it again.") % names
    return _("This invitation is no longer open: it was withdrawn, or taken up before. Ask %(holder)s.") % names


def is_for(member: GrantMember, person: User) -> bool:
    """Return whether an invitation was sent to a person's mailbox, however the two addresses are spelt."""
    return comparison_key(person.email) == comparison_key(member.email)


def was_taken_up_by(member: GrantMember, person: User) -> bool:
    """Return whether a person is the member that was invited here."""
    return member.state == MemberState.JOINED and member.person_id == person.pk


def token(member: GrantMember) -> str:
    """Return what the mailed address carries. Raises core.secrets.UnknownKey. Needs `member.grant`."""
    return invited.token(member.nonce, *_about(member), label=secrets.MEMBER, key_number=member.key_number)


def find(text: str) -> GrantMember | None:
    """Return the member of a token; None unless the tag is right and its key is not known to others.

    The invitation may be used, withdrawn or over.
    """
    rows = GrantMember.objects.select_related("grant__dataset", "grant__terms", "grant__holder", "person")
    found = rows.filter(nonce=invited.nonce_of(text) or "").first()
    if found is None or found.key_number in master_keys.compromised():
        return None
    right = invited.is_token(text, *_about(found), label=secrets.MEMBER, key_number=found.key_number)
    return found if right else None


def _about(member: GrantMember) -> tuple[str, str]:
    return member.grant.reference, member.email
