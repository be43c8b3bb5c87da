"""Under which terms an access was at an earlier moment: what happened then is told by those."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet

from agreements.catalog.models import Terms
from agreements.grants.models import ConsentAnswer, Grant, TermsConsent


def terms_at(grant: Grant, at: dt.datetime) -> Terms:
    """Return the terms of a grant at a moment. Needs `grant.terms`."""
    since = TermsConsent.objects.filter(grant=grant, answer=ConsentAnswer.AGREED, answered_at__gt=at)
    first = since.select_related("previous_terms").order_by("answered_at", "pk").first()
    return first.previous_terms if first is not None else grant.terms


def versions_at(grants: QuerySet[Grant], at: dt.datetime) -> QuerySet[Terms]:
    """Return the terms under which any of the grants was at a moment, those in force last first."""
    since = TermsConsent.objects.filter(grant__in=grants, answer=ConsentAnswer.AGREED, answered_at__gt=at)
    first = {row.grant_id: row.previous_terms_id for row in since.order_by("-answered_at", "-pk")}
    same = grants.exclude(pk__in=since.values("grant")).order_by().values("terms")
    return Terms.objects.filter(Q(pk__in=same) | Q(pk__in=set(first.values()))).order_by("-effective_from", "-pk")
