"""Ledger rows as the timeline part shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _

from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.sentences import sentence
from agreements.mail import registry
from agreements.people.models import User

# Work inside the lab that the applicant is told of by its outcome, not blow by blow.
INTERNAL: Final = frozenset(
    {
        Kind.EVIDENCE_GATHERED,
        Kind.EVIDENCE_REQUESTED,
        Kind.APPROVAL_GIVEN,
        Kind.REMARK_ADDED,
        # Whoever can forge a sender can have such rows written. Their own mail is listed beside the timeline.
        Kind.MAIL_TAKEN,
        Kind.MAIL_LOOKED_AT,
        Kind.MAIL_READ_AGAIN,
        Kind.MAIL_HANDED_OUT,
    }
)
_TONES: Final = {
    Kind.APPLICATION_APPROVED: "good",
    Kind.GRANT_ISSUED: "good",
    Kind.GRANT_RESUMED: "good",
    Kind.APPLICATION_RETURNED: "attention",
    Kind.MEMBER_JOINED: "good",
    Kind.MEMBER_REMOVED: "attention",
    Kind.GRANT_SUSPENDED: "attention",
    Kind.GRANT_EXPIRED: "attention",
    Kind.APPLICATION_DECLINED: "bad",
    Kind.GRANT_REVOKED: "bad",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline."""

    text: str
    at: datetime
    who: str
    tone: str


def timeline_of(
    entries: Iterable[LedgerEntry],
    *,
    viewer: User,
    internal: bool = False,
    known: Mapping[str, str] = MappingProxyType({}),
) -> list[Happening]:
    """Return the rows in the order given, as the viewer may see them: reviewers are named to each other only.

    `known` names further people by their actors' ids: those who share an access know each other.
    """
    shown = [entry for entry in entries if internal or entry.kind not in INTERNAL]
    names = _names(shown) if internal else known
    return [
        Happening(
            text=_text(entry, viewer=viewer, internal=internal),
            at=entry.at,
            who=_who(entry.actor, viewer, names),
            tone=_TONES.get(Kind(entry.kind), "quiet") if entry.kind in Kind.values else "quiet",
        )
        for entry in shown
    ]


def _text(entry: LedgerEntry, *, viewer: User, internal: bool) -> str:
    """Return the sentence of a row; what mail tells in the words of who reads it, the record keeps codes."""
    if entry.kind == Kind.MAIL_SENT_AGAIN and (kind := registry.find(str(entry.payload.get("mail", "")))):
        return _("Mail sent again: %(mail)s") % {"mail": kind.title or kind.name}
    if internal or entry.kind not in {Kind.ADDRESS_DEAD, Kind.ADDRESS_LIVES}:
        return sentence(entry.kind, entry.payload)
    is_theirs = entry.subjects.get("person") == str(viewer.public_id)
    if entry.kind == Kind.ADDRESS_LIVES:
        return _("Mail is sent to your address again") if is_theirs else _("Mail is sent to an address again")
    words = _("Mail to your address came back (%(status)s)") if is_theirs else _("Mail came back (%(status)s)")
    return words % {"status": entry.payload.get("status") or "?"}


def _names(entries: list[LedgerEntry]) -> dict[str, str]:
    ids = {entry.actor.removeprefix("person:") for entry in entries if entry.actor.startswith("person:")}
    return {f"person:{user.public_id}": user.display_name for user in User.objects.filter(public_id__in=ids)}


def _who(actor: str, viewer: User, names: Mapping[str, str]) -> str:
    if actor == viewer.actor.id:
        return _("you")
    if actor.startswith("system:"):
        return _("Countersign")
    return names.get(actor) or _("the lab")
