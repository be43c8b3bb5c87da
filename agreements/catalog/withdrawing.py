"""Withdrawing a version of an archive, or a whole dataset: downloads of it end. The bytes stay in the vault."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog import archives
from agreements.catalog.models import Archive, Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import Invalid, NotPossible
from agreements.ledger.act import act, new_salt, text_digest
from agreements.ledger.kinds import Kind


def withdraw_archive(*, archive: Archive, reason: str, by: Actor) -> None:
    """Withdraw one version; the newest of its name that is not withdrawn is offered from now on.

    Raises NotAllowed, Invalid without a reason, and NotPossible if it was withdrawn before.
    """
    standing = check_may(Permission.PUBLISH, dataset=archive.subset.dataset, by=by)
    if not reason.strip():
        raise Invalid(_("Say why this version is withdrawn."), field="reason")
    salt = new_salt()
    with act() as record:
        unwithdrawn = Archive.objects.filter(pk=archive.pk, withdrawn_at=None)
        if not unwithdrawn.update(withdrawn_at=now(), withdrawal_reason=reason, withdrawal_salt=salt):
            text = _("%(name)s, version %(version)d was withdrawn already.")
            raise NotPossible(text % {"name": archive.name, "version": archive.version})
        record.record(
            Kind.ARCHIVE_WITHDRAWN,
            by=by,
            as_role=standing,
            subjects={"dataset": archive.subset.dataset.slug, "archive": archives.ledger_name(archive)},
            version=archive.version,
            reason_digest=text_digest(reason, salt=salt),
        )


def withdraw_dataset(*, dataset: Dataset, reason: str, by: Actor) -> None:
    """Withdraw a whole dataset: nothing of it can be applied for or downloaded, open archives included.

    Grants stay as they are. Raises NotAllowed, Invalid without a reason, NotPossible if it was withdrawn before.
    """
    _change(dataset, Kind.DATASET_WITHDRAWN, reason=reason, by=by)


def offer_again(*, dataset: Dataset, reason: str, by: Actor) -> None:
    """Offer a withdrawn dataset again: what was not ended meanwhile works as before.

    Raises NotAllowed, Invalid without a reason, NotPossible if it is not withdrawn.
    """
    _change(dataset, Kind.DATASET_OFFERED_AGAIN, reason=reason, by=by)


def _change(dataset: Dataset, kind: Kind, *, reason: str, by: Actor) -> None:
    standing = check_may(Permission.END_ACCESS, dataset=dataset, by=by)
    withdraws = kind == Kind.DATASET_WITHDRAWN
    if not reason.strip():
        raise Invalid(_("Say why."), field="reason")
    with act() as record:
        now_other = Dataset.objects.filter(pk=dataset.pk, withdrawn_at__isnull=withdraws)
        at, salt = now() if withdraws else None, new_salt()
        if not now_other.update(withdrawn_at=at, withdrawal_reason=reason.strip(), withdrawal_salt=salt):
            already = _("%(dataset)s was withdrawn already.") if withdraws else _("%(dataset)s is not withdrawn.")
            raise NotPossible(already % {"dataset": dataset.title})
        dataset.refresh_from_db(fields=["withdrawn_at", "withdrawal_reason", "withdrawal_salt"])
        record.record(
            kind,
            by=by,
            as_role=standing,
            subjects={"dataset": dataset.slug},
            reason_digest=text_digest(reason.strip(), salt=salt),
        )
