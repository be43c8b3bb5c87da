"""The text of the certificates from top to bottom, as pieces that flow over the pages."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus.flowables import CondPageBreak, Flowable, KeepTogether

from agreements.documents import fonts
from agreements.documents.certificate_data import Attestation, CitedAgreement, Copy, EndedAccess
from agreements.documents.paper_pieces import cell, day, moment, opening, row, section, text
from agreements.documents.typesetting import (
    BODY,
    QUIET,
    ClauseHeading,
    FieldRow,
    Style,
    Text,
)

_NOTE: Final = Style("serif", 9.5, 13.5, QUIET)
_CITED: Final = Style("serif", 9.8, 13.6)
_INDENT: Final = 8 * mm


def end_story(ended: EndedAccess, title: str) -> list[Flowable]:
    """Return the pieces: who certifies, what ended, whose it was, under which clause, what is owed, the agreement."""
    lead = _(
        "%(lab)s, which releases %(dataset)s, certifies that the access named here has ended, to the extent and from "
        "the moment stated."
    ) % {"lab": ended.lab, "dataset": ended.dataset_name}
    return [
        *opening(title, lead),
        *_what(ended),
        *_whose(ended),
        *_clause(ended),
        *_agreement(ended.agreement),
    ]


def destruction_story(ended: EndedAccess, attestation: Attestation, title: str) -> list[Flowable]:
    """Return the pieces: who attested, the statement, the copies, then what ended and the agreement."""
    lead = _(
        "The person named here attested to %(lab)s, which releases %(dataset)s, that their copies are destroyed. "
        "What they stated stands below word for word."
    ) % {"lab": ended.lab, "dataset": ended.dataset_name}
    return [
        *opening(title, lead),
        *_who(attestation),
        *_statement(attestation),
        *_copies(attestation.copies),
        *_what(ended),
        *_whose(ended),
        *_clause(ended, in_full=False),
        *_agreement(ended.agreement),
    ]


def _who(attestation: Attestation) -> list[Flowable]:
    rows: list[Flowable] = [
        row((_("Signed with the name"), attestation.name), (_("As"), attestation.standing)),
        row(
            (_("Signed in as"), attestation.email),
            (_("Attested"), moment(attestation.attested_at)),
        ),
    ]
    if attestation.known_as:
        rows.append(row((_("Name on the agreement"), attestation.known_as), (_("Due by"), day(attestation.due_on))))
    else:
        rows.append(row((_("Due by"), day(attestation.due_on))))
    return [KeepTogether([section(_("Attested by")), *rows])]


def _statement(attestation: Attestation) -> list[Flowable]:
    pieces: list[Flowable] = [CondPageBreak(40 * mm), section(_("Statement"))]
    pieces += [text(line, BODY, below=1.6 * mm) for line in attestation.statement.splitlines() if line.strip()]
    if attestation.remark.strip():
        pieces += [CondPageBreak(30 * mm), section(_("Remark")), text(attestation.remark, BODY)]
    return pieces


def _copies(copies: tuple[Copy, ...]) -> list[Flowable]:
    title, rows = section(_("Downloads on record")), [_copy(copy) for copy in copies]
    if not rows:
        none = _("No download by this person is on record under what ended. The statement covers every copy.")
        return [KeepTogether([title, Text(none, BODY)])]
    note = Text(_("The archives of which this person began a download under what ended."), _NOTE, below=2 * mm)
    return [KeepTogether([title, note, *rows[:2]]), *rows[2:]]


def _copy(copy: Copy) -> Flowable:
    name = _("%(name)s, version %(version)d") % {"name": copy.name, "version": copy.version}
    first, last = day(copy.first_on), day(copy.last_on)
    days = first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
    return row((copy.subset, name), (_("Downloaded"), days))


def _what(ended: EndedAccess) -> list[Flowable]:
    ended_by = FieldRow([cell(_("Ended by"), ended.by, share=2.0)])
    if ended.destroy_by is not None:
        until = cell(_("Copies to be destroyed by"), day(ended.destroy_by))
        ended_by = FieldRow([cell(_("Ended by"), ended.by, share=2.0), until])
    rows: list[Flowable] = [
        row((_("Dataset"), ended.dataset_name), (_("Procedure"), ended.procedure_reference)),
        row((_("Access"), ended.grant_reference), (_("Application"), ended.application_reference)),
        row((_("What of it ended"), ended.extent), (_("Ended at"), moment(ended.ended_at))),
        ended_by,
    ]
    return [KeepTogether([section(_("What ended")), *rows])]


def _whose(ended: EndedAccess) -> list[Flowable]:
    rows: list[Flowable] = [
        row((_("Held by"), ended.holder), (_("Organization"), ended.organization)),
    ]
    if ended.site:
        rows.append(row((_("Site"), ended.site)))
    return [KeepTogether([section(_("Whose access it was")), *rows])]


def _clause(ended: EndedAccess, *, in_full: bool = True) -> list[Flowable]:
    if ended.clause is None:
        return []
    number, clause = ended.clause
    title = section(_("Under this clause of the terms, version %(version)s") % _version(ended.agreement))
    heading = ClauseHeading(number, fonts.printable(clause.heading), clause.id, indent=_INDENT)
    if not in_full:
        return [KeepTogether([title, heading])]
    texts: list[Flowable] = [text(words, _CITED, indent=_INDENT, below=1.2 * mm) for words in clause.paragraphs]
    return [KeepTogether([title, heading, *texts[:1]]), *texts[1:]]


def _agreement(agreement: CitedAgreement) -> list[Flowable]:
    terms = _("SHA-256 of the terms, version %(version)s") % _version(agreement)
    rows: list[Flowable] = [row((terms, agreement.terms_sha256))]
    rows += [row((_("SHA-256 of the %(paper)s") % {"paper": one.name}, one.sha256)) for one in agreement.papers]
    return [KeepTogether([section(_("The agreement that this is about")), *rows])]


def _version(agreement: CitedAgreement) -> dict[str, str]:
    return {"version": agreement.terms_version}
