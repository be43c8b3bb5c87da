"""Shutting every dataset after a restore, and opening one again: a restored database un-revokes."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset, Reconciliation
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.errors import Invalid, NotPossible
from agreements.ledger.act import Act, act, new_salt, text_digest
from agreements.ledger.kinds import Kind


def shut_all(
    record: Act, *, at: dt.datetime, cause: str, found_sequence: int, expected_sequence: int | None, by: Actor
) -> list[Dataset]:
    """Shut every dataset that is open, in the caller's act; return those that were. The caller has locked them all."""
    opened = list(Dataset.objects.filter(shut_at=None).order_by("pk"))
    Dataset.objects.filter(pk__in=[dataset.pk for dataset in opened]).update(shut_at=at)
    for dataset in opened:
        record.record(
            Kind.DATASET_SHUT,
            by=by,
            as_role="system",
            subjects={"dataset": dataset.slug},
            cause=cause,
            found_sequence=found_sequence,
            expected_sequence=expected_sequence,
        )
    return opened


def lock_all() -> list[Dataset]:
    """Lock every dataset until the act ends, so that two processes do not notice the same restore."""
    return list(Dataset.objects.select_for_update().order_by("pk"))


def is_any_shut() -> bool:
    """Return whether a dataset still waits for its steward."""
    return Dataset.objects.filter(shut_at__isnull=False).exists()


def reopen(
    *,
    dataset: Dataset,
    checkpoint_sequence: int | None,
    checkpoint_hash: str,
    missing: int | None,
    reason: str,
    by: Actor,
) -> Reconciliation:
    """Open a dataset that a restore had shut, and record by which checkpoint (None: by none), and why.

    Raises NotAllowed, Invalid without a reason, NotPossible if it is open.
    """
    standing = check_may(Permission.RECONCILE, dataset=dataset, by=by)
    if not reason.strip():
        raise Invalid(_("Say what you found, and what you did again."), field="reason")
    with act() as record:
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        if locked.shut_at is None:
            raise NotPossible(_("%(dataset)s is open already.") % {"dataset": locked.title})
        made = Reconciliation.objects.create(
            dataset=locked,
            shut_at=locked.shut_at,
            reopened_by_id=by.pk,
            checkpoint_sequence=checkpoint_sequence,
            checkpoint_hash=checkpoint_hash,
            missing=missing,
            reason=reason.strip(),
            reason_salt=new_salt(),
        )
        locked.shut_at = None
        locked.save(update_fields=["shut_at"])
        record.record(
            Kind.DATASET_REOPENED,
            by=by,
            as_role=standing,
            subjects={"dataset": locked.slug},
            checkpoint_sequence=checkpoint_sequence,
            checkpoint_hash=checkpoint_hash or None,
            missing=missing,
            reason_digest=text_digest(made.reason, salt=made.reason_salt),
        )
        return made
