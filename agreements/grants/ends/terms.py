"""Whether a grant can go on under its terms: nobody does past its end, unless the steward left it as it is."""

from __future__ import annotations

from agreements.catalog.models import Terms
from agreements.catalog.terms import in_force_or_none, is_later
from agreements.grants.models import Grant, TermsCampaign, TermsChoice
from agreements.grants.terms_change import reach


def newer_terms(grant: Grant) -> Terms | None:
    """Return the terms under which alone a grant can go on past its end, or None where it can under its own.

    None where they are the newest in force, or where the steward decided that running access goes on as it is and no
    decision before had ended its grace. See `to_agree` for whether its holder is asked to agree to them; else they
    apply anew.
    """
    current = in_force_or_none(grant.dataset)
    if current is None or not is_later(current, grant.terms):
        return None
    decided = _decided(grant)
    if decided is None or is_later(current, decided.terms):
        return current  # nothing was decided about those that are in force
    if decided.choice == TermsChoice.KEEP:
        return to_agree(grant)
    return decided.terms


def to_agree(grant: Grant) -> Terms | None:
    """Return the terms that the holder of a grant is asked to agree to, or will be within moments."""
    decided = _decided(grant)
    if decided is None:
        return None
    is_asked = reach.open_questions().filter(grant=grant).exists()
    return decided.terms if is_asked or reach.to_ask(decided).filter(pk=grant.pk).exists() else None


def _decided(grant: Grant) -> TermsCampaign | None:
    decided = TermsCampaign.objects.filter(dataset=grant.dataset_id, ended_at=None)
    return decided.select_related("terms").first()
