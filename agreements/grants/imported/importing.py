"""Access from the time before this portal: suspended until its holder confirms it, without seal and links."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.applications.models import Submission
from agreements.catalog.models import Dataset, Subset
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.references import GRANT, free_reference
from agreements.grants import lifecycle, places
from agreements.grants.models import Cause, Grant, GrantState
from agreements.grants.permissions import Standing
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def bring_in(
    *,
    submission: Submission,
    subsets: Sequence[Subset],
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    by: Actor,
) -> Grant:
    """Return the grant, suspended, in the caller's transaction; the caller checks who may, and mails the holder."""
    application = submission.application
    site = {
        "organization": application.organization,
        "department": application.site_department,
        "city": application.site_city,
        "country": application.site_country,
    }
    with act() as record:
        grant = Grant.objects.create(
            reference=free_reference(Grant.objects.all(), prefix=application.dataset.reference_prefix, kind=GRANT),
            application=application,
            dataset=application.dataset,
            terms=submission.terms,
            holder=application.applicant,
            holder_name=application.name,
            organization=application.organization,
            organization_key=places.organization_key(application.organization),
            site=site,
            site_key=places.site_key(site),
            starts_at=starts_at,
            ends_at=ends_at,
            imported_at=now(),
        )
        grant.subsets.set(subsets)
        record.record(
            Kind.GRANT_IMPORTED,
            by=by,
            as_role=Standing.SYSTEM,
            subjects=lifecycle.subjects(grant),
            terms=grant.terms.version,
            subsets=sorted(subset.slug for subset in subsets),
            starts=starts_at.isoformat(),
            ends=ends_at.isoformat() if ends_at else None,
            signed_copy_sha256=submission.signed_copy.document.sha256,
        )
        # It never opens anything before this transaction ends.
        reason = _("Brought in from the time before this portal; its holder has not confirmed it yet.")
        lifecycle.suspend(grant=grant, by=by, cause=Cause.UNCONFIRMED, reason=reason)
        grant.refresh_from_db(fields=["state"])
    return grant


def imported(dataset: Dataset) -> QuerySet[Grant]:
    """Return what was brought in, in the order of the names."""
    found = Grant.objects.filter(dataset=dataset, imported_at__isnull=False)
    return found.select_related("dataset", "terms", "holder", "application").order_by("holder_name", "pk")


def waiting(dataset: Dataset) -> QuerySet[Grant]:
    """Return what was brought in and waits for its holder's word: `is_waiting` as a query."""
    return imported(dataset).filter(confirmed_at=None, state=GrantState.SUSPENDED)


def is_waiting(grant: Grant) -> bool:
    """Return whether a grant was brought in and waits for its holder's word: neither confirmed nor over."""
    waits = grant.imported_at is not None and grant.confirmed_at is None
    return waits and grant.state == GrantState.SUSPENDED


def notes(grants: Iterable[Grant]) -> dict[int, str]:
    """Return the note that came with each grant, by its application's key, where there is one."""
    handed_in = Submission.objects.filter(application__in=[grant.application_id for grant in grants], number=1)
    found = dict(handed_in.values_list("application_id", "form__note"))
    return {pk: str(note) for pk, note in found.items() if note}
