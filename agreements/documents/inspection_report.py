"""What an inspection found, and its reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from agreements.documents.judgement import Judgement

Outcome = Literal["ok", "refused", "failed"]

FLAGS: Final = frozenset(
    {
        "javascript",
        "launch",
        "submit-form",
        "import-data",
        "embedded-file",
        "xfa",
        "rich-media",
        "trailing-bytes",
        "no-end",
        "repaired",
        "too-complex",
        "many-fields",
        "long-field",
        "odd-field",
        "two-faced-field",
    }
)

COUNTED: Final = frozenset({"page-count", "file-count"})
# Refusals are about the file and can be cured by whoever sent it; failures are about the check.
REFUSALS: Final = {
    "not-a-pdf": gettext_noop("The file is not a PDF."),
    "header-late": gettext_noop("Something stands before the beginning of the PDF; save it as PDF again."),
    "encrypted": gettext_noop("The PDF is encrypted; save it without a password."),
    "damaged": gettext_noop("The PDF is damaged and could not be opened; scan or export it again."),
    "too-large": gettext_noop("The file is larger than 25 MiB; scan it at a lower resolution."),
    "not-a-bundle": gettext_noop("The files could not be read as they were stored; send them again."),
    "not-a-picture": gettext_noop("It is neither a PDF nor a photograph in JPEG, PNG or HEIC."),
    "picture-damaged": gettext_noop("The photograph is damaged and could not be opened; take it again."),
    "picture-too-large": gettext_noop("The photograph has too many pixels; take it at a lower resolution."),
    "too-many-pages": gettext_noop("Together the files have more pages than are accepted."),
}
FAILURES: Final = {
    "memory": gettext_noop("The check was ended: reading the file took more memory than is allowed."),
    "processor": gettext_noop("The check was ended: reading the file took more processor time than is allowed."),
    "timeout": gettext_noop("The check was ended: reading the file took too long."),
    "flood": gettext_noop("The check was ended: its answer was larger than is allowed."),
    "unreadable": gettext_noop("The check could not read a page of the file."),
    "no-answer": gettext_noop("The inspection service did not answer in time; it may not be running."),
    "killed-the-service": gettext_noop("The check was given up: the inspection service ended twice on this file."),
    "bad-request": gettext_noop("The inspection service did not understand the request."),
    "bad-answer": gettext_noop("The answer of the inspection did not make sense."),
}


@dataclass(frozen=True, slots=True)
class PageFinding:
    """One page: number from 1, size of its picture in pixels, texts of its QR codes (unverified), the picture.

    `source` is the number of the file it was on where several were sent, from 1; 0 for a page of one PDF.
    """

    number: int
    width: int
    height: int
    codes: tuple[str, ...]
    png: bytes = field(repr=False)
    source: int = 0


@dataclass(frozen=True, slots=True)
class InspectionReport:
    """`refused`: the file is not accepted as it is. `failed`: the check did not come to an end, and may be run again.

    `reason` is a sentence for people, empty if `ok`; `reason_code` is the same for programs. `flags` name what was
    found inside (FLAGS). A failed report keeps the pages that were read before the end. `fields` are the texts that
    somebody typed into our blank form, by the names of its fields; of other forms nothing. `judgement` is None where
    there was nothing to judge by; `assembled` is the PDF that several files were put together to, else empty.
    """

    outcome: Outcome
    reason: str
    reason_code: str
    pages: tuple[PageFinding, ...]
    flags: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    judgement: Judgement | None = None
    assembled: bytes = field(default=b"", repr=False)


def ended(
    outcome: Outcome,
    code: str,
    numbers: Mapping[str, int] | None = None,
    *,
    pages: tuple[PageFinding, ...] = (),
    flags: tuple[str, ...] = (),
) -> InspectionReport:
    """Return the report of an inspection that ended with a code of REFUSALS, FAILURES or COUNTED ("" for `ok`)."""
    return InspectionReport(outcome, _reason(code, numbers or {}), code, pages, flags)


def _reason(code: str, numbers: Mapping[str, int]) -> str:
    if not code:
        return ""
    most = numbers.get("most", 0)
    if code == "page-count":
        count = numbers.get("pages", 0)
        said = ngettext(
            "The PDF has %(count)d page; between 1 and %(most)d are accepted.",
            "The PDF has %(count)d pages; between 1 and %(most)d are accepted.",
            count,
        ) % {"count": count, "most": most}
    elif code == "file-count":
        said = _("Between 1 and %(most)d files are accepted at once.") % {"most": most}
    else:
        said = _(REFUSALS.get(code) or FAILURES[code])
    if numbers.get("file"):
        return _("File %(number)d: %(reason)s") % {"number": numbers["file"], "reason": said}
    return said
