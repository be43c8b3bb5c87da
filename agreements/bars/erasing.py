"""A bar outlives the person's data: of their mailbox only a keyed digest stays, by which they are known again."""

from __future__ import annotations

import hmac

from django.db.models import Q

from agreements.bars.models import Bar
from agreements.core import secrets
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.keys import master_keys
from agreements.ledger.erased import digests_of


def mailbox_digest(email: str, *, key_number: int) -> str:
    """Return the digest of a mailbox, the same for all its spellings, under a master key (64 hex digits).

    Raises core.secrets.UnknownKey.
    """
    mailbox = comparison_key(email).encode()
    return secrets.key_ring().derive(secrets.BARRED, mailbox, number=key_number, length=32).hex()


def is_of(bar: Bar, email: str) -> bool:
    """Return whether the bar of an erased person is on the owner of a mailbox; False if its key is not configured."""
    if not bar.mailbox_digest or bar.key_number is None:
        return False
    try:
        digest = mailbox_digest(email, key_number=bar.key_number)
    except secrets.UnknownKey:
        return False
    return hmac.compare_digest(digest, bar.mailbox_digest)


def erase(*, person_pk: int, email: str) -> set[str]:
    """Keep a digest of the mailbox in each running bar on a person, and erase all their bars' reasons.

    Return the digests in the record that nothing opens any more.
    """
    rows = Bar.objects.filter(person=person_pk)
    digests = digests_of(*rows.values_list("reason", "reason_salt"), *rows.values_list("lift_reason", "lift_salt"))
    number = secrets.key_ring().current
    master_keys.confirm(number)
    running = rows.filter(Q(until=None) | Q(until__gt=now()), lifted_at=None)
    running.update(mailbox_digest=mailbox_digest(email, key_number=number), key_number=number)
    rows.update(reason="", reason_salt="", lift_reason="", lift_salt="")
    return digests
