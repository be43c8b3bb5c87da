"""Withdrawing a version of an archive: it is offered no more, and downloads of it end. Its bytes stay in the vault."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog import archives
from agreements.catalog.models import Archive
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
