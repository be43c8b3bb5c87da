"""Opening a dataset again after a restore: what the database lacks, what a checkpoint proves of it, and by whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog import shutting
from agreements.catalog.models import Dataset, Reconciliation
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.errors import Invalid, NotPossible
from agreements.flows.restore_watch import DIFFERENT
from agreements.keys import master_keys
from agreements.ledger import checkpoints
from agreements.ledger.act import act
from agreements.ledger.checkpoint_text import Checkpoint, parse
from agreements.ledger.checkpoints import Agreement, Signature
from agreements.ledger.models import LedgerEntry, Restoration


@dataclass(frozen=True, slots=True)
class Lost:
    """What is missing since a dataset was shut. Row numbers and moments are None where nothing outside remembers them.

    `found`: the row at which the restored record ended, written at `from_at`; `expected`: the last that the store was
    told of, at `until`. `is_different`: other rows were written since, so that the first lost one is not known.
    """

    found: int
    from_at: dt.datetime | None
    expected: int | None
    until: dt.datetime | None
    is_different: bool

    @property
    def missing(self) -> int | None:
        """Return how many rows are known to be lost: at least so many."""
        if self.expected is None or self.is_different:
            return None
        return self.expected - self.found

    @property
    def first(self) -> int:
        """Return the number of the first row that is lost."""
        return self.found + 1


@dataclass(frozen=True, slots=True)
class Proof:
    """A kept checkpoint that this site signed, and what it says of the restored record.

    `reaches_lost`: it was made of rows that are lost now. `missing`: rows that it knows are lost, or None.
    """

    checkpoint: Checkpoint
    reaches_lost: bool
    missing: int | None


def shut_datasets(datasets: QuerySet[Dataset]) -> QuerySet[Dataset]:
    """Return those of the datasets that wait to be reconciled."""
    return datasets.filter(shut_at__isnull=False).order_by("title")


def lost(dataset: Dataset) -> Lost:
    """Return what is known to be missing. Raises NotPossible for a dataset that is open."""
    if dataset.shut_at is None:
        raise NotPossible(_("%(dataset)s is open already.") % {"dataset": dataset.title})
    noticed = list(Restoration.objects.filter(noticed_at__gte=dataset.shut_at))
    found = min((each.found_sequence for each in noticed), default=0)
    known = [each for each in noticed if each.expected_sequence is not None]
    farthest = max(known, key=lambda each: each.expected_sequence or 0, default=None)
    last_kept = LedgerEntry.objects.filter(sequence=found).first()
    return Lost(
        found=found,
        from_at=last_kept.at if last_kept else None,
        expected=farthest.expected_sequence if farthest else None,
        until=farthest.expected_at if farthest else None,
        is_different=any(each.cause == DIFFERENT for each in noticed),
    )


def prove(dataset: Dataset, text: str) -> Proof:
    """Return what the newest checkpoint in a text proves of a dataset's restored record.

    Raises Invalid, saying why, for a text without one, one that this site did not sign, one signed under a key that
    others may have, and one that contradicts the rows from before the restore; NotPossible for a dataset that is open.
    """
    gone = lost(dataset)
    newest = max(parse(text), key=lambda each: (each.count, each.made))
    finding = checkpoints.check(newest, compromised=master_keys.compromised())
    if finding.signature == Signature.COMPROMISED:
        raise Invalid(
            _(
                "This checkpoint is signed under master key %(key)s, which others may have: it proves nothing. Give "
                "one signed under another key, or say that there is none."
            )
            % {"key": newest.key_number},
            field="checkpoint",
        )
    if not finding.is_trustworthy:
        raise Invalid(_("This site did not sign this checkpoint, or a line of it was changed."), field="checkpoint")
    reaches_lost = newest.count > gone.found and finding.agreement != Agreement.AGREES
    if finding.agreement == Agreement.DIFFERS and not reaches_lost:
        raise Invalid(
            _(
                "Row %(row)s of this database is not the row that the checkpoint was made of, though it is from before "
                "the restore. The backup is not what this site wrote: ask who runs the server before you go on."
            )
            % {"row": newest.count},
            field="checkpoint",
        )
    known = [
        count for count in (gone.missing, newest.count - gone.found if reaches_lost else None) if count is not None
    ]
    return Proof(newest, reaches_lost, max(known, default=None))


def reconcile(*, dataset: Dataset, checkpoint: str, without: bool, reason: str, by: Actor) -> Reconciliation:
    """Open a dataset again. `checkpoint` is the text of a kept one; `without` says on purpose that nobody kept any.

    The record keeps which, how many rows are known to be lost, and a digest of `reason`. Raises NotAllowed (not its
    steward), Invalid (neither or both, a checkpoint that proves nothing, no reason), NotPossible (open already).
    """
    check_may(Permission.RECONCILE, dataset=dataset, by=by)
    given = bool(checkpoint.strip())
    if given == without:
        words = (
            _("Give the checkpoint or say that there is none, not both.")
            if given
            else _("Give the newest checkpoint that was kept, or say that there is none.")
        )
        raise Invalid(words, field="checkpoint")
    with act():
        # Read under the lock: a second restore noticed in this moment is another thing to reconcile.
        shutting.lock_all()
        current = Dataset.objects.get(pk=dataset.pk)
        if current.shut_at != dataset.shut_at:
            raise NotPossible(_("This has changed meanwhile. Look at the page again."))
        proof = prove(current, checkpoint) if given else None
        return shutting.reopen(
            dataset=current,
            checkpoint_sequence=proof.checkpoint.count if proof else None,
            checkpoint_hash=proof.checkpoint.head_hash if proof else "",
            missing=proof.missing if proof else lost(current).missing,
            reason=reason,
            by=by,
        )


def earlier(datasets: QuerySet[Dataset]) -> QuerySet[Reconciliation]:
    """Return how the datasets were opened after earlier restores, the newest first."""
    return Reconciliation.objects.filter(dataset__in=datasets).select_related("dataset", "reopened_by")
