"""A bar outlives the person's data: of their mailboxes only keyed digests stay, by which they are known again."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Collection, Iterable
from functools import cache

from django.db.models import Q, QuerySet

from agreements.bars.models import Bar
from agreements.core import secrets
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.domains import domains_of
from agreements.core.erased import HOST
from agreements.keys import master_keys
from agreements.ledger.erased import digests_of

log = logging.getLogger(__name__)


def mailbox_digest(email: str, *, key_number: int) -> str:
    """Return the digest of a mailbox, the same for all its spellings, under a master key (64 hex digits).

    Raises core.secrets.UnknownKey.
    """
    return _digest(comparison_key(email), key_number)


def is_of(bar: Bar, email: str) -> bool:
    """Return whether the bar of an erased person is on the owner of a mailbox.

    False, with an error in the log, if its key is not configured: `/readyz` answers 503 then.
    """
    return bar.person_id is not None and _has(bar, [comparison_key(email)])


def is_at(bar: Bar, email: str) -> bool:
    """Return the same for a bar on a domain that was erased, since it was the name of a person."""
    return bar.person_id is None and _has(bar, domains_of(email))


def under_key(number: int) -> QuerySet[Bar]:
    """Return the bars in force that know whom they name by a master key alone: without it they stop nobody."""
    return _running(Bar.objects.filter(key_number=number))


def erase(*, person_pk: int, addresses: Iterable[str], domains: Collection[str]) -> set[str]:
    """Keep digests of all known mailboxes in each running bar on a person, and erase all their bars' reasons.

    `domains` are those that are a person's own: of a bar on one a digest stays too. Return the digests in the record
    that nothing opens any more.
    """
    rows, at = Bar.objects.filter(person=person_pk), Bar.objects.filter(domain__in=domains)
    digests = digests_of(*rows.values_list("reason", "reason_salt"), *rows.values_list("lift_reason", "lift_salt"))
    digests |= digests_of(*at.values_list("domain", "domain_salt"))
    number = secrets.key_ring().current
    if _running(rows).exists() or _running(at).exists():
        master_keys.confirm(number)
    known = sorted({mailbox_digest(address, key_number=number) for address in addresses})
    _running(rows).update(digests=known, key_number=number)
    rows.update(reason="", reason_salt="", lift_reason="", lift_salt="")
    for bar in _running(at):
        bar.digests, bar.key_number = [_digest(bar.domain, number)], number
        bar.save(update_fields=["digests", "key_number"])
    at.update(domain=HOST, domain_salt="")
    return digests


def _running(rows: QuerySet[Bar]) -> QuerySet[Bar]:
    return rows.filter(Q(until=None) | Q(until__gt=now()), lifted_at=None)


def _has(bar: Bar, names: list[str]) -> bool:
    if not bar.digests or bar.key_number is None:
        return False
    try:
        digests = [_digest(name, bar.key_number) for name in names]
    except secrets.UnknownKey:
        _complain(bar.key_number)
        return False
    return any(hmac.compare_digest(digest, kept) for digest in digests for kept in bar.digests)


def _digest(name: str, key_number: int) -> str:
    return secrets.key_ring().derive(secrets.BARRED, name.encode(), number=key_number, length=32).hex()


@cache
def _complain(key_number: int) -> None:
    """Once for each process and key: it is asked with every application."""
    log.error("Master key %s is not configured: bars of erased people under it stop nobody. Put it back.", key_number)
