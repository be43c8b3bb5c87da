"""Whether the master keys that are configured are the ones that this database's passwords were made under.

A wrong key under a right number would silently make other passwords, and links that open nothing; a process that
still runs with only a compromised key would go on making things under it.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.errors import DomainError
from agreements.core.secrets import KeyRing, UnknownKey, key_ring
from agreements.keys.models import MasterKey


class WrongKey(DomainError):
    """A master key is not the one that was used before, or may no longer be used."""


def confirm(number: int) -> None:
    """Check a key before something is made under it or shown; note it when it is used for the first time.

    Raises WrongKey if another key was used under this number before, or if the key is marked as compromised;
    core.secrets.UnknownKey if it is not configured.
    """
    known = _noted(number)
    if known.compromised_at is not None:
        raise WrongKey(
            _("Master key %(number)s was replaced, and this is not finished yet. Try again in a few minutes.")
            % {"number": number}
        )


def confirm_same(number: int) -> None:
    """Check a key before what was made under it is shown; a compromised key is the right one for what it made.

    Raises WrongKey if another key was used under this number before, or if it is not configured.
    """
    try:
        _noted(number)
    except UnknownKey:
        raise WrongKey(
            _("Master key %(number)s is not configured on this server. The operator has to put it back.")
            % {"number": number}
        ) from None


def differing(ring: KeyRing) -> list[int]:
    """Return the numbers under which a ring holds another key than the one used before."""
    known = dict(MasterKey.objects.values_list("number", "check_value"))
    return [number for number in ring.numbers if number in known and known[number] != ring.check_value(number)]


def missing(ring: KeyRing) -> list[int]:
    """Return the numbers of keys that were used and that a ring does not hold."""
    used = MasterKey.objects.order_by("number").values_list("number", flat=True)
    return [number for number in used if number not in ring.numbers]


def are_right(ring: KeyRing) -> bool:
    """Return whether a process with this ring makes and opens what all others do: no key wrong, missing or outdated."""
    return not (differing(ring) or missing(ring) or ring.current in compromised())


def compromised() -> frozenset[int]:
    """Return the numbers of the keys that are marked as compromised."""
    return frozenset(MasterKey.objects.exclude(compromised_at=None).values_list("number", flat=True))


def mark_compromised(number: int) -> bool:
    """Mark a configured key as compromised; return whether it was not marked before."""
    defaults = {"check_value": key_ring().check_value(number)}
    MasterKey.objects.get_or_create(number=number, defaults=defaults)
    return bool(MasterKey.objects.filter(number=number, compromised_at=None).update(compromised_at=now()))


def _noted(number: int) -> MasterKey:
    check_value = key_ring().check_value(number)
    known, _new = MasterKey.objects.get_or_create(number=number, defaults={"check_value": check_value})
    if known.check_value != check_value:
        raise WrongKey(
            _("Master key %(number)s of this server is not the one used before. The operator has to put that back.")
            % {"number": number}
        )
    return known
