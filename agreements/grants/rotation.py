"""After a master key became known to others: new seals in place of those made under it, and its links ended.

The old seal's row stays, ended, and goes on naming the archives made under it: `trace` knows both.
"""

from __future__ import annotations

import secrets as random
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from agreements.core import invited
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.secrets import key_ring
from agreements.grants import lifecycle
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import messages as member_messages
from agreements.grants.models import (
    Generation,
    GenerationState,
    Grant,
    GrantMember,
    Link,
    MemberState,
    Seal,
)
from agreements.grants.password_replaced_messages import queue_renewed
from agreements.grants.permissions import Standing
from agreements.grants.states import NOT_ENDED
from agreements.keys import master_keys
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind

CAUSE: Final = "key-compromised"
CHUNK: Final = 100
"""Seals that one transaction renews: few enough to hold their grants for a moment only."""


def seals_to_renew(number: int) -> QuerySet[Seal]:
    """Return the running seals under a master key of access that has not ended, by primary key."""
    standing = Q(grant__state__in=NOT_ENDED)
    not_over = Q(grant__ends_at=None) | Q(grant__ends_at__gt=now())
    return Seal.objects.filter(standing & not_over, key_number=number, ended_at=None).order_by("pk")


def links_to_end(number: int) -> QuerySet[Link]:
    """Return the links that have not ended and whose address or archive hangs on a master key.

    Also those whose time is over: one that was never mailed begins anew when its mail goes out.
    """
    return Link.objects.filter(Q(key_number=number) | Q(seal__key_number=number), ended_at=None)


def generations_to_replace(number: int) -> QuerySet[Generation]:
    """Return the shared seals under a master key that are handed out, or will be when they are ready."""
    gone = [GenerationState.RETIRED, GenerationState.FAILED]
    found = Generation.objects.filter(key_number=number, ended_at=None).exclude(state__in=gone)
    return found.select_related("archive__subset__dataset").order_by("pk")


def invitations_to_renew(number: int) -> QuerySet[GrantMember]:
    """Return the invitations to members under a master key that nobody took up yet, by primary key."""
    since = now() - member_invitations.LIFETIME
    found = GrantMember.objects.filter(key_number=number, state=MemberState.INVITED, invited_at__gt=since)
    return found.select_related("grant__dataset", "grant__holder").order_by("pk")


def renew_invitation(member: GrantMember) -> None:
    """Give an invitation to a member another address and mail it; one that was taken up meanwhile stays as it is."""
    with transaction.atomic():
        lifecycle.lock(member.grant)
        waiting = invitations_to_renew(member.key_number).select_for_update(of=("self",))
        if (locked := waiting.filter(pk=member.pk).first()) is None:
            return
        locked.nonce, locked.key_number = invited.new_nonce(), key_ring().current
        locked.save(update_fields=["nonce", "key_number"])
        member_messages.queue_invited(locked, language=locked.grant.holder.language)


def end_links(number: int) -> int:
    """End those links, in the caller's transaction; downloads that run through them are cut. Return how many."""
    return links_to_end(number).update(ended_at=now())


def renew_some(number: int, *, by: Actor) -> int:
    """Renew the next seals under a master key, at most `CHUNK`, in one transaction; return how many, 0 when done.

    Raises keys.master_keys.WrongKey if the key that would be used is compromised as well.
    """
    with act() as record:
        found = list(seals_to_renew(number).values_list("pk", "grant_id")[:CHUNK])
        grants = {grant.pk: grant for grant in _locked({grant_pk for _pk, grant_pk in found})}
        still = seals_to_renew(number).filter(pk__in=[pk for pk, _grant_pk in found])
        for seal in still.select_for_update(of=("self",)).select_related("person"):
            _renew(record, seal, grants[seal.grant_id], by=by)
    return len(found)


def _locked(pks: set[int]) -> QuerySet[Grant]:
    rows = Grant.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk")
    return rows.select_related("dataset", "terms", "holder", "application")


def _renew(record: Act, old: Seal, grant: Grant, *, by: Actor) -> None:
    current = key_ring().current
    master_keys.confirm(current)
    old.ended_at = now()
    old.save(update_fields=["ended_at"])
    Link.objects.filter(seal=old, ended_at=None).update(ended_at=old.ended_at)
    seal = Seal.objects.create(
        seal_id=random.token_hex(16), number=old.number + 1, key_number=current, grant=grant, person=old.person
    )
    queue_renewed(grant, seal=seal)
    record.record(
        Kind.SEAL_RENEWED,
        by=by,
        as_role=Standing.SYSTEM,
        subjects=lifecycle.subjects(grant, old.person),
        seal_number=seal.number,
        key_number=seal.key_number,
        cause=CAUSE,
    )
