"""Access that was brought in, as the steward's page and its CSV show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset
from agreements.grants.imported import confirming, importing
from agreements.grants.models import ClosedFor, Grant, GrantState
from agreements.mail.models import MessageState, OutboxMessage
from agreements.mail.queries import CAME_BACK, standing_of

COLUMNS: Final = (
    "reference",
    "name",
    "email",
    "organization",
    "terms",
    "signed_on",
    "state",
    "confirmed_at",
    "last_mail_at",
    "last_mail",
    "note",
)


@dataclass(frozen=True, slots=True)
class Row:
    """`state` is the key of a badge, `words` what it says; `mail` is the last invitation to confirm, if any."""

    grant: Grant
    state: str
    words: str
    mail: OutboxMessage | None
    note: str

    @property
    def is_waiting(self) -> bool:
        return self.state == "unconfirmed"

    @property
    def can_be_mailed(self) -> bool:
        return self.is_waiting and (self.mail is None or self.mail.state != MessageState.QUEUED)

    @property
    def mail_words(self) -> str:
        """Return how the last invitation stands, empty if there is none."""
        if self.mail is None:
            return ""
        return _("came back") if standing_of(self.mail) == CAME_BACK else str(self.mail.get_state_display())


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were brought in, and what became of them; `never_mailed` are among those `waiting`."""

    all: int
    confirmed: int
    waiting: int
    over: int


def wanted(dataset: Dataset, *, which: str) -> QuerySet[Grant]:
    """Return the brought-in grants that a filter names: waiting, confirmed, over, or all of them."""
    found = importing.imported(dataset)
    if which == "confirmed":
        return found.filter(confirmed_at__isnull=False)
    if which == "waiting":
        return importing.waiting(dataset)
    if which == "over":
        return found.filter(confirmed_at=None).exclude(state=GrantState.SUSPENDED)
    return found


def counts(dataset: Dataset) -> Counts:
    """Return them."""
    whole = importing.imported(dataset).count()
    confirmed, waiting = (wanted(dataset, which=which).count() for which in ("confirmed", "waiting"))
    return Counts(whole, confirmed, waiting, whole - confirmed - waiting)


def rows(grants: Sequence[Grant]) -> list[Row]:
    """Return the rows of some grants, in their order, with two more queries."""
    mails = confirming.last_mails(grant.reference for grant in grants)
    notes = importing.notes(grants)
    return [
        Row(grant, *_state(grant), mails.get(grant.reference), notes.get(grant.application_id, "")) for grant in grants
    ]


def csv_cells(row: Row) -> Iterable[str]:
    """Return the cells of COLUMNS; text that a spreadsheet would run as a formula is quoted first."""
    grant, mail = row.grant, row.mail
    cells = (
        grant.reference,
        grant.holder_name,
        grant.holder.email,
        grant.organization,
        grant.terms.version,
        grant.starts_at.date().isoformat(),
        row.words,
        grant.confirmed_at.isoformat() if grant.confirmed_at else "",
        (mail.sent_at or mail.created_at).isoformat() if mail else "",
        row.mail_words,
        row.note,
    )
    return [f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells]


def _state(grant: Grant) -> tuple[str, str]:
    if importing.is_waiting(grant):
        return "unconfirmed", _("not confirmed yet")
    if grant.closed_for == ClosedFor.DECLINED:
        return "ended", _("no longer used")
    if grant.state == GrantState.ACTIVE:
        return "active", _("confirmed")
    return str(grant.state), str(grant.get_state_display())
