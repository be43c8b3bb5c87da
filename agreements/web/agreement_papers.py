"""The papers behind an access, as lines of a page: what both sides signed, the signed copy, the agreement as issued."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.applications.models import Application
from agreements.documents.models import Form, StoredDocument
from agreements.documents.papers import as_one_pdf
from agreements.grants import executed
from agreements.grants.executed.behind import Behind, papers_behind
from agreements.grants.executed.making import why_waiting
from agreements.grants.models import ExecutedAgreement, Grant


class Sort(StrEnum):
    EXECUTED = "executed"
    SIGNED = "signed"
    FILES = "files"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Line:
    """One paper: its title, where it is fetched ("" for nowhere), what is to be known of it, its SHA-256 if known.

    The SHA-256 is of the very file that is fetched there.
    """

    title: str
    url: str
    note: str
    sha256: str = ""
    file: str = "PDF"


def own(grant: Grant) -> list[Line]:
    """Return the papers that there are, as its holder reads of them on the page of the access."""
    names = {
        Sort.EXECUTED: "grant-agreement",
        Sort.SIGNED: "grant-signed",
        Sort.FILES: "grant-signed-files",
        Sort.ISSUED: "grant-issued",
    }
    return _lines(grant, address=lambda sort: reverse(names[sort], args=[grant.reference]), for_staff=False)


def managed(grant: Grant) -> list[Line]:
    """Return the papers that there are, as the desk of its dataset reads of them."""
    names = {
        Sort.EXECUTED: "steward-agreement",
        Sort.SIGNED: "steward-signed",
        Sort.FILES: "steward-signed-files",
        Sort.ISSUED: "steward-issued",
    }
    about = [grant.dataset.slug, grant.reference]
    return _lines(grant, address=lambda sort: reverse(names[sort], args=about), for_staff=True)


def of_case(application: Application) -> list[Line]:
    """Return the papers of the access that a case led to, as whoever reads the case sees them; none before that."""
    grant = grant_of(application)
    if grant is None:
        return []
    names = {
        Sort.EXECUTED: "review-agreement",
        Sort.SIGNED: "review-original",
        Sort.FILES: "review-original-files",
        Sort.ISSUED: "review-issued",
    }
    return _lines(grant, address=lambda sort: reverse(names[sort], args=[application.reference]), for_staff=True)


def grant_of(application: Application) -> Grant | None:
    """Return the access that an application led to, if it led to one."""
    return Grant.objects.select_related("application", "dataset").filter(application=application).first()


def _lines(grant: Grant, *, address: Callable[[Sort], str], for_staff: bool) -> list[Line]:
    """`address` says where each is fetched; staff read what is amiss."""
    found = []
    behind = papers_behind(grant.application)
    if (row := executed.of(grant)) is not None:
        found.append(_executed(row, address(Sort.EXECUTED), for_staff=for_staff))
    if behind.copy is not None:
        found += _signed(behind, address, for_staff=for_staff)
    if behind.issued is not None:
        title = _("Agreement as it was issued")
        found.append(_line(title, behind.issued.document, address(Sort.ISSUED), ""))
    return found


def _signed(behind: Behind, address: Callable[[Sort], str], *, for_staff: bool) -> list[Line]:
    """Return the signed copy: one PDF; or the files that came, and the PDF that was put together of them."""
    assert behind.copy is not None, "asked for"
    document = behind.copy.document
    if behind.browser is not None:
        title = _("Agreement as it was signed in the portal")
    elif document.form == Form.PAPERS:
        title = _("The files as they were sent") if for_staff else _("The files as you sent them")
        found = [_line(title, document, address(Sort.FILES), "", file="ZIP")]
        if document.erased_at is None and (made := as_one_pdf(document)) is not None:
            note = _("put together by this portal of the files that were sent")
            found.append(_line(_("Their pages as one file"), made, address(Sort.SIGNED), note))
        return found
    else:
        title = _("Signed copy as it came") if for_staff else _("Your signed copy as you sent it")
    return [_line(title, document, address(Sort.SIGNED), "")]


def _executed(row: ExecutedAgreement, url: str, *, for_staff: bool) -> Line:
    title = _("Executed agreement, approved by the lab and certified by this portal")
    if row.document is None or row.made_at is None:
        why = why_waiting(row) if for_staff else ""
        return Line(title, "", why or _("It is being put together, and will be here soon."))
    made = date_format(timezone.localtime(row.made_at), "DATE_FORMAT")
    return _line(title, row.document, url, _("made on %(date)s, certified by this portal") % {"date": made})


def _line(title: str, document: StoredDocument, url: str, note: str, *, file: str = "PDF") -> Line:
    if document.erased_at is not None:
        on = date_format(timezone.localtime(document.erased_at), "DATE_FORMAT")
        return Line(title, "", _("erased on %(date)s") % {"date": on}, document.sha256, file)
    return Line(title, url, note, document.sha256, file)
