"""Whether the pages that came back are the pages that were issued: all of them, in order, and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.documents import qr

Outcome = Literal["pass", "attention", "fail"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What was issued last for the application, the keys of page codes by number, and the SHA-256 of its file."""

    application: str
    terms_version: str
    issue: int
    pages: int
    keys: Mapping[int, bytes] = field(repr=False)
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The most serious problem in one sentence; `details` has all `problems`, and what each of the `pages` said."""

    outcome: Outcome
    summary: str
    details: dict[str, Any]


@dataclass(slots=True)
class _Sheet:
    """One page of the upload: where it lies, and what its codes say once verified."""

    position: int
    claims: list[qr.PageCode] = field(default_factory=list)
    forged: bool = False


def judge(codes: Sequence[Iterable[str]], expected: Expected) -> Judgement:
    """Judge the unverified code texts of each page, in the order of the pages."""
    sheets = [_read(position, texts, expected.keys) for position, texts in enumerate(codes, start=1)]
    fails = [*_strangers(sheets, expected), *_gaps(sheets, expected, certain=True)]
    attentions = [
        *_blank_form(sheets, expected),
        *_gaps(sheets, expected, certain=False),
        *_order(sheets, expected),
        *_unread(sheets),
    ]
    details = {"pages": [_described(sheet) for sheet in sheets], "problems": [*fails, *attentions]}
    if fails:
        return Judgement("fail", fails[0], details)
    if attentions:
        return Judgement("attention", attentions[0], details)
    summary = ngettext(
        "The page is the newest issue of this application.",
        "All %(count)d pages of the newest issue are there, in order.",
        expected.pages,
    ) % {"count": expected.pages}
    return Judgement("pass", summary, details)


def is_of(described: Mapping[str, Any], application: str) -> bool:
    """Return whether a page, as it stands in `details`, claims to be of an application, or of no one's blank form."""
    return described.get("application") in {qr.field(application), qr.BLANK}


def _read(position: int, texts: Iterable[str], keys: Mapping[int, bytes]) -> _Sheet:
    sheet = _Sheet(position)
    for text in texts:
        try:
            claim = qr.parse_and_verify(text, keys)
        except qr.ForeignCode:
            continue  # a code of somebody else, on their letterhead perhaps
        except qr.ForgedCode:
            sheet.forged = True
        else:
            if claim not in sheet.claims:
                sheet.claims.append(claim)
    return sheet


def _strangers(sheets: list[_Sheet], expected: Expected) -> list[str]:
    problems = []
    for sheet in sheets:
        at = {"position": sheet.position}
        if sheet.forged:
            problems.append(_("Page %(position)d carries a code that this portal did not make.") % at)
        if len(sheet.claims) > 1:
            problems.append(_("Page %(position)d carries the codes of several pages.") % at)
        problems += [
            problem % (at | {"terms": claim.terms, "issue": claim.issue, "newest": expected.issue})
            for claim in sheet.claims
            if (problem := _foreign(claim, expected))
        ]
    return problems


def _foreign(claim: qr.PageCode, expected: Expected) -> str:
    """Return what is wrong with a genuine page of ours, as a sentence with places to fill, or nothing."""
    if claim.application not in {qr.field(expected.application), qr.BLANK}:
        return _("Page %(position)d belongs to another application.")
    if claim.terms != qr.field(expected.terms_version):
        return _("Page %(position)d is of terms version %(terms)s, not of the version applied for.")
    if claim.application == qr.BLANK:
        return ""
    if claim.issue < expected.issue:
        return _("Page %(position)d is of issue %(issue)d; the newest is issue %(newest)d.")
    if claim.issue > expected.issue or claim.pages != expected.pages:
        return _("Page %(position)d does not fit what was issued.")
    return ""


def _numbers(sheets: list[_Sheet], expected: Expected) -> list[int]:
    """Return the page numbers that the fitting pages claim, in the order in which they lie."""
    return [
        claim.page
        for sheet in sheets
        if not sheet.forged and len(sheet.claims) == 1
        for claim in sheet.claims
        if not _foreign(claim, expected)
    ]


def _gaps(sheets: list[_Sheet], expected: Expected, *, certain: bool) -> list[str]:
    """Return the missing pages: certainly so, or perhaps among the pages whose code could not be read."""
    blank = [claim.pages for sheet in sheets for claim in sheet.claims if claim.application == qr.BLANK]
    wanted = range(1, (max(blank) if blank else expected.pages) + 1)
    missing = sorted(set(wanted) - set(_numbers(sheets, expected)))
    unread = sum(1 for sheet in sheets if not sheet.claims and not sheet.forged)
    if not missing or certain == bool(unread):
        return []
    if len(missing) == len(wanted) > 1:
        return [_none(len(wanted), certain=certain)]
    which = {"pages": ", ".join(map(str, missing))}
    if not certain:
        return [
            ngettext(
                "Page %(pages)s was not found, or its code could not be read.",
                "Pages %(pages)s were not found, or their codes could not be read.",
                len(missing),
            )
            % which
        ]
    return [ngettext("Page %(pages)s is missing.", "Pages %(pages)s are missing.", len(missing)) % which]


def _none(count: int, *, certain: bool) -> str:
    """Say that not one of the pages is there, of two or more."""
    if certain:
        return _("None of the %(count)d pages of the agreement is there.") % {"count": count}
    return _("None of the %(count)d pages of the agreement was found, or their codes could not be read.") % {
        "count": count
    }


def _order(sheets: list[_Sheet], expected: Expected) -> list[str]:
    numbers = _numbers(sheets, expected)
    twice = sorted(number for number, count in Counter(numbers).items() if count > 1)
    problems = [_("Page %(page)d is there more than once.") % {"page": number} for number in twice]
    if list(dict.fromkeys(numbers)) != sorted(set(numbers)):
        problems.append(_("The pages are in the order %(order)s.") % {"order": ", ".join(map(str, numbers))})
    return problems


def _unread(sheets: list[_Sheet]) -> list[str]:
    positions = [str(sheet.position) for sheet in sheets if not sheet.claims and not sheet.forged]
    if not positions:
        return []
    return [
        ngettext(
            "No code of this portal could be read on page %(pages)s.",
            "No code of this portal could be read on pages %(pages)s.",
            len(positions),
        )
        % {"pages": ", ".join(positions)}
    ]


def _blank_form(sheets: list[_Sheet], expected: Expected) -> list[str]:
    if any(claim.application == qr.BLANK for sheet in sheets for claim in sheet.claims):
        return [_("The blank form was used, which names nobody: please compare what is written on it.")]
    return []


def _described(sheet: _Sheet) -> dict[str, Any]:
    if sheet.forged:
        return {"position": sheet.position, "code": "forged"}
    if not sheet.claims:
        return {"position": sheet.position, "code": "none"}
    claim = sheet.claims[0]
    return {
        "position": sheet.position,
        "code": "ours",
        "application": claim.application,
        "terms": claim.terms,
        "issue": claim.issue,
        "page": claim.page,
        "pages": claim.pages,
    }
