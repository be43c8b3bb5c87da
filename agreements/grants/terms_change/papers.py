"""The consent page of one answer: what it says, drawn, certified and stored outside of every transaction."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext as _

from agreements.catalog.models import Terms
from agreements.core.actors import Actor
from agreements.documents import store
from agreements.documents.certificate_data import CitedPaper
from agreements.documents.certifying import certify
from agreements.documents.consent_page import Consent, Version, render_consent
from agreements.documents.models import StoredDocument
from agreements.grants import executed, places
from agreements.grants.ends import due
from agreements.grants.executed.behind import papers_behind
from agreements.grants.models import ConsentAnswer, Grant, TermsConsent
from agreements.people.models import User


def draw(consent: TermsConsent, *, at: dt.datetime, by: Actor) -> StoredDocument:
    """Return the stored page of an agreement that is about to be noted; texts in the active language.

    Not for a transaction. Raises NoSigningKey, NotPossible where the store is out of reach.
    """
    pdf = render_consent(_said(consent, at=at, by=by))
    return store.save(certify(pdf, permits="nothing", reason=_("Consent to new terms")).pdf)


def _said(consent: TermsConsent, *, at: dt.datetime, by: Actor) -> Consent:
    grant = consent.grant
    return Consent(
        dataset_name=grant.dataset.title,
        lab=grant.dataset.organization,
        grant_reference=grant.reference,
        application_reference=grant.application.reference,
        holder=grant.holder_name,
        organization=grant.organization,
        site=places.site_words(grant.site, organization=False),
        signed_in_as=User.objects.get(pk=by.pk).email,
        proven_address=due.address_of(grant),
        agreed_at=at.astimezone(dt.UTC),
        previous=_version(grant.terms),
        agreed=_version(consent.campaign.terms),
        papers=tuple(_papers(grant)),
    )


def _version(terms: Terms) -> Version:
    return Version(terms.version, terms.effective_from, terms.sha256)


def _papers(grant: Grant) -> list[CitedPaper]:
    """Return what proves the agreement: executed, or else as it came back signed; and the consents since."""
    cited: list[CitedPaper] = []
    made, behind = executed.of(grant), papers_behind(grant.application)
    if made is not None and made.document is not None:
        cited.append(CitedPaper(_("executed agreement"), made.document.sha256))
    elif behind.copy is not None:
        name = _("signed copy that was approved") if behind.submission else _("signed agreement that was brought in")
        cited.append(CitedPaper(name, behind.copy.document.sha256))
    agreed = TermsConsent.objects.filter(grant=grant, answer=ConsentAnswer.AGREED, document__isnull=False)
    for earlier in agreed.select_related("document", "campaign__terms").order_by("answered_at", "pk"):
        name = _("consent to version %(version)s") % {"version": earlier.campaign.terms.version}
        assert earlier.document is not None, "asked for those that have one"
        cited.append(CitedPaper(name, earlier.document.sha256))
    return cited
