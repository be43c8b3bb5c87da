"""Replacing a master key that became known to others: everything made under it is made anew, or ends.

The first transaction marks the key and ends its links: from then on nothing made under it opens anything. The rest
goes on in small ones, in primary-key order, and can be interrupted and run again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.bars import erasing as bars
from agreements.catalog import invitations
from agreements.catalog.archives import ledger_name
from agreements.catalog.models import Role, StaffInvitation
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.secrets import key_ring
from agreements.documents.models import IssuedAgreement
from agreements.grants import rotation
from agreements.grants.shared import generations as shared
from agreements.keys import master_keys
from agreements.keys.models import MasterKey
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people import second_factors

Told = Callable[[int], object]
"""Called with the number of things done since the last call."""
SYSTEM: Final = "system"


@dataclass(frozen=True, slots=True)
class Plan:
    """What hangs on a master key, as numbers of things. The codes on printed `agreements` prove nothing any more.

    `bars` on erased people cannot be made anew, since nobody knows whom they name: the key has to stay configured.
    """

    key_number: int
    current: int
    seals: int
    links: int
    member_invitations: int
    staff_invitations: int
    second_factors: int
    generations: int
    agreements: int
    bars: int

    @property
    def steps(self) -> int:
        """Return how many things are renewed one after the other."""
        return self.seals + self.member_invitations + self.staff_invitations + self.second_factors

    @property
    def is_done(self) -> bool:
        """Return whether nothing under the key opens anything any more."""
        return not (self.steps or self.links)


def next_number() -> int:
    """Return the number that a new master key gets. Raises NotPossible if a configured key is not the one of before."""
    ring = key_ring()
    if wrong := master_keys.differing(ring):
        raise NotPossible(
            _("The key configured as number %(numbers)s is not the one that was used before. Put that one back first.")
            % {"numbers": ", ".join(map(str, wrong))}
        )
    used = MasterKey.objects.order_by("-number").values_list("number", flat=True).first() or 0
    return max(ring.current, used) + 1


def plan(number: int) -> Plan:
    """Return what hangs on a compromised key.

    Raises NotPossible unless the key is configured (old archives are still traced), and a newer one that is not
    compromised itself.
    """
    planned = outlook(number)
    if planned.current == number or planned.current in master_keys.compromised():
        raise NotPossible(
            _("There is no newer key. Add one first (manage.py rotate_master_key), restart everything, and come back.")
        )
    return planned


def outlook(number: int) -> Plan:
    """Return the same also where there is no newer key yet. Raises NotPossible unless the key is configured."""
    ring = key_ring()
    if number not in ring.numbers:
        raise NotPossible(_("Master key %(number)s is not configured here.") % {"number": number})
    next_number()
    return Plan(
        key_number=number,
        current=ring.current,
        seals=rotation.seals_to_renew(number).count(),
        links=rotation.links_to_end(number).count(),
        member_invitations=rotation.invitations_to_renew(number).count(),
        staff_invitations=_staff_invitations(number).count(),
        second_factors=second_factors.sealed_under(number),
        generations=rotation.generations_to_replace(number).count(),
        agreements=IssuedAgreement.objects.filter(key_number=number).count(),
        bars=bars.under_key(number).count(),
    )


def replace(number: int, *, by: Actor, told: Told = lambda _done: None) -> Plan:
    """Mark a key as compromised and renew or end what hangs on it; return what that was. Safe to run again.

    Raises what `plan` raises.
    """
    planned = plan(number)
    _mark(planned, by=by)
    while done := rotation.renew_some(number, by=by):
        told(done)
    for member in rotation.invitations_to_renew(number).iterator():
        rotation.renew_invitation(member)
        told(1)
    for invitation in _staff_invitations(number):
        # Replaces the open one and mails another address.
        invitations.invite(dataset=invitation.dataset, email=invitation.email, role=Role(invitation.role), by=by)
        told(1)
    told(second_factors.seal_again(number))
    for generation in rotation.generations_to_replace(number):
        # One that is under way already is asked for no second time.
        with suppress(NotPossible):
            shared.ask(archive=generation.archive, by=by)
    return planned


def shared_archives(number: int) -> list[str]:
    """Return the archives whose shared seal is still one under a key: it serves until the next generation is ready."""
    return sorted({ledger_name(generation.archive) for generation in rotation.generations_to_replace(number)})


def _mark(planned: Plan, *, by: Actor) -> None:
    with act() as record:
        first = master_keys.mark_compromised(planned.key_number)
        ended = rotation.end_links(planned.key_number)
        if first:
            record.record(
                Kind.KEY_REPLACED,
                by=by,
                as_role=SYSTEM,
                subjects={},
                key_number=planned.current,
                compromised=planned.key_number,
                seals=planned.seals,
                links=ended,
            )


def _staff_invitations(number: int) -> QuerySet[StaffInvitation]:
    open_ones = StaffInvitation.objects.filter(key_number=number, accepted_at=None, expires_at__gt=now())
    return open_ones.select_related("dataset").order_by("pk")
