"""Why nothing can be had at an address, told apart for the log and the steward; the outside learns one thing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, NamedTuple

from django.db import DatabaseError, models, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from agreements.core.clock import now
from agreements.grants.models import Grant, LinkRefusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN: Final = 20


class Why(models.TextChoices):
    """The true reason of a refusal, for the steward."""

    NO_SUCH_LINK = "no-such-link", _("no link has this token")
    OTHER_NAME = "other-name", _("the file name is not the archive's")
    LINK_ENDED = "link-ended", _("the link was ended")
    LINK_EXPIRED = "link-expired", _("the link has run out")
    SEAL_ENDED = "seal-ended", _("the person no longer has a part in the access")
    PERSON_INACTIVE = "person-inactive", _("the person's account is closed")
    GRANT_NOT_ACTIVE = "grant-not-active", _("the access is not active")
    GRANT_NOT_BEGUN = "grant-not-begun", _("the access has not begun")
    GRANT_OVER = "grant-over", _("the access is over")
    DATASET_WITHDRAWN = "dataset-withdrawn", _("the dataset was withdrawn")
    DATASET_SHUT = "dataset-shut", _("the dataset is shut after a restore, until a steward has reconciled it")
    ARCHIVE_WITHDRAWN = "archive-withdrawn", _("the archive was withdrawn")
    NOT_COVERED = "not-covered", _("the access does not cover the archive's subset")
    NOT_SEALED = "not-sealed", _("the archive has no seal")
    NOT_OPEN = "not-open", _("the archive is not open to everyone")


class Refused(Exception):
    """Nothing can be had here. `why` is for the log and the steward; the outside is told the same whatever it says."""

    def __init__(self, why: Why, *, grant: str = "", link_pk: int | None = None) -> None:
        super().__init__("refused")
        self.why = why
        self.grant = grant
        self.link_pk = link_pk


class Unavailable(Exception):
    """The database is out of reach, so nothing is sent: to be tried again later."""


class Preparing(Exception):
    """All is well, but the archive is still being sealed for everyone: to be tried again later."""


def note(refused: Refused) -> None:
    """Count a refusal of a real link, for the steward: one row to a link and reason, however often it is asked.

    Must not be in a transaction that is about to be rolled back. A database out of reach is no reason to fail.
    """
    if refused.link_pk is None:
        return
    of = LinkRefusal.objects.filter(link_id=refused.link_pk, why=refused.why)
    try:
        with transaction.atomic():
            if not of.update(times=F("times") + 1, last_at=now()):
                LinkRefusal.objects.create(link_id=refused.link_pk, why=refused.why)
    except DatabaseError:  # or noted by another request in this moment
        return


class Noted(NamedTuple):
    """What a steward reads: whose link to which archive was refused, why, how often, and when last."""

    person: str
    archive: str
    why: StrOrPromise
    times: int
    last_at: dt.datetime


def of_grant(grant: Grant) -> list[Noted]:
    """Return what was refused to the links of a grant, the latest first, at most `SHOWN`."""
    noted = LinkRefusal.objects.filter(link__grant=grant).select_related("link__archive", "link__seal__person")
    return [
        Noted(row.link.seal.person.display_name, row.link.archive.name, Why(row.why).label, row.times, row.last_at)
        for row in noted.order_by("-last_at")[:SHOWN]
    ]
