"""Whether a grant can go on under its terms: nobody does past its end, unless the steward left it as it is."""

from __future__ import annotations

from agreements.catalog.models import Terms
from agreements.catalog.terms import NoTerms, in_force, is_later
from agreements.grants.models import Grant, TermsCampaign, TermsChoice, TermsConsent


def newer_terms(grant: Grant) -> Terms | None:
    """Return the terms under which alone a grant can go on past its end, or None where it can under its own.

    None where they are the newest in force, or where the steward decided that running access goes on as it is. See
    `to_agree` for whether its holder is asked to agree to them; else they apply anew.
    """
    try:
        current = in_force(grant.dataset)
    except NoTerms:
        return None
    if not is_later(current, grant.terms):
        return None
    decided = _decided(grant)
    if decided is None or is_later(current, decided.terms):
        return current  # nothing was decided about those that are in force
    if decided.choice == TermsChoice.KEEP:
        return None
    return decided.terms


def to_agree(grant: Grant) -> Terms | None:
    """Return the terms that the holder of a running grant is asked to agree to, or will be within moments."""
    decided = _decided(grant)
    if decided is None or not is_later(decided.terms, grant.terms):
        return None
    if decided.choice == TermsChoice.ASK:
        return decided.terms
    # Where access is left as it is, only what an earlier decision had suspended is asked.
    return decided.terms if TermsConsent.objects.filter(campaign=decided, grant=grant).exists() else None


def _decided(grant: Grant) -> TermsCampaign | None:
    decided = TermsCampaign.objects.filter(dataset=grant.dataset_id, ended_at=None)
    return decided.select_related("terms").first()
