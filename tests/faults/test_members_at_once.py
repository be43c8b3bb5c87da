"""A member is removed, leaves or is invited in the very moment of something else: one outcome, and the chain holds."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from agreements.grants.downloads.redeeming import Ticket, redeem
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.members import invitations, membership
from agreements.grants.models import DownloadOpened, GrantMember, Link, MemberState
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World, check_told, note, revoking_it

pytestmark = pytest.mark.timeout(900)


def joined(world: World) -> GrantMember:
    """Return somebody who is a member of somebody's new access."""
    return membership.accept(token=invitations.token(invited(world)), by=_colleague(world).actor)


def invited(world: World) -> GrantMember:
    grant = world.granted()
    person = User.objects.create_user(f"bob{world.count}@connect.ust.hk", name=f"Bob {world.count}")
    return membership.invite(grant=grant, email=person.email, name=person.name, by=grant.holder.actor)


@ROUNDS
def test_nothing_is_redeemed_by_a_member_after_their_removal(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        member = joined(world)
        link = Link.objects.get(grant=member.grant, seal__person=member.person)
        fetch = partial(redeem, tokens.token(link), start=0, stop=10)
        out = partial(membership.remove, member=member, reason="Left the group.", by=member.grant.holder.actor)
        ends = at_once(fetch, out)
        assert ends[1] is None, ends
        seen["redeemed first" if isinstance(ends[0], Ticket) else "removed first"] += 1
        assert DownloadOpened.objects.filter(link=link).count() == isinstance(ends[0], Ticket)
        with pytest.raises(Refused):
            fetch()
        check_told(link, number=number)
        removed = LedgerEntry.objects.get(kind="member.removed", subjects__member=str(_person(member).public_id))
        assert not DownloadOpened.objects.filter(link=link, at__gt=removed.at).exists()
    note("member removed against download", seen, rounds=rounds, orders=2)


@ROUNDS
def test_a_member_who_leaves_while_being_removed_ends_once(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        member = joined(world)
        ends = at_once(
            partial(membership.remove, member=member, reason="Left the group.", by=member.grant.holder.actor),
            partial(membership.leave, grant=member.grant, by=_person(member).actor),
        )
        assert len(refusals(ends)) == 1, ends
        member.refresh_from_db()
        seen[member.state] += 1
        kinds = LedgerEntry.objects.filter(kind__in=["member.removed", "member.left"], subjects__grant=_grant(member))
        assert [entry.kind for entry in kinds] == [f"member.{member.state}"]
    note("member removed against leaving", seen, rounds=rounds, orders=2)


@ROUNDS
def test_who_joins_while_access_is_revoked_is_out_or_was_never_in(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        member = invited(world)
        join = partial(membership.accept, token=invitations.token(member), by=_colleague(world).actor)
        ends = at_once(join, revoking_it(member.grant, world.scene.dan))
        assert not isinstance(ends[1], Exception), ends
        member.refresh_from_db()
        seen[member.state] += 1
        assert (member.state == MemberState.JOINED) is not isinstance(ends[0], Exception)
        for link in Link.objects.filter(grant=member.grant):
            with pytest.raises(Refused):
                redeem(tokens.token(link), start=0, stop=10)
    note("joining against revocation", seen, rounds=rounds, orders=2)


def _colleague(world: World) -> User:
    return User.objects.get(email=f"bob{world.count}@connect.ust.hk")


def _person(member: GrantMember) -> User:
    assert member.person is not None
    return member.person


def _grant(member: GrantMember) -> str:
    return member.grant.reference
