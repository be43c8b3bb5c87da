"""Ledger rows as the timeline part shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.ledger.kinds import PAYLOAD_FIELDS, Kind, label
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
    Kind.MEMBER_JOINED: "good",
    Kind.MEMBER_REMOVED: "attention",
    Kind.GRANT_SUSPENDED: "attention",
    Kind.GRANT_EXPIRED: "attention",
    Kind.APPLICATION_DECLINED: "bad",
    Kind.GRANT_REVOKED: "bad",
}
_SUBMISSION: Final = gettext_lazy("submission %(submission)s")
# Filled in from the payload of the kind, whose fields stand in `ledger/kinds.py`.
_DETAILS: Final[dict[Kind, StrOrPromise]] = {
    Kind.GRANT_REVOKED: gettext_lazy("clause %(clause)s of terms %(terms)s"),
    Kind.AGREEMENT_ISSUED: gettext_lazy("issue %(issue)s, terms %(terms)s"),
    Kind.LINK_ISSUED: gettext_lazy("%(archive)s, version %(version)s"),
    **dict.fromkeys((Kind(kind) for kind, fields in PAYLOAD_FIELDS.items() if "submission" in fields), _SUBMISSION),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline."""

    text: StrOrPromise
    at: datetime
    who: str
    tone: str
    detail: str = ""


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


def _who(actor: str, viewer: User, names: Mapping[str, str]) -> str:
    if actor == viewer.actor.id:
        return _("you")
    if actor.startswith("system:"):
        return _("Countersign")
    return names.get(actor) or _("the lab")


def _detail(entry: LedgerEntry) -> str:
    words = _DETAILS.get(Kind(entry.kind)) if entry.kind in Kind.values else None
    return str(words) % entry.payload if words else ""
