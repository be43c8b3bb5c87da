"""The pages that mails on the desk are about: cases and access."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse

from agreements.applications.permissions import cases_visible_to
from agreements.catalog.models import Dataset
from agreements.core.actors import Actor
from agreements.grants import permissions as grant_rules
from agreements.mail.models import OutboxMessage


def addresses(mails: Iterable[OutboxMessage], *, dataset: Dataset, by: Actor) -> dict[str, str]:
    """Return by reference the address of each case and access that somebody may read; what they may not is left out."""
    named = {mail.subject_reference for mail in mails if mail.subject_reference}
    cases = cases_visible_to(by).filter(reference__in=named).values_list("reference", flat=True)
    found = {reference: reverse("review-case", args=[reference]) for reference in cases}
    grants = grant_rules.visible_to(by.person_pk or 0).filter(dataset=dataset, reference__in=named)
    for reference in grants.values_list("reference", flat=True):
        found[reference] = reverse("steward-grant", args=[dataset.slug, reference])
    return found
