"""A campaign about new terms as the desk shows it: how far it is, drawn and as a table, and who answered what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.grants.models import Grant, TermsCampaign, TermsConsent
from agreements.grants.terms_change import campaigns
from agreements.grants.terms_change.standing import Counts, Standing
from agreements.mail import outbox, queries
from agreements.mail.models import OutboxMessage
from agreements.web import access_terms

WIDTH: Final = 480
"""Of the drawn bar, in units of its own; the stylesheet stretches it."""
COLUMNS: Final = (
    "access",
    "holder",
    "email",
    "organization",
    "earlier_terms",
    "asked_at",
    "grace_ends_at",
    "answer",
    "answered_at",
    "suspended",
    "last_mail_at",
    "last_mail",
)
SUSPENDED: Final = "suspended"
"""The filter for those of any standing whose access is suspended for it."""
_LOOKS: Final = {
    Standing.AGREED: ("good", "pass"),
    Standing.ENDED: ("quiet", "ended"),
    Standing.DECLINED: ("bad", "fail"),
    Standing.WAITING: ("attention", "pending"),
}
REACHED_COLUMNS: Final = ("access", "holder", "email", "organization", "terms", "state")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the bar and its line in the table: `share` is in whole percent of all who were asked."""

    label: str
    tone: str
    count: int
    share: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """One holder's answer as a badge, and the last mail about it with how that stands (empty without one).

    `is_open`: it can still be answered, so its last day means something.
    """

    consent: TermsConsent
    word: str
    tone: str
    icon: str
    mail: OutboxMessage | None
    mail_standing: str
    may_resend: bool
    is_open: bool


def pieces(counts: Counts) -> list[Piece]:
    """Return the parts of the bar from left to right, also those of nobody; they fill it together."""
    whole = max(counts.asked, 1)
    found, x = [], 0.0
    for label, tone, count in (
        (Standing.AGREED.label, "good", counts.agreed),
        (Standing.WAITING.label, "attention", counts.waiting),
        (Standing.DECLINED.label, "bad", counts.declined),
        (Standing.ENDED.label, "quiet", counts.ended),
    ):
        width = WIDTH * count / whole
        # A line of the page's colour stands between two parts: they are told apart without their colours.
        found.append(
            Piece(str(label), tone, count, round(100 * count / whole), round(x, 1), round(max(width - 2, 0), 1))
        )
        x += width
    return found


def wanted(campaign: TermsCampaign, *, show: str, words: str) -> QuerySet[TermsConsent]:
    """Return the answers that a filter names; all of them for any other word."""
    found = campaigns.answers(campaign)
    for word in words.split():
        holder = Q(grant__holder_name__icontains=word) | Q(grant__holder__email__icontains=word)
        place = Q(grant__organization__icontains=word) | Q(grant__reference__icontains=word)
        found = found.filter(holder | place)
    if show == SUSPENDED:
        return found.filter(Q(is_suspended=True))
    return found.filter(Q(standing=show)) if show in Standing.values else found


def rows(campaign: TermsCampaign, consents: Sequence[TermsConsent]) -> list[Row]:
    """Return the rows of some answers, in their order, with one more query."""
    references = [consent.grant.reference for consent in consents]
    about = access_terms.notices(campaign).filter(subject_reference__in=references)
    last = {message.subject_reference: message for message in about}
    return [_row(consent, last.get(consent.grant.reference)) for consent in consents]


def csv_lines(campaign: TermsCampaign, consents: QuerySet[TermsConsent]) -> Iterator[Sequence[Any]]:
    """Return the cells of COLUMNS for all of them."""
    found = list(consents)
    for start in range(0, len(found), 500):
        for row in rows(campaign, found[start : start + 500]):
            consent, grant = row.consent, row.consent.grant
            yield (
                grant.reference,
                grant.holder_name,
                grant.holder.email,
                grant.organization,
                consent.previous_terms.version,
                consent.asked_at,
                consent.grace_ends_at,
                consent.standing,  # type: ignore[attr-defined]  # annotated by `answers`
                consent.answered_at,
                "yes" if consent.is_suspended else "no",  # type: ignore[attr-defined]  # annotated by `answers`
                row.mail.created_at if row.mail else None,
                row.mail_standing,
            )


def reached_lines(grants: QuerySet[Grant]) -> Iterator[Sequence[Any]]:
    """Return the cells of REACHED_COLUMNS for whom a decision would reach."""
    for grant in grants:
        holder = (grant.holder_name, grant.holder.email, grant.organization)
        yield (grant.reference, *holder, grant.terms.version, grant.state)


def _row(consent: TermsConsent, mail: OutboxMessage | None) -> Row:
    standing = Standing(consent.standing)  # type: ignore[attr-defined]  # annotated by `answers`
    look = (str(standing.label), *_LOOKS[standing])
    if consent.is_suspended:  # type: ignore[attr-defined]  # annotated by `answers`
        words = _("Does not agree: suspended") if consent.answer else _("No answer: suspended")
        look = (words, "bad", "pause")
    is_open = standing in {Standing.WAITING, Standing.DECLINED}
    may_resend = mail is not None and outbox.can_resend(mail) and is_open
    return Row(consent, *look, mail, queries.standing_of(mail) if mail else "", may_resend, is_open)
