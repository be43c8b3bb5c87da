"""What the approval page of an executed agreement says, as it was when access was opened, whatever came later."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications.models import Decision, DecisionKind, Submission
from agreements.catalog.models import Role, Subset
from agreements.core.clock import now
from agreements.documents import judgement
from agreements.documents.executed import Approval, Approver, Shown, SignedOriginal
from agreements.documents.models import Form, Inspection
from agreements.grants import places
from agreements.grants.executed.behind import Behind
from agreements.grants.models import Grant
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about

_APPROVALS: Final = frozenset({Kind.APPLICATION_APPROVED, Kind.APPROVAL_GIVEN})


def approval_of(grant: Grant, behind: Behind, *, shown: Shown) -> Approval:
    """Return what the page says of a grant that was approved here; texts are in the active language."""
    submission, issued = behind.submission, behind.issued
    assert submission is not None
    form = submission.form
    opened = entries_about(grant.reference).filter(kind=Kind.GRANT_ISSUED).first()
    starts, ends = _times(grant, opened)
    return Approval(
        dataset_name=grant.dataset.title,
        lab=grant.dataset.organization,
        grant_reference=grant.reference,
        application_reference=grant.application.reference,
        holder=form["name"],
        organization=form["organization"],
        site=places.site_words(_site(form), organization=False),
        approvers=_approvers(submission, grant),
        terms_version=submission.terms.version,
        terms_sha256=submission.terms.sha256,
        subsets=_subsets(grant, opened),
        starts_at=starts,
        ends_at=ends,
        issue=issued.issue_number if issued else 0,
        issued_sha256=issued.document.sha256 if issued else "",
        original=_original(submission, shown),
        record=(opened.sequence, opened.hash) if opened else None,
        made_at=now().astimezone(dt.UTC),
    )


def how_shown(submission: Submission) -> Shown:
    """Return whether the pictures of the signed copy that there are were before the eyes of all who approved it.

    An approval may be given while the copy is still being opened, or by a page from before it was; then it names no
    evidence. And a copy may have been opened anew since.
    """
    given = Decision.objects.filter(submission=submission, kind=DecisionKind.APPROVE).order_by("decided_at")
    drawn = Inspection.objects.filter(document=submission.signed_copy.document).first()
    first = given.first()
    if first is None or drawn is None or drawn.finished_at is None or given.filter(evidence_digest="").exists():
        return Shown.PICTURES
    return Shown.SEEN if drawn.finished_at <= first.decided_at else Shown.PICTURES


def _site(form: dict[str, str]) -> dict[str, str]:
    return {part: form[f"site_{part}"] for part in ("department", "city", "country")}


def _times(grant: Grant, opened: LedgerEntry | None) -> tuple[dt.datetime, dt.datetime | None]:
    """Return from when until when access was given: a renewal, or an early end, changed the grant's own since."""
    if opened is None:
        return grant.starts_at.astimezone(dt.UTC), grant.ends_at.astimezone(dt.UTC) if grant.ends_at else None
    starts, ends = opened.payload["starts"], opened.payload["ends"]
    return _utc(starts), _utc(ends) if ends else None


def _utc(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).astimezone(dt.UTC)


def _subsets(grant: Grant, opened: LedgerEntry | None) -> tuple[str, ...]:
    """Return the titles of the subsets that were given; one that is gone by its short name."""
    if opened is None:
        return tuple(grant.subsets.order_by("title").values_list("title", flat=True))
    given = opened.payload["subsets"]
    titles = dict(Subset.objects.filter(dataset=grant.dataset, slug__in=given).values_list("slug", "title"))
    return tuple(sorted(titles.get(slug, slug) for slug in given))


def _approvers(submission: Submission, grant: Grant) -> tuple[Approver, ...]:
    """Return who approved by their role alone: no paper names the people of the dataset's staff."""
    decisions = Decision.objects.filter(submission=submission, kind=DecisionKind.APPROVE).select_related("reviewer")
    rows = entries_about(submission.application.reference).filter(kind__in=_APPROVALS)
    roles = {entry.actor: entry.role for entry in rows}
    names = {"dataset": grant.dataset.title, "lab": grant.dataset.organization}
    steward = _("%(lab)s, by a steward of %(dataset)s") % names
    reviewer = _("%(lab)s, by a reviewer of %(dataset)s") % names
    return tuple(
        Approver(
            steward if roles.get(each.reviewer.actor.id) == Role.STEWARD else reviewer,
            each.decided_at.astimezone(dt.UTC),
        )
        for each in decisions.order_by("decided_at", "pk")
    )


def _original(submission: Submission, shown: Shown) -> SignedOriginal:
    copy = submission.signed_copy
    inspection = Inspection.objects.filter(document=copy.document).first()
    judged = judgement.from_json(inspection.judgement) if inspection else None
    return SignedOriginal(
        sha256=copy.document.sha256,
        received_at=copy.received_at.astimezone(dt.UTC),
        shown=shown,
        signatures=len(judged.signatures) if judged and shown is not Shown.SEALED else 0,
        is_archive=copy.document.form == Form.PAPERS,
    )
