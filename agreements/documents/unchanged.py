"""Whether what came back is the agreement as it was issued, in words for a reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.documents.inspection import InspectionReport
from agreements.documents.judgement import Judgement
from agreements.documents.page_set import Expected

Said = tuple[Literal["pass", "attention", "fail", "unknown"], str]


def said(report: InspectionReport, expected: Expected) -> Said:
    """Return the outcome and its sentence, for a report of a file that could be opened."""
    if any(page.source for page in report.pages):
        return "attention", _("These are photographs or scans: please compare the text with the agreement by eye.")
    judged = report.judgement
    if judged is None:
        return "unknown", _("The text was not compared with the agreement: please compare it by eye.")
    if judged.certification == "intact" and judged.revision_sha256 != expected.sha256:
        return "fail", _("The file is certified by this portal, but it is not the agreement that was issued here.")
    compared = bool(expected.sha256) and judged.original_sha256 == expected.sha256
    if judged.certification == "intact" or (judged.continues and compared):
        return _continued(judged, compared=compared)
    return _saved_anew(judged, compared=compared)


def details(report: InspectionReport) -> dict[str, Any]:
    """Return what the sentence rests on."""
    judged = report.judgement
    if judged is None:
        return {}
    found = {"certification": judged.certification, "added since": judged.changes, "trouble": judged.trouble}
    if judged.pages_differ is not None:
        found["pages that differ"] = _numbers(judged.pages_differ)
    if judged.pictures:
        found["pages that are pictures"] = _numbers(judged.pictures)
    if judged.unjudged:
        found["not judged"] = ", ".join(judged.unjudged)
    return {name: value for name, value in found.items() if value or name == "pages that differ"}


def _continued(judged: Judgement, *, compared: bool) -> Said:
    """Say what was added behind the bytes that we issued."""
    if judged.pages_differ and compared:
        return "fail", _changed(judged.pages_differ)
    looks = judged.looks_as_issued and compared
    if judged.changes == "none" and (looks or _is_bare(judged)):
        return "pass", _("The file is the agreement as we issued it, with nothing added.")
    if judged.changes == "form-filling" and judged.permits != "nothing" and looks:
        return "pass", (
            _("The file is the agreement as we issued it; only its form was filled in and signed.")
            if judged.signatures
            else _("The file is the agreement as we issued it; only its form was filled in.")
        )
    if judged.changes == "other" or (judged.changes == "form-filling" and judged.permits == "nothing"):
        return _added(judged, compared=compared)
    return "attention", _(
        "The file begins as the agreement that we issued, and was added to in a way that is not judged here: "
        "please compare it with the agreement by eye."
    )


def _is_bare(judged: Judgement) -> bool:
    """Return whether there was nothing to compare: not a byte was added, or none but white space."""
    return judged.pages_differ is None and not (judged.pictures or judged.unjudged or judged.trouble)


def _added(judged: Judgement, *, compared: bool) -> Said:
    looks = judged.pages_differ == () and not judged.pictures and not judged.trouble
    if compared and looks and set(judged.unjudged) <= {"added-part"}:
        return "attention", _(
            "Something was added to the agreement that is not a part of its form; no page looks different here, "
            "but another program may show another: please compare it with the agreement by eye."
        )
    return "fail", _more_was_added()


def _more_was_added() -> str:
    return _("The agreement was changed after it was issued: more was added than its form has room for.")


def _saved_anew(judged: Judgement, *, compared: bool) -> Said:
    """Say what can be seen where our bytes and our certification are gone."""
    differ, pictures = (judged.pages_differ, judged.pictures) if compared else (None, ())
    if pictures and differ is None:
        return "attention", _("The pages were printed and scanned: please compare the text with the agreement by eye.")
    if differ:
        return "fail", _changed(differ)
    if pictures:
        return "attention", ngettext(
            "Page %(pages)s is a picture: please compare it with the agreement by eye. "
            "The others are as we issued them.",
            "Pages %(pages)s are pictures: please compare them with the agreement by eye. "
            "The others are as we issued them.",
            len(pictures),
        ) % {"pages": _numbers(pictures)}
    if differ is None:
        return _not_compared(judged)
    return _looks_as_issued(judged)


def _looks_as_issued(judged: Judgement) -> Said:
    """Say what is to be said where every page was compared and none differs."""
    if judged.unjudged or judged.trouble:
        return "attention", _(
            "A program has saved the file anew, with something in it that is not judged here, such as faint marks, "
            "notes or layers, which not every program shows: please compare it with the agreement by eye."
        )
    if judged.certification == "foreign":
        return "attention", _(
            "The file was certified by somebody else; the text and the look of every page are as we issued them."
        )
    return "pass", _(
        "A program has saved the file anew, so that our certification is lost; "
        "the text and the look of every page are as we issued them."
    )


def _not_compared(judged: Judgement) -> Said:
    if judged.trouble:
        return "unknown", _(
            "The check of the text did not come to an end: please compare it with the agreement by eye."
        )
    if judged.certification == "broken":
        return "attention", _("Our certification is in the file and no longer holds: please compare the text by eye.")
    if judged.certification == "foreign":
        return "attention", _("The file was certified by somebody else: please compare the text by eye.")
    return "attention", _("Our certification is not in the file: please compare the text with the agreement by eye.")


def _changed(pages: Sequence[int]) -> str:
    return ngettext(
        "The agreement was changed after it was issued: page %(pages)s differs.",
        "The agreement was changed after it was issued: pages %(pages)s differ.",
        len(pages),
    ) % {"pages": _numbers(pages)}


def _numbers(pages: Sequence[int]) -> str:
    return ", ".join(map(str, pages))
