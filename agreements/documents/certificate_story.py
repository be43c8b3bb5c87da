"""The text of the certificates from top to bottom, as pieces that flow over the pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus.flowables import CondPageBreak, Flowable, KeepTogether

from agreements.documents import fonts
from agreements.documents.certificate_data import Attestation, CitedAgreement, Copy, EndedAccess
from agreements.documents.typesetting import (
    ACCENT,
    BODY,
    QUIET,
    Cell,
    ClauseHeading,
    FieldRow,
    SectionTitle,
    Style,
    Text,
)

_TITLE: Final = Style("serif-bold", 25.0, 30.0, ACCENT)
_LEAD: Final = Style("serif", 11.5, 16.5)
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
        *_opening(title, lead),
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
        *_opening(title, lead),
        *_who(attestation),
        *_statement(attestation),
        *_copies(attestation.copies),
        *_what(ended),
        *_whose(ended),
        *_clause(ended, in_full=False),
        *_agreement(ended.agreement),
    ]


def _opening(title: str, lead: str) -> list[Flowable]:
    return [Text(title, _TITLE, below=2 * mm), _text(lead, _LEAD)]


def _who(attestation: Attestation) -> list[Flowable]:
    rows: list[Flowable] = [
        _row((_("Signed with the name"), attestation.name), (_("As"), attestation.standing)),
        _row(
            (_("Signed in as"), attestation.email),
            (_("Attested"), _moment(attestation.attested_at)),
        ),
    ]
    if attestation.known_as:
        rows.append(_row((_("Name on the agreement"), attestation.known_as), (_("Due by"), _day(attestation.due_on))))
    else:
        rows.append(_row((_("Due by"), _day(attestation.due_on))))
    return [KeepTogether([_title(_("Attested by")), *rows])]


def _statement(attestation: Attestation) -> list[Flowable]:
    pieces: list[Flowable] = [CondPageBreak(40 * mm), _title(_("Statement"))]
    pieces += [_text(line, BODY, below=1.6 * mm) for line in attestation.statement.splitlines() if line.strip()]
    if attestation.remark.strip():
        pieces += [CondPageBreak(30 * mm), _title(_("Remark")), _text(attestation.remark, BODY)]
    return pieces


def _copies(copies: tuple[Copy, ...]) -> list[Flowable]:
    title, rows = _title(_("Downloads on record")), [_copy(copy) for copy in copies]
    if not rows:
        none = _("No download by this person is on record under what ended. The statement covers every copy.")
        return [KeepTogether([title, Text(none, BODY)])]
    note = Text(_("The archives of which this person began a download under what ended."), _NOTE, below=2 * mm)
    return [KeepTogether([title, note, *rows[:2]]), *rows[2:]]


def _copy(copy: Copy) -> Flowable:
    name = _("%(name)s, version %(version)d") % {"name": copy.name, "version": copy.version}
    first, last = _day(copy.first_on), _day(copy.last_on)
    days = first if first == last else _("%(first)s to %(last)s") % {"first": first, "last": last}
    return _row((copy.subset, name), (_("Downloaded"), days))


def _what(ended: EndedAccess) -> list[Flowable]:
    ended_by = FieldRow([_cell(_("Ended by"), ended.by, share=2.0)])
    if ended.destroy_by is not None:
        until = _cell(_("Copies to be destroyed by"), _day(ended.destroy_by))
        ended_by = FieldRow([_cell(_("Ended by"), ended.by, share=2.0), until])
    rows: list[Flowable] = [
        _row((_("Dataset"), ended.dataset_name), (_("Procedure"), ended.procedure_reference)),
        _row((_("Access"), ended.grant_reference), (_("Application"), ended.application_reference)),
        _row((_("What of it ended"), ended.extent), (_("Ended at"), _moment(ended.ended_at))),
        ended_by,
    ]
    return [KeepTogether([_title(_("What ended")), *rows])]


def _whose(ended: EndedAccess) -> list[Flowable]:
    rows: list[Flowable] = [
        _row((_("Held by"), ended.holder), (_("Organization"), ended.organization)),
    ]
    if ended.site:
        rows.append(_row((_("Site"), ended.site)))
    return [KeepTogether([_title(_("Whose access it was")), *rows])]


def _clause(ended: EndedAccess, *, in_full: bool = True) -> list[Flowable]:
    if ended.clause is None:
        return []
    number, clause = ended.clause
    title = _title(_("Under this clause of the terms, version %(version)s") % _version(ended.agreement))
    heading = ClauseHeading(number, fonts.printable(clause.heading), clause.id, indent=_INDENT)
    if not in_full:
        return [KeepTogether([title, heading])]
    texts: list[Flowable] = [_text(words, _CITED, indent=_INDENT, below=1.2 * mm) for words in clause.paragraphs]
    return [KeepTogether([title, heading, *texts[:1]]), *texts[1:]]


def _agreement(agreement: CitedAgreement) -> list[Flowable]:
    terms = _("SHA-256 of the terms, version %(version)s") % _version(agreement)
    rows: list[Flowable] = [_row((terms, agreement.terms_sha256))]
    rows += [_row((_("SHA-256 of the %(paper)s") % {"paper": one.name}, one.sha256)) for one in agreement.papers]
    return [KeepTogether([_title(_("The agreement that this is about")), *rows])]


def _title(text: str) -> SectionTitle:
    """Nearer to what is above than in an agreement: a certificate is read at a glance, if it can be on one page."""
    title = SectionTitle(text)
    title.spaceBefore = 5.5 * mm
    return title


def _version(agreement: CitedAgreement) -> dict[str, str]:
    return {"version": agreement.terms_version}


def _text(text: str, style: Style, *, indent: float = 0, below: float = 0) -> Text:
    return Text(fonts.printable(text), style, indent=indent, below=below)


def _row(*cells: tuple[str, str]) -> FieldRow:
    return FieldRow([_cell(label, value) for label, value in cells])


def _cell(label: str, value: str, *, share: float = 1.0) -> Cell:
    return Cell(fonts.printable(label), fonts.printable(value) or "–", share)


def _day(day: date) -> str:
    return date_format(day, "j F Y")


def _moment(at: datetime) -> str:
    return _("%(moment)s UTC") % {"moment": date_format(at, "j F Y, H:i")}
