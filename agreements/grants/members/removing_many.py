"""Ending the parts of many members, and invitations, in a procedure of the lab: colleagues and grants stay."""

from __future__ import annotations

from collections.abc import Sequence

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.grants import ending_messages
from agreements.grants.grounds import Grounds
from agreements.grants.lifecycle.writing import batches, subjects
from agreements.grants.models import GrantMember, Link, MemberState, Seal
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
        _end(members, MemberState.REMOVED, by=by)
        _end_seals(members)
        ending_messages.queue_part_revoked(members, grounds=grounds)
        for member in members:
            record.record(
                Kind.MEMBER_REMOVED,
                by=by,
                as_role=standing,
                subjects=_subjects(member) | {"procedure": grounds.procedure},
                reason_digest=grounds.digest,
            )


def withdraw_all(*, invitations: Sequence[GrantMember], procedure: str, by: Actor) -> None:
    """End invitations that nobody took up; their grants come from `lifecycle.lock_all`. Raises NotAllowed."""
    if not invitations:
        return
    with act() as record:
        grants = list({member.grant_id: member.grant for member in invitations}.values())
        standing = check_may_all(Permission.REMOVE_MEMBER, grants=grants, by=by)
        _end(invitations, MemberState.WITHDRAWN, by=by)
        for member in invitations:
            record.record(
                Kind.INVITATION_WITHDRAWN,
                by=by,
                as_role=standing,
                subjects=_subjects(member) | {"procedure": procedure},
                assigned_role="member",
            )


def _end(members: Sequence[GrantMember], state: MemberState, *, by: Actor) -> None:
    at = now()
    for member in members:
        member.state, member.ended_at, member.ended_by_id = state, at, by.person_pk
    written = ["state", "ended_at", "ended_by", "reason", "reason_salt"]
    GrantMember.objects.bulk_update(members, written, batch_size=100)


def _end_seals(members: Sequence[GrantMember]) -> None:
    """End the seals of members and the links that were made under them."""
    wanted = {(member.grant_id, member.person_id) for member in members}
    for some in batches(sorted({member.grant_id for member in members})):
        running = Seal.objects.filter(grant__in=some, ended_at=None).values_list("pk", "grant_id", "person_id")
        pks = [pk for pk, grant_pk, person_pk in running if (grant_pk, person_pk) in wanted]
        for mine in batches(pks):
            Link.objects.filter(seal__in=mine, ended_at=None).update(ended_at=now())
            Seal.objects.filter(pk__in=mine).update(ended_at=now())


def _subjects(member: GrantMember) -> dict[str, str]:
    return subjects(member.grant, member.person) | {"membership": f"{member.grant.reference}/{member.pk}"}
