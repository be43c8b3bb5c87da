"""The last page of an executed agreement: who signed, who approved, when, what was granted, and on which papers.

It is made once and stored; the ledger has the SHA-256 of the whole. Characters that no font has are written out as
codes: when it is made, nobody is there to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.platypus.flowables import Flowable, KeepTogether

from agreements.documents import fonts
from agreements.documents.page_furniture import Furniture, build, verifiable
from agreements.documents.paper_pieces import cell, moment, opening, row, section, text
from agreements.documents.typesetting import QUIET, FieldRow, Style

_NOTE: Final = Style("serif", 9.5, 13.5, QUIET)


class Shown(StrEnum):
    """How the signed copy is in the pages before."""

    SEEN = "seen"
    """In the pictures that were on the page on which it was approved."""
    PICTURES = "pictures"
    """In pictures that were drawn since, or drawn anew."""
    SEALED = "sealed"
    """As it was signed in the browser and sealed, the agreement and the page of the signature."""
    MISSING = "missing"
    """Not at all: it could not be opened, and was approved all the same."""


@dataclass(frozen=True, slots=True)
class Approver:
    """Who approved, in words, and when (UTC)."""

    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignedOriginal:
    """The signed copy as it came, of which the pages before are no more than a likeness. `received_at` is in UTC.

    `signatures`: how many digital signatures are in it. `is_archive`: it came as several files, kept in one.
    """

    sha256: str
    received_at: datetime
    shown: Shown
    signatures: int = 0
    is_archive: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """What the page says. Moments are in UTC; `ends_at` None means until it is ended.

    `issue` is the number of the agreement as it was issued, 0 for the blank form, which has no `issued_sha256`.
    `record` is the row of the record that opened the access: its number and its hash.
    """

    dataset_name: str
    lab: str
    grant_reference: str
    application_reference: str
    holder: str
    organization: str
    site: str
    approvers: tuple[Approver, ...]
    terms_version: str
    terms_sha256: str
    subsets: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime | None
    issue: int
    issued_sha256: str
    original: SignedOriginal
    record: tuple[int, str] | None
    made_at: datetime


def render_approval(approval: Approval) -> bytes:
    """Return the page as a PDF, texts in the active language. The same values give the same bytes."""
    title = _("Approval")
    furniture = Furniture(
        dataset_name=fonts.printable(approval.dataset_name),
        kind=_("Executed agreement"),
        identity=_("Access %(access)s · application %(application)s · approved %(date)s")
        % {
            "access": approval.grant_reference,
            "application": approval.application_reference,
            "date": date_format(approval.approvers[-1].at, "j F Y"),
        },
        fingerprint=verifiable(),
        page_name=_("Approval page"),
    )
    return build(_story(approval, title), furniture, title=f"{title}: {approval.grant_reference}")


def _story(approval: Approval, title: str) -> list[Flowable]:
    lead = _(
        "%(lab)s, which releases %(dataset)s, approved this agreement. The pages before are the agreement and how it "
        "was signed; this page states that the lab approved it, when, and for what. The portal certifies it: nobody of "
        "the lab signs by hand."
    ) % {"lab": approval.lab, "dataset": approval.dataset_name}
    return [*opening(title, lead), *_parties(approval), *_granted(approval), *_papers(approval)]


def _parties(approval: Approval) -> list[Flowable]:
    rows: list[Flowable] = [
        row((_("Holder of the access"), approval.holder), (_("Organization"), approval.organization)),
    ]
    if approval.site:
        rows.append(row((_("Site"), approval.site)))
    rows += [
        FieldRow([cell(_("Approved by"), each.words, share=2.0), cell(_("Approved at"), moment(each.at))])
        for each in approval.approvers
    ]
    return [KeepTogether([section(_("Parties")), *rows])]


def _granted(approval: Approval) -> list[Flowable]:
    until = moment(approval.ends_at) if approval.ends_at else _("until it is ended")
    rows: list[Flowable] = [
        row((_("Access"), approval.grant_reference), (_("Application"), approval.application_reference)),
        row((_("Dataset"), approval.dataset_name), (_("Subsets"), ", ".join(approval.subsets))),
        row((_("From"), moment(approval.starts_at)), (_("Until"), until)),
    ]
    return [KeepTogether([section(_("What was granted")), *rows])]


def _papers(approval: Approval) -> list[Flowable]:
    terms = _("SHA-256 of the terms, version %(version)s") % {"version": approval.terms_version}
    rows: list[Flowable] = [row((terms, approval.terms_sha256))]
    if approval.issued_sha256:
        issued = _("SHA-256 of the agreement as it was issued, issue %(number)d") % {"number": approval.issue}
        rows.append(row((issued, approval.issued_sha256)))
    rows.append(row((_("SHA-256 of the signed copy as it came"), approval.original.sha256)))
    if approval.record is not None:
        sequence, digest = approval.record
        rows.append(row((_("Row %(number)d of the record, by its hash") % {"number": sequence}, digest)))
    notes = [text(words, _NOTE, below=4.0) for words in _notes(approval)]
    return [KeepTogether([section(_("The papers that this rests on")), *rows, *notes])]


def _notes(approval: Approval) -> list[str]:
    """Return what is to be known about the pages before, a sentence or two for each thing."""
    original = approval.original
    names = {"received": moment(original.received_at), "made": moment(approval.made_at), "lab": approval.lab}
    shown = {
        Shown.SEEN: _(
            "The signed copy came in on %(received)s. It is shown here in pictures, as whoever approved it saw it; the "
            "file itself is kept beside this one."
        ),
        Shown.PICTURES: _(
            "The signed copy came in on %(received)s. It is shown here in pictures that the portal drew of it; "
            "whoever approved it may not have seen them. The file itself is kept beside this one."
        ),
        Shown.SEALED: _(
            "The agreement was signed in the portal on %(received)s. The pages before are those that were sealed then; "
            "the sealed file itself is kept beside this one."
        ),
        Shown.MISSING: _(
            "The signed copy came in on %(received)s. It could not be shown in pictures: its pages are not in this "
            "file. It is kept beside this one, and is known by its SHA-256."
        ),
    }
    notes = [shown[original.shown] % names]
    if original.is_archive:
        notes.append(_("It came as several files: the SHA-256 is that of the archive (ZIP) in which they are kept."))
    if original.signatures:
        notes.append(
            _(
                "It was signed digitally. Pictures do not keep such a signature: it is proven by that file alone, "
                "which nothing was added to."
            )
        )
    if not approval.issued_sha256 and original.shown is not Shown.SEALED:
        notes.append(_("The blank form was used: nothing was filled in by the portal."))
    return [*notes, _("This file was put together on %(made)s and is certified by the portal.") % names]
