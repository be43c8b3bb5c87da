"""Ending what members have, one or many: the membership, its seal, and the links made under that."""

from __future__ import annotations

from collections.abc import Sequence

from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.grants.lifecycle.writing import batches, subjects
from agreements.grants.models import GrantMember, Link, MemberState, Seal


def end(members: Sequence[GrantMember], state: MemberState, *, by: Actor) -> None:
    """End memberships and invitations whose grants are locked; the caller has checked who may, and records it."""
    at = now()
    for member in members:
        member.state, member.ended_at, member.ended_by_id = state, at, by.person_pk
    written = ["state", "ended_at", "ended_by", "reason", "reason_salt"]
    GrantMember.objects.bulk_update(members, written, batch_size=100)
    _end_seals([member for member in members if member.person_id is not None])


def subjects_of(member: GrantMember) -> dict[str, str]:
    """Return what a ledger row names: the membership too, since nothing else tells two invitations apart."""
    return subjects(member.grant, member.person) | {"membership": f"{member.grant.reference}/{member.pk}"}


def _end_seals(members: Sequence[GrantMember]) -> None:
    wanted = {(member.grant_id, member.person_id) for member in members}
    for some in batches(sorted({member.grant_id for member in members})):
        held = Seal.objects.filter(grant__in=some).values_list("pk", "grant_id", "person_id")
        pks = [pk for pk, grant_pk, person_pk in held if (grant_pk, person_pk) in wanted]
        for mine in batches(pks):
            Link.objects.filter(seal__in=mine, ended_at=None).update(ended_at=now())
            Seal.objects.filter(pk__in=mine, ended_at=None).update(ended_at=now())
