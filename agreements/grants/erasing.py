"""Erasing who held a grant and what was written about it; the grant, its states, times and downloads stay."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from agreements.catalog.models import Dataset
from agreements.core import erased
from agreements.core.erased import Named
from agreements.documents.models import StoredDocument
from agreements.grants.models import Grant, Renewal, Suspension, TermsConsent
from agreements.grants.states import NOT_ENDED
from agreements.ledger.erased import digests_of


def ended(dataset: Dataset, *, until: dt.datetime) -> QuerySet[Grant]:
    """Return the grants of a dataset that ended before `until`, the oldest end first."""
    over = Grant.objects.filter(dataset=dataset, ended_at__lte=until).exclude(state__in=NOT_ENDED)
    return over.select_related("application", "dataset", "holder").order_by("ended_at", "pk")


def not_ended_of(person_pk: int) -> QuerySet[Grant]:
    """Return the grants of a holder that have not ended."""
    return Grant.objects.filter(holder=person_pk, state__in=NOT_ENDED).order_by("pk")


def consents_of(*grants: Grant) -> list[StoredDocument]:
    """Return the pages that say that the holders of grants agreed to new terms, the oldest first."""
    answered = TermsConsent.objects.filter(grant__in=grants, document__isnull=False).select_related("document")
    return [each.document for each in answered.order_by("pk") if each.document is not None]


def erase(grant: Grant) -> set[str]:
    """Erase a locked grant that has ended; return the digests in the record that nothing opens any more."""
    suspensions = Suspension.objects.filter(grant=grant)
    renewals = Renewal.objects.filter(grant=grant)
    digests = digests_of(
        *suspensions.values_list("reason", "reason_salt"),
        *suspensions.values_list("close_reason", "close_salt"),
        # Closing a suspension was once recorded under the salt of its opening.
        *suspensions.values_list("close_reason", "reason_salt"),
        *renewals.values_list("use", "use_salt"),
    )
    suspensions.update(reason="", reason_salt="", close_reason="", close_salt="")
    renewals.update(use="", use_salt="")
    grant.holder_name = grant.organization = erased.WORD
    grant.organization_key = grant.site_key = ""
    grant.site = {}
    grant.save(update_fields=["holder_name", "organization", "organization_key", "site_key", "site"])
    return digests


def cut_site(grant: Grant, who: Named) -> None:
    """Cut a person out of the name of a colleague's site, such as a laboratory that is called after them."""
    site = who.cut_all(grant.site)
    if site != grant.site:
        grant.site = site
        grant.save(update_fields=["site"])
