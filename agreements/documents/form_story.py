"""The text of a release agreement from top to bottom, as pieces that flow over the pages."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus.flowables import CondPageBreak, Flowable, KeepTogether, Spacer

from agreements.documents.form_data import AgreementForm, Applicant
from agreements.documents.form_fields import Field
from agreements.documents.inspector.field_names import ACCEPTED, MOST_MEMBERS, member
from agreements.documents.typesetting import (
    ACCENT,
    BODY,
    QUIET,
    Cell,
    ClauseHeading,
    FieldRow,
    SectionTitle,
    SigningBoxes,
    SigningFields,
    Style,
    Text,
    WritingLines,
)

_TITLE: Final = Style("serif-bold", 25.0, 30.0, ACCENT)
_LEAD: Final = Style("serif", 11.5, 16.5)
_NOTE: Final = Style("serif", 9.5, 13.5, QUIET)
_INDENT: Final = 8 * mm
_BLANK_USE_LINES: Final = 6


def story(form: AgreementForm) -> list[Flowable]:
    """Return the pieces: opening, applicant, site, members, use, terms, acceptance."""
    return [
        *_opening(form),
        *_applicant(form),
        *_members(form),
        *_use(form),
        *_terms(form),
        *_acceptance(form),
    ]


def _opening(form: AgreementForm) -> list[Flowable]:
    lead = _(
        "This agreement states the conditions under which %(dataset)s is released. It binds the applicant and every "
        "person named in it, at the one site named in it. Please read all of it before you sign."
    ) % {"dataset": form.dataset_name}
    return [Text(_("Release Agreement"), _TITLE, below=2 * mm), Text(lead, _LEAD)]


def _applicant(form: AgreementForm) -> list[Flowable]:
    who, site = form.applicant, form.site
    if who is None:
        return _blank_applicant()
    rows: list[Flowable] = [
        FieldRow([Cell(_("Name"), who.name), Cell(_("Position"), who.position)]),
        FieldRow([Cell(_("Organization"), who.organization), Cell(_("E-mail"), who.email)]),
        FieldRow([Cell(_("Address"), _address(who))]),
        FieldRow([Cell(_("City"), who.city), Cell(_("Country"), who.country)]),
    ]
    place: list[Flowable] = [
        FieldRow(
            [
                Cell(_("Organization"), site.organization if site else None),
                Cell(_("Department"), site.department if site else None),
            ]
        ),
        FieldRow([Cell(_("City"), site.city if site else None), Cell(_("Country"), site.country if site else None)]),
    ]
    return [SectionTitle(_("Applicant")), *rows, _site(place)]


def _blank_applicant() -> list[Flowable]:
    """Lines to write on, with fields to type into. The site is the applicant's organization: it is asked for once."""
    rows: list[Flowable] = [
        FieldRow([_blank("name", _("Name")), _blank("position", _("Position"))]),
        FieldRow([_blank("organization", _("Organization")), _blank("email", _("E-mail"))]),
        FieldRow([_blank("address_line1", _("Address"))]),
        FieldRow([_blank("address_line2", "", said=_("Address, second line"))]),
        FieldRow([_blank("city", _("City")), _blank("country", _("Country"))]),
    ]
    place: list[Flowable] = [
        FieldRow([_blank("site_department", _("Department"), said=_("Department of the site"))]),
        FieldRow(
            [
                _blank("site_city", _("City"), said=_("City of the site")),
                _blank("site_country", _("Country"), said=_("Country of the site")),
            ]
        ),
    ]
    return [SectionTitle(_("Applicant")), *rows, _site(place)]


def _blank(name: str, label: str, *, said: str = "") -> Cell:
    return Cell(label, None, field=Field(name, said or label))


def _site(rows: list[Flowable]) -> Flowable:
    note = Text(_("The one place where copies may be kept."), _NOTE, below=2 * mm)
    return KeepTogether([SectionTitle(_("Site")), note, *rows])


def _address(who: Applicant) -> str:
    return "\n".join(filter(None, (who.address_line1, who.address_line2)))


def _members(form: AgreementForm) -> list[Flowable]:
    rows = _blank_members(form) if form.applicant is None else _named_members(form)
    if not rows:
        return []
    note = Text(
        _("Colleagues at the same site who will use the data. Each is bound by these terms."),
        _NOTE,
        below=2 * mm,
    )
    first = KeepTogether([SectionTitle(_("Members")), note, *rows[:2]])
    return [first, *rows[2:]]


def _named_members(form: AgreementForm) -> list[Flowable]:
    return [
        FieldRow([Cell(_("Name") if at == 0 else "", named.name), Cell(_("E-mail") if at == 0 else "", named.email)])
        for at, named in enumerate(form.members)
    ]


def _blank_members(form: AgreementForm) -> list[Flowable]:
    rows: list[Flowable] = []
    for number in range(1, min(form.most_members, MOST_MEMBERS) + 1):
        name = _("Member %(number)d, name") % {"number": number}
        email = _("Member %(number)d, e-mail") % {"number": number}
        cells = [
            _blank(member(number, "name"), name),
            _blank(member(number, "email"), email),
        ]
        rows.append(FieldRow(cells))
    return rows


def _use(form: AgreementForm) -> list[Flowable]:
    if form.applicant is None:
        typed = Field("intended_use", _("Intended use"), multiline=True)
        return [KeepTogether([SectionTitle(_("Intended use")), WritingLines(_BLANK_USE_LINES, typed)])]
    return [SectionTitle(_("Intended use")), Text(form.intended_use, BODY)] if form.intended_use else []


def _terms(form: AgreementForm) -> list[Flowable]:
    story: list[Flowable] = [
        CondPageBreak(60 * mm),
        SectionTitle(_("Terms, version %(version)s") % {"version": form.terms_version}),
    ]
    for number, clause in enumerate(form.clauses, start=1):
        story.append(ClauseHeading(number, clause.heading, clause.id, indent=_INDENT))
        story.extend(Text(paragraph, BODY, indent=_INDENT, below=1.6 * mm) for paragraph in clause.paragraphs)
    return story


def _acceptance(form: AgreementForm) -> list[Flowable]:
    statement = _(
        "I have read and accept this agreement, clauses 1 to %(last)d, for myself and on behalf of the site."
    ) % {"last": len(form.clauses)}
    boxes = SigningBoxes(
        statement,
        _signing_fields(),
        signature=_("Signature"),
        name=_("Printed name"),
        date=_("Date"),
        place=_("Place; stamp, if customary"),
    )
    parts: list[Flowable] = [SectionTitle(_("Acceptance")), boxes]
    if how := _how_to_return(form):
        parts += [Spacer(1, 4 * mm), Text(how, _NOTE)]
    return [KeepTogether(parts)]


def _signing_fields() -> SigningFields:
    return SigningFields(
        accepted=Field(ACCEPTED, _("I have read and accept this agreement")),
        name=Field("signing_name", _("Printed name of who signs")),
        date=Field("signing_date", _("Date of the signature")),
        place=Field("signing_place", _("Place of the signature")),
    )


def _how_to_return(form: AgreementForm) -> str:
    names = {
        "page": form.return_address,
        "addresses": ", ".join(form.contact_addresses),
        "subject": form.mail_subject,
    }
    if form.return_address:
        return " ".join(
            [
                _("To return it, go to %(page)s and upload all pages: as one PDF, or as photographs.") % names,
                _("Of a scan or a photograph, each page has to show its code and all three black squares."),
                *([_("Questions go to %(addresses)s.") % names] if form.contact_addresses else []),
            ]
        )
    if not form.contact_addresses:
        return ""
    return (
        _(
            "To return it: send all pages as one PDF, from your institutional address, to %(addresses)s with the "
            "subject “%(subject)s”. Scans are welcome if each page shows its code and all three black squares; "
            "photographs only as pages of a PDF."
        )
        % names
    )
