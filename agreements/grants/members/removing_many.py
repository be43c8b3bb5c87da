"""Ending the parts of many members, and invitations, in a procedure of the lab: colleagues and grants stay."""

from __future__ import annotations

from collections.abc import Sequence

from agreements.core.actors import Actor
from agreements.grants import ending_messages
from agreements.grants.grounds import Grounds
from agreements.grants.members import parts
from agreements.grants.models import GrantMember, MemberState
from agreements.grants.permissions import Permission, check_may_all
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def remove_all(*, members: Sequence[GrantMember], grounds: Grounds, by: Actor) -> None:
    """End members' parts under grants of one dataset: seals and links end, running downloads are cut, they are told.

    Their grants come from `lifecycle.lock_all`, in the running act. Raises NotAllowed, Invalid for a clause that the
    terms of one grant do not have; then nobody is removed.
    """
    if not members:
        return
    with act() as record:
        grants = list({member.grant_id: member.grant for member in members}.values())
        standing = check_may_all(Permission.REVOKE, grants=grants, by=by)
        grounds.check(grant.terms for grant in grants)
        for member in members:
            member.reason, member.reason_salt = grounds.reason, grounds.reason_salt
        parts.end(members, MemberState.REMOVED, by=by)
        ending_messages.queue_part_revoked(members, grounds=grounds)
        for member in members:
            record.record(
                Kind.MEMBER_REMOVED,
                by=by,
                as_role=standing,
                subjects=parts.subjects_of(member) | {"procedure": grounds.procedure},
                reason_digest=grounds.digest,
            )


def withdraw_all(*, invitations: Sequence[GrantMember], procedure: str, by: Actor) -> None:
    """End invitations that nobody took up; their grants come from `lifecycle.lock_all`. Raises NotAllowed."""
    if not invitations:
        return
    with act() as record:
        grants = list({member.grant_id: member.grant for member in invitations}.values())
        standing = check_may_all(Permission.REMOVE_MEMBER, grants=grants, by=by)
        parts.end(invitations, MemberState.WITHDRAWN, by=by)
        for member in invitations:
            record.record(
                Kind.INVITATION_WITHDRAWN,
                by=by,
                as_role=standing,
                subjects=parts.subjects_of(member) | {"procedure": procedure},
                assigned_role="member",
            )
