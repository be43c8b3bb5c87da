"""Checkpoints: how many rows the record had and how the last one hashed, signed, for people to keep elsewhere.

Whoever holds the database can write the whole chain anew and it will hold; it will not agree with a checkpoint that
somebody kept. What was done after the newest kept checkpoint, none of them can tell: that is the limit.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.core import secrets
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.secrets import UnknownKey, key_ring, same
from agreements.ledger import queries
from agreements.ledger.act import act
from agreements.ledger.chain import GENESIS
from agreements.ledger.checkpoint_text import Checkpoint
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry, LedgerHead

AT_MOST_EVERY: Final = dt.timedelta(minutes=1)


class Signature(StrEnum):
    """Whose signature a checkpoint has."""

    OURS = "ours"  # made under a master key that is configured here
    RECORDED = "recorded"  # that key is not configured any more; the record knows its public key
    COMPROMISED = "compromised"  # that key is marked as compromised: whoever has it signs like this site
    FOREIGN = "foreign"  # somebody signed it, and it was not this site
    BROKEN = "broken"  # a line was changed after it was signed, or never signed


class Agreement(StrEnum):
    """How the record stands to a checkpoint."""

    AGREES = "agrees"  # the row that it names is there with the same hash
    DIFFERS = "differs"  # another row is there: the chain was written anew somewhere up to it
    SHORTER = "shorter"  # the record ends before it: its tail was cut, or an older database restored


@dataclass(frozen=True, slots=True)
class Finding:
    """What a comparison found. `rows` is how many the record has now."""

    checkpoint: Checkpoint
    signature: Signature
    agreement: Agreement
    rows: int

    @property
    def is_trustworthy(self) -> bool:
        """Whether this site signed it; only then its agreement means anything."""
        return self.signature in {Signature.OURS, Signature.RECORDED}


def make(*, by: Actor, as_role: str = "system") -> Checkpoint:
    """Sign the record as it stands under the newest master key, and record that. Raises nothing but UnknownKey."""
    with act() as record:
        head = _lock_head()
        checkpoint = _signed(head)
        fields = dataclasses.asdict(checkpoint)
        record.record(Kind.CHECKPOINT_MADE, by=by, as_role=as_role, subjects={}, **fields)
    return checkpoint


def make_due(*, by: Actor) -> Checkpoint | None:
    """Make today's checkpoint (of the day in UTC); None if there is one, or if nothing was recorded since the last.

    Safe to run at the same time in two processes.
    """
    with act():
        head = _lock_head()
        last = every().first()
        if last is not None and (last.at.date() >= now().date() or last.sequence == head.sequence):
            return None
        return make(by=by) if head.sequence else None


def make_now(*, by: Actor, as_role: str) -> Checkpoint:
    """Make a checkpoint on purpose. Raises NotPossible for a second one within a minute, or if nothing is new."""
    with act():
        head, last = _lock_head(), every().first()
        if not head.sequence:
            raise NotPossible(_("Nothing was recorded yet."))
        if last is not None and last.sequence == head.sequence:
            raise NotPossible(_("Nothing was recorded since the last checkpoint: that one is enough."))
        if last is not None and now() - last.at < AT_MOST_EVERY:
            raise NotPossible(_("A checkpoint was made less than a minute ago. Wait a minute, then make the next."))
        return make(by=by, as_role=as_role)


def every() -> QuerySet[LedgerEntry]:
    """Return the rows that tell of checkpoints, newest first."""
    return LedgerEntry.objects.filter(kind=Kind.CHECKPOINT_MADE).order_by("-sequence")


def of(entry: LedgerEntry) -> Checkpoint:
    """Return the checkpoint of which a row tells."""
    return Checkpoint(**entry.payload)


def public_key(number: int) -> str:
    """Return the public key, in hex, of what is signed under a master key. Raises UnknownKey."""
    return _private_key(number).public_key().public_bytes_raw().hex()


def check(checkpoint: Checkpoint, *, compromised: Collection[int]) -> Finding:
    """Compare a kept checkpoint with the record, one row of it: whether those before it hold is `verify`'s to say.

    `compromised`: the numbers of the master keys that others may have.
    """
    head = queries.head()
    return Finding(checkpoint, _whose(checkpoint, compromised), _agreement(checkpoint, head.sequence), head.sequence)


def _agreement(checkpoint: Checkpoint, rows: int) -> Agreement:
    if checkpoint.count > rows:
        return Agreement.SHORTER
    if checkpoint.count == 0:
        return Agreement.AGREES if checkpoint.head_hash == GENESIS else Agreement.DIFFERS
    found = LedgerEntry.objects.filter(sequence=checkpoint.count).values_list("hash", flat=True).first()
    return Agreement.AGREES if found == checkpoint.head_hash else Agreement.DIFFERS


def row_of(checkpoint: Checkpoint) -> LedgerEntry | None:
    """Return the row that tells of this very checkpoint, if the record has one."""
    return every().filter(payload__signature=checkpoint.signature).first()


def _whose(checkpoint: Checkpoint, compromised: Collection[int]) -> Signature:
    if not checkpoint.is_signed():
        return Signature.BROKEN
    whose = _key_of(checkpoint)
    is_taken = checkpoint.key_number in compromised and whose != Signature.FOREIGN
    return Signature.COMPROMISED if is_taken else whose


def _key_of(checkpoint: Checkpoint) -> Signature:
    try:
        if same(public_key(checkpoint.key_number), checkpoint.public_key):
            return Signature.OURS
    except UnknownKey:
        pass
    told = every().filter(payload__key_number=checkpoint.key_number, payload__public_key=checkpoint.public_key)
    return Signature.RECORDED if told.exists() else Signature.FOREIGN


def _lock_head() -> LedgerHead:
    """Hold up other writers until the act ends, so that nothing comes between what is signed and the row of it."""
    return LedgerHead.objects.select_for_update().filter(id=1).first() or LedgerHead()


def _signed(head: LedgerHead) -> Checkpoint:
    number = key_ring().current
    plain = Checkpoint(
        site=settings.SITE_URL,
        count=head.sequence,
        head_hash=head.hash,
        made=now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        key_number=number,
        public_key=public_key(number),
    )
    return dataclasses.replace(plain, signature=_private_key(number).sign(plain.signed_text.encode()).hex())


def _private_key(number: int) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_ring().derive(secrets.CHECKPOINT, number=number, length=32))
