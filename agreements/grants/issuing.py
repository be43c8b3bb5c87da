"""Opening access: what an approval gives, in the approval's own transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.utils.translation import gettext as _

from agreements.applications.models import Submission
from agreements.catalog.models import Subset
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.references import GRANT, free_reference
from agreements.grants import lifecycle, places, seals
from agreements.grants.deliverable import deliverable, subsets_by_agreement
from agreements.grants.links import making as links
from agreements.grants.messages import queue_issued
from agreements.grants.models import Grant
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def issue(*, submission: Submission, by: Actor, as_role: str, without: Collection[int] = ()) -> Grant:
    """Return the grant that an approval opens: a seal for the signer, a link per archive, a mail with the links.

    The caller is the approval, which has checked who may, and by which standing. Names,
    site and terms are the frozen submission's. `without`: keys of subsets that are given no more; raises NotPossible if
    nothing is left then.
    """
    with act() as record:
        grant = _create(submission)
        grant.subsets.set(_subsets(grant, without))
        seal = seals.new_seal(grant=grant, person_pk=grant.holder_id)
        record.record(
            Kind.GRANT_ISSUED,
            by=by,
            as_role=as_role,
            subjects=lifecycle.subjects(grant),
            terms=grant.terms.version,
            subsets=sorted(grant.subsets.values_list("slug", flat=True)),
            starts=grant.starts_at.isoformat(),
            ends=grant.ends_at.isoformat() if grant.ends_at else None,
        )
        made = [
            links.create(record, grant=grant, seal=seal, archive=archive, by=by, as_role=as_role)
            for archive in deliverable(grant)
        ]
        queue_issued(grant, links=made)
    return grant


def _subsets(grant: Grant, without: Collection[int]) -> list[Subset]:
    offered = list(subsets_by_agreement(grant))
    given = [subset for subset in offered if subset.pk not in without]
    if offered and not given:
        words = _("Nothing of %(dataset)s is left to give: access to all of it was ended for everybody.")
        raise NotPossible(words % {"dataset": grant.dataset.title})
    return given


def _create(submission: Submission) -> Grant:
    application, form = submission.application, submission.form
    dataset = application.dataset
    starts = now()
    site = {
        "organization": form["organization"],
        "department": form["site_department"],
        "city": form["site_city"],
        "country": form["site_country"],
    }
    return Grant.objects.create(
        reference=free_reference(Grant.objects.all(), prefix=dataset.reference_prefix, kind=GRANT),
        application=application,
        dataset=dataset,
        terms=submission.terms,
        holder=application.applicant,
        holder_name=form["name"],
        organization=form["organization"],
        organization_key=places.organization_key(form["organization"]),
        site=site,
        site_key=places.site_key(site),
        starts_at=starts,
        ends_at=starts + dt.timedelta(days=dataset.grant_days) if dataset.grant_days else None,
    )
