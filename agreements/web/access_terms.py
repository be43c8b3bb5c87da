"""Loading versions of the terms to be compared, for anyone; and what was decided and answered about them."""

from __future__ import annotations

from django.http import Http404

from agreements.catalog.models import Terms
from agreements.catalog.terms import earlier


def before(terms: Terms, version: str = "") -> Terms | None:
    """Return the version that came before one, or the earlier one that an address names; None for the first.

    Http404 where the address names what is no earlier version.
    """
    found = earlier(terms)
    if not version:
        return found.first()
    if (named := found.filter(version=version).first()) is None:
        raise Http404
    return named
