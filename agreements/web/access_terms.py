"""Loading versions of the terms to be compared, for anyone; and what was decided and answered about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import QuerySet
from django.http import Http404

from agreements.catalog.models import Terms
from agreements.catalog.terms import earlier
from agreements.grants.ends import due
from agreements.grants.models import Grant, TermsCampaign, TermsConsent
from agreements.grants.states import NOT_ENDED
from agreements.grants.terms_change import consenting, messages, reach
from agreements.mail.models import OutboxMessage

T = TypeVar("T")


def before(terms: Terms, version: str = "") -> Terms | None:
    """Return the version that came before one, or the earlier one that an address names; None for the first.

    Http404 where the address names what is no earlier version.
    """
    found = earlier(terms)
    if not version:
        return found.first()
    return _found(found.filter(version=version).first())


def consent(grants: QuerySet[Grant], reference: str, consent_id: int) -> TermsConsent:
    """Return an answer of one of the grants that somebody may see, whose certified page was made."""
    answered = TermsConsent.objects.filter(grant__in=grants.filter(reference=reference), document__isnull=False)
    return _found(answered.select_related("document", "grant", "campaign__terms").filter(pk=consent_id).first())


def asked(grants: Iterable[Grant]) -> dict[int, TermsConsent]:
    """Return the open questions to the holders of some grants, by the key of the grant, with one query."""
    found = reach.open_questions().filter(grant__in=[grant.pk for grant in grants]).select_related("campaign__terms")
    return {consent.grant_id: consent for consent in found}


def questions_about(grant: Grant, *, is_holder: bool) -> dict[str, object]:
    """Return what the page of an access says about its terms: what is asked, and what the holder agreed to since."""
    return {
        "asked": consenting.asked_of(grant),
        "waits_for_terms": grant.state in NOT_ENDED and due.waits_for_terms(grant),
        "agreed": consenting.agreed_of(grant) if is_holder else [],
    }


def file_name(consent: TermsConsent) -> str:
    """Return what the file of such a page is called."""
    return f"{consent.grant.reference}-terms-{consent.campaign.terms.version}.pdf"


def notices(campaign: TermsCampaign) -> QuerySet[OutboxMessage]:
    """Return what holders were mailed about a campaign's question, the newest last."""
    asked = TermsConsent.objects.filter(campaign=campaign)
    kinds = (messages.ASKED, messages.REMINDER, messages.SUSPENDED, messages.AGREED)
    about = OutboxMessage.objects.filter(kind__in=kinds, subject_reference__in=asked.values("grant__reference"))
    return about.filter(created_at__gte=campaign.decided_at).order_by("pk")


def notice(campaign: TermsCampaign, message_id: int) -> OutboxMessage:
    """Return one of them."""
    return _found(notices(campaign).filter(pk=message_id).first())


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
