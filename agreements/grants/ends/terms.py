"""Whether the terms of a grant are those in force: nobody goes on under earlier ones past the end."""

from __future__ import annotations

from agreements.catalog.models import Terms
from agreements.catalog.terms import NoTerms, in_force
from agreements.grants.models import Grant


def newer_terms(grant: Grant) -> Terms | None:
    """Return the terms now in force if they are not those of a grant: then it cannot be renewed, only replaced."""
    try:
        current = in_force(grant.dataset)
    except NoTerms:
        return None
    return current if current.pk != grant.terms_id else None
