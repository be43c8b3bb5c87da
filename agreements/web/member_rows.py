"""Members and invitations as a table shows them: how each stands, and what may be done about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import queries as member_queries
from agreements.grants.models import Grant, GrantMember, GrantState, MemberState
from agreements.grants.running import is_running

Address = Callable[[str, int], str]
"""Gives where a verb (again, withdraw, remove) about a member is posted to, empty where it is not offered. To `refuse`
is to remove who left."""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """`state` is a badge's; `until` is set while an invitation waits; an empty address is a verb not offered."""

    member: GrantMember
    state: str
    since: datetime
    until: datetime | None
    is_elsewhere: bool
    again: str
    withdraw: str
    remove: str


def rows(grant: Grant, *, address: Address) -> list[MemberRow]:
    """Return everybody who was ever invited, those who are members or invited now first."""
    return [_row(grant, member, address) for member in member_queries.every(grant)]


def _row(grant: Grant, member: GrantMember, address: Address) -> MemberRow:
    is_invited = member.state == MemberState.INVITED
    waits = member_invitations.is_waiting(member)
    can_end = grant.state != GrantState.REVOKED
    end = {MemberState.JOINED: "remove", MemberState.LEFT: "refuse"}.get(MemberState(member.state))
    return MemberRow(
        member=member,
        state=_badge(grant, member, waits=waits),
        since=member.ended_at or member.joined_at or member.invited_at,
        until=member_invitations.runs_out(member) if waits and can_end else None,
        is_elsewhere=member_queries.is_elsewhere(grant, member.email),
        again=address("again", member.pk) if is_invited and is_running(grant) else "",
        withdraw=address("withdraw", member.pk) if is_invited else "",
        remove=address(end, member.pk) if end and can_end else "",
    )


def _badge(grant: Grant, member: GrantMember, *, waits: bool) -> str:
    """Return what a member's badge says: nobody goes on being a member, or invited, once the access was revoked."""
    if member.state == MemberState.JOINED and grant.state == GrantState.REVOKED:
        return str(GrantState.REVOKED)
    if member.state == MemberState.INVITED and (grant.state == GrantState.REVOKED or not waits):
        return "run-out"
    return str(member.state)
