"""What an inspection says about a signed copy: findings for a reviewer, never a verdict.

Pure: a report and what was expected in, findings out. The codes on the pages are believed only as far as their tags,
which are checked here, where the keys are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.documents import signatures_said, unchanged
from agreements.documents.file_order import in_words, order_of
from agreements.documents.inspection import InspectionReport
from agreements.documents.page_set import Expected, judge

__all__ = ["Check", "Expected", "Finding", "Result", "findings", "page_set"]

Check = Literal["structure", "page_set", "unchanged", "signed"]
Result = Literal["pass", "attention", "fail", "unknown"]

# Two sorts: what an agreement has no use for and an attacker has, and what careless software leaves behind.
_ACTIVE = {
    "javascript": gettext_lazy("JavaScript"),
    "launch": gettext_lazy("a command that starts a program"),
    "submit-form": gettext_lazy("a command that sends data"),
    "import-data": gettext_lazy("a command that loads data"),
    "embedded-file": gettext_lazy("an embedded file"),
    "xfa": gettext_lazy("an XFA form"),
    "rich-media": gettext_lazy("embedded media"),
}
_UNTIDY = {
    "trailing-bytes": gettext_lazy("data after its end"),
    "no-end": gettext_lazy("no end mark"),
    "repaired": gettext_lazy("damage that was repaired while reading"),
    "too-complex": gettext_lazy("too many parts to look at all of them"),
    "many-fields": gettext_lazy("too many form fields to look at all of them"),
    "long-field": gettext_lazy("more text in a form field than the form asks for"),
    "odd-field": gettext_lazy("form fields named like ours that are not ours"),
    "two-faced-field": gettext_lazy("a box of the form that looks otherwise on the page than its value says"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check: one plain sentence, and what it rests on as plain JSON values."""

    check: Check
    outcome: Result
    summary: str
    details: dict[str, Any] = field(default_factory=dict)


def findings(report: InspectionReport, expected: Expected) -> list[Finding]:
    """Return the findings `structure`, `page_set`, `unchanged` and `signed`, in this order, for any report."""
    return [_structure(report), page_set(report, expected), _unchanged(report, expected), _signed(report)]


def _structure(report: InspectionReport) -> Finding:
    details = {"pages": len(report.pages), "flags": list(report.flags), "reason": report.reason_code}
    if report.outcome == "refused":
        return Finding("structure", "fail", report.reason, details)
    active = [str(words) for flag, words in _ACTIVE.items() if flag in report.flags]
    untidy = [str(words) for flag, words in _UNTIDY.items() if flag in report.flags]
    if active:
        summary = _("The PDF contains what an agreement does not need: %(things)s.") % {"things": _joined(active)}
        return Finding("structure", "fail", summary, details)
    if report.outcome == "failed":
        return Finding("structure", "unknown", report.reason, details)
    if untidy:
        summary = _("The PDF can be read, but has %(things)s.") % {"things": _joined(untidy)}
        return Finding("structure", "attention", summary, details)
    if any(page.source for page in report.pages):
        summary = _("Only what can be seen on the files was taken from them: the PDF holds a picture of each page.")
        return Finding("structure", "pass", summary, details)
    return Finding("structure", "pass", _("The file is a plain PDF with nothing hidden that was looked for."), details)


def page_set(report: InspectionReport, expected: Expected) -> Finding:
    """Return whether the pages are those that were issued; `unknown` when the file could not be opened."""
    if report.outcome != "ok":
        summary = _("The pages were not checked: %(reason)s") % {"reason": report.reason}
        return Finding("page_set", "unknown", summary, {"reason": report.reason_code})
    judgement = judge([page.codes for page in report.pages], expected)
    sources = [page.source for page in report.pages]
    if not (files := order_of(sources)):
        return Finding("page_set", judgement.outcome, judgement.summary, judgement.details)
    summary = " ".join(filter(None, (judgement.summary, in_words(sources))))
    return Finding("page_set", judgement.outcome, summary, judgement.details | {"files": files})


def _unchanged(report: InspectionReport, expected: Expected) -> Finding:
    if report.outcome != "ok":
        return Finding("unchanged", "unknown", _("The text was not compared: %(reason)s") % {"reason": report.reason})
    outcome, summary = unchanged.said(report, expected)
    return Finding("unchanged", outcome, summary, unchanged.details(report))


def _signed(report: InspectionReport) -> Finding:
    if report.outcome == "refused" or not report.pages:
        return Finding("signed", "unknown", _("There are no pages to look for a signature on."))
    signatures = report.judgement.signatures if report.judgement is not None else ()
    if signatures:
        outcome, summary = signatures_said.said(signatures)
        return Finding("signed", outcome, summary, {"signatures": signatures_said.details(signatures)})
    summary = _("The portal does not recognise handwriting: please look whether it is signed, dated and ticked.")
    return Finding("signed", "attention", summary)


def _joined(things: list[str]) -> str:
    return ", ".join(things)
