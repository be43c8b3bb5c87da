"""Ledger rows as the timeline part shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from agreements.ledger.kinds import Kind, label
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Work inside the lab that the applicant is told of by its outcome, not blow by blow.
INTERNAL: Final = frozenset({Kind.EVIDENCE_GATHERED, Kind.EVIDENCE_REQUESTED, Kind.APPROVAL_GIVEN, Kind.REMARK_ADDED})
_TONES: Final = {
    Kind.APPLICATION_APPROVED: "good",
    Kind.GRANT_ISSUED: "good",
    Kind.GRANT_RESUMED: "good",
    Kind.APPLICATION_RETURNED: "attention",
    Kind.GRANT_SUSPENDED: "attention",
    Kind.GRANT_EXPIRED: "attention",
    Kind.APPLICATION_DECLINED: "bad",
    Kind.GRANT_REVOKED: "bad",
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline."""

    text: StrOrPromise
    at: datetime
    who: str
    tone: str
    detail: str = ""


def timeline_of(entries: Iterable[LedgerEntry], *, viewer: User, internal: bool = False) -> list[Happening]:
    """Return the rows, oldest first, as the viewer may see them: reviewers are named to each other only."""
    shown = [entry for entry in entries if internal or entry.kind not in INTERNAL]
    names = _names(shown) if internal else {}
    return [
        Happening(
            text=label(entry.kind),
            at=entry.at,
            who=_who(entry.actor, viewer, names),
            tone=_TONES.get(Kind(entry.kind), "quiet") if entry.kind in Kind.values else "quiet",
            detail=_detail(entry),
        )
        for entry in shown
    ]


def _names(entries: list[LedgerEntry]) -> dict[str, str]:
    ids = {entry.actor.removeprefix("person:") for entry in entries if entry.actor.startswith("person:")}
    return {f"person:{user.public_id}": user.display_name for user in User.objects.filter(public_id__in=ids)}


def _who(actor: str, viewer: User, names: dict[str, str]) -> str:
    if actor == viewer.actor.id:
        return _("you")
    if actor.startswith("system:"):
        return _("Countersign")
    return names.get(actor) or _("the lab")


def _detail(entry: LedgerEntry) -> str:
    payload = entry.payload
    if entry.kind == Kind.GRANT_REVOKED:
        return str(_("clause %(clause)s of terms %(terms)s") % payload)
    if "submission" in payload:
        return str(_("submission %(submission)s") % payload)
    if entry.kind == Kind.LINK_ISSUED:
        return str(payload["archive"])
    if entry.kind == Kind.AGREEMENT_ISSUED:
        return str(_("issue %(issue)s, terms %(terms)s") % payload)
    return ""
