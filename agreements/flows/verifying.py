"""Telling whoever holds a file whether it is a paper of ours, unaltered, and in force: for `/verify/` and the command.

What is told rests on bytes that we certified: on nothing that a stranger can make up, such as a page with a copied
code. docs/agreements.md has the table of answers.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from django.utils.translation import gettext as _

from agreements.documents import inspecting, issuing, qr
from agreements.documents.inspection import InspectionReport, inspect, refused_unread
from agreements.documents.inspection_report import ended
from agreements.documents.inspector.frames import Limits
from agreements.documents.judgement import Judgement
from agreements.flows.vouching import answers
from agreements.flows.vouching.answers import Verdict
from agreements.flows.vouching.papers import Beginning, Sort, beginning, find
from agreements.keys import signing_keys

__all__ = ["Beginning", "Verdict", "beginning", "known", "look", "no_pdf", "verify"]

log = logging.getLogger(__name__)

WALL_SECONDS: Final = 20.0
_LIMITS: Final = Limits(cpu_seconds=15)
"""Less than for what an applicant sends: anybody may ask for this, and somebody waits for the page."""


def verify(data: bytes) -> Verdict:
    """Return what is said of a file. Blocks for at most about `WALL_SECONDS`; raises nothing for what a file holds."""
    return known(sha256(data).hexdigest()) or no_pdf(data) or look(data, beginning(data))


def known(digest: str) -> Verdict | None:
    """Return what is said of a file that is ours byte for byte, by its SHA-256 (hex); None of any other. Cheap."""
    paper = find(digest)
    return None if paper is None else _said(answers.unaltered(paper))


def no_pdf(data: bytes) -> Verdict | None:
    """Return what is said of a file that nothing could be looked for in; None of any other. Cheap."""
    refused = refused_unread(data)
    return None if refused is None else _said(_unopened(refused))


def look(data: bytes, began: Beginning | None) -> Verdict:
    """Return what is said of a file that is not ours byte for byte, after `inspect` looked into it.

    `began` is what `beginning` says of it.
    """
    if began is not None and began.paper.sort is not Sort.ISSUED:
        return _said(answers.altered(began=True))  # only an agreement as issued has anything to fill in
    report = _inspected(data, original=data[: began.size] if began else None)
    return _said(_not_as_it_was(report) if began is None else _added_to(began, report))


def _inspected(data: bytes, *, original: bytes | None) -> InspectionReport:
    try:
        return inspect(
            data,
            original=original,
            certificates=signing_keys.trusted(),
            wall_seconds=WALL_SECONDS,
            spool_folder=inspecting.spool_folder(),
            limits=_LIMITS,
            is_urgent=False,
        )
    except OSError as failure:  # the way to the inspector is full, or not there
        log.error("a file to verify could not be handed to the inspector: %s", failure)
        return ended("failed", "no-answer")


def _added_to(began: Beginning, report: InspectionReport) -> Verdict:
    """Return what is said of an agreement as we issued it to which something was added.

    That it began so is known from its bytes; the inspector, which had the file in its hands, is asked for the rest.
    """
    judgement = report.judgement
    if report.outcome == "failed" or (report.outcome == "ok" and judgement is None):
        reason = report.reason or _("The check did not come to an end.")
        return answers.unreadable(reason, is_ours_to_mend=True)
    if judgement is None:
        return answers.altered(began=True)
    if judgement.certification == "foreign":
        return answers.foreign()
    if not _may_be_only_filled_in(judgement, began):
        return answers.altered(began=True)
    if judgement.changes == "unknown" or not judgement.looks_as_issued:
        return answers.unjudged()
    return answers.filled_in(began.paper, judgement)


def _may_be_only_filled_in(judgement: Judgement, began: Beginning) -> bool:
    """Return whether nothing was found but what fills in a form, and every signature holds. Old issues bear none."""
    if judgement.trouble:
        return not judgement.pages_differ
    if judgement.certification not in {"intact", "absent"} or not judgement.continues or judgement.pages_differ:
        return False
    if judgement.certification == "intact" and judgement.revision_sha256 != began.sha256:
        return False
    signed = judgement.signatures
    allowed = {"none", "form-filling"}
    return judgement.changes in {*allowed, "unknown"} and all(one.intact and one.changes in allowed for one in signed)


def _not_as_it_was(report: InspectionReport) -> Verdict:
    """Return what is said of a file that does not begin with a paper of ours."""
    judgement = report.judgement or Judgement()
    if judgement.certification == "intact" and judgement.changes == "none":
        return answers.unknown_paper()
    if judgement.certification in {"intact", "broken"}:
        return answers.altered(began=False)
    if report.outcome != "ok":
        return _unopened(report)
    return answers.foreign() if judgement.certification == "foreign" else _by_codes(report)


def _unopened(report: InspectionReport) -> Verdict:
    if report.reason_code == "not-a-pdf":
        return answers.no_pdf(report.reason)
    return answers.unreadable(report.reason, is_ours_to_mend=report.outcome == "failed")


def _by_codes(report: InspectionReport) -> Verdict:
    texts = [text for page in report.pages for text in page.codes]
    keys = issuing.qr_keys() if texts else {}
    claims = [claim for text in texts if (claim := _claim(text, keys)) is not None]
    if not claims:
        return answers.not_ours()
    return answers.blank_form() if all(claim.application == qr.BLANK for claim in claims) else answers.copy_of_pages()


def _claim(text: str, keys: Mapping[int, bytes]) -> qr.PageCode | None:
    try:
        return qr.parse_and_verify(text, keys)
    except (qr.ForeignCode, qr.ForgedCode):
        return None


def _said(verdict: Verdict) -> Verdict:
    log.info("a file was verified: %s", verdict.outcome)
    return verdict
