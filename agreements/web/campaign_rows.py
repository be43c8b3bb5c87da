"""A campaign about new terms as the desk shows it: how far it is, drawn and as a table, and who answered what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.grants.models import ConsentAnswer, Grant, TermsCampaign, TermsConsent
from agreements.grants.terms_change import campaigns, reach
from agreements.grants.terms_change.campaigns import Counts
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
    """One holder's answer as a badge, and the last mail about it with how that stands (empty without one)."""

    consent: TermsConsent
    word: str
    tone: str
    icon: str
    mail: OutboxMessage | None
    mail_standing: str
    may_resend: bool


def pieces(counts: Counts) -> list[Piece]:
    """Return the parts of the bar from left to right, also those of nobody; they fill it together."""
    whole = max(counts.asked, 1)
    found, x = [], 0.0
    for label, tone, count in (
        (_("Agreed"), "good", counts.agreed),
        (_("No answer yet"), "attention", counts.waiting),
        (_("Does not agree"), "bad", counts.declined),
        (_("Ended otherwise"), "quiet", counts.ended),
    ):
        width = WIDTH * count / whole
        # A line of the page's colour stands between two parts: they are told apart without their colours.
        found.append(Piece(label, tone, count, round(100 * count / whole), round(x, 1), round(max(width - 2, 0), 1)))
        x += width
    return found


def wanted(campaign: TermsCampaign, *, show: str, words: str) -> QuerySet[TermsConsent]:
    """Return the answers that a filter names; all of them for any other word."""
    found = campaigns.answers(campaign)
    for word in words.split():
        holder = Q(grant__holder_name__icontains=word) | Q(grant__holder__email__icontains=word)
        place = Q(grant__organization__icontains=word) | Q(grant__reference__icontains=word)
        found = found.filter(holder | place)
    goes_on = Q(pk__in=reach.not_agreed(campaign).values("pk"))
    if show == "suspended":
        return found.filter(reach.is_suspended("grant"))
    if show == "waiting":
        return found.filter(goes_on, answer="")
    if show == "declined":
        return found.filter(goes_on, answer=ConsentAnswer.DECLINED)
    if show == "agreed":
        return found.filter(answer=ConsentAnswer.AGREED)
    if show == "ended":
        return found.exclude(answer=ConsentAnswer.AGREED).exclude(goes_on)
    return found


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
                consent.answer or "waiting",
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
    is_suspended, goes_on = consent.is_suspended, consent.goes_on  # type: ignore[attr-defined]  # by `answers`
    if consent.answer == ConsentAnswer.AGREED:
        look = (_("Agreed"), "good", "pass")
    elif not goes_on:
        look = (_("Ended otherwise"), "quiet", "ended")
    elif is_suspended:
        words = _("Does not agree: suspended") if consent.answer else _("No answer: suspended")
        look = (words, "bad", "pause")
    elif consent.answer == ConsentAnswer.DECLINED:
        look = (_("Does not agree"), "bad", "fail")
    else:
        look = (_("No answer yet"), "attention", "pending")
    may_resend = mail is not None and outbox.can_resend(mail) and goes_on
    return Row(consent, *look, mail, queries.standing_of(mail) if mail else "", may_resend)
