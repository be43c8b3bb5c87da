"""The page that says that a holder agreed to new terms: who, when, to which text, and which agreement it goes with.

It is made once and stored; the ledger has its SHA-256. The agreement itself stays as it is. Characters that no font has
are written out as codes: when it is made, nobody is there to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus.flowables import Flowable, KeepTogether

from agreements.documents import fonts
from agreements.documents.certificate_data import CitedPaper
from agreements.documents.page_furniture import Furniture, build, verifiable
from agreements.documents.typesetting import ACCENT, BODY, Cell, FieldRow, SectionTitle, Style, Text

_TITLE: Final = Style("serif-bold", 25.0, 30.0, ACCENT)
_LEAD: Final = Style("serif", 11.5, 16.5)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the terms by its number, the day from which it is in force, and the SHA-256 of its text."""

    number: str
    effective_from: date
    sha256: str


@dataclass(frozen=True, slots=True)
class Consent:
    """Who agreed to `agreed` in place of `previous`, when (UTC), with a code mailed to `proven_address`.

    `papers` are those that prove the agreement: what was executed, or else the signed copy; then earlier consents.
    """

    dataset_name: str
    lab: str
    grant_reference: str
    application_reference: str
    holder: str
    organization: str
    site: str
    signed_in_as: str
    proven_address: str
    agreed_at: datetime
    previous: Version
    agreed: Version
    papers: tuple[CitedPaper, ...]


def render_consent(consent: Consent) -> bytes:
    """Return the page as a PDF, texts in the active language. The same values give the same bytes."""
    title = _("Consent to New Terms")
    return build(_story(consent, title), _furniture(consent, title), title=f"{title}: {consent.grant_reference}")


def _story(consent: Consent, title: str) -> list[Flowable]:
    names = {"lab": consent.lab, "dataset": consent.dataset_name}
    lead = _(
        "The person named here agreed to new terms of %(dataset)s, which %(lab)s releases. The agreement that was "
        "signed stays as it is; this page goes with it."
    )
    return [
        Text(title, _TITLE, below=2 * mm),
        Text(fonts.printable(lead % names), _LEAD),
        *_what(consent),
        *_who(consent),
        *_statement(consent),
        *_agreement(consent),
    ]


def _what(consent: Consent) -> list[Flowable]:
    rows: list[Flowable] = [
        _row((_("Dataset"), consent.dataset_name), (_("Access"), consent.grant_reference)),
        _row((_("Agreed to version"), consent.agreed.number), (_("In place of version"), consent.previous.number)),
        _row((_("In force from"), _day(consent.agreed.effective_from)), (_("Agreed"), _moment(consent.agreed_at))),
        _row((_sha256_of_terms(consent.agreed), consent.agreed.sha256)),
        _row((_sha256_of_terms(consent.previous), consent.previous.sha256)),
    ]
    return [KeepTogether([_title(_("What was agreed to")), *rows])]


def _who(consent: Consent) -> list[Flowable]:
    rows: list[Flowable] = [
        _row((_("Holder of the access"), consent.holder), (_("Signed in as"), consent.signed_in_as)),
        _row((_("Organization"), consent.organization), (_("Site"), consent.site)),
        _row((_("Proven by a code mailed to"), consent.proven_address)),
    ]
    return [KeepTogether([_title(_("Who agreed")), *rows])]


def _statement(consent: Consent) -> list[Flowable]:
    words = _(
        "I have read version %(new)s of the terms and agree to it. From this moment on the access is under version "
        "%(new)s in place of version %(old)s, for me and for everybody who shares it."
    ) % {"new": consent.agreed.number, "old": consent.previous.number}
    return [KeepTogether([_title(_("Statement")), Text(fonts.printable(words), BODY)])]


def _agreement(consent: Consent) -> list[Flowable]:
    rows: list[Flowable] = [_row((_("Application"), consent.application_reference))]
    rows += [_row((_("SHA-256 of the %(paper)s") % {"paper": one.name}, one.sha256)) for one in consent.papers]
    return [KeepTogether([_title(_("The agreement that this goes with")), *rows])]


def _furniture(consent: Consent, title: str) -> Furniture:
    names = {
        "access": consent.grant_reference,
        "version": consent.agreed.number,
        "date": date_format(consent.agreed_at, "j F Y"),
    }
    return Furniture(
        dataset_name=fonts.printable(consent.dataset_name),
        kind=title,
        identity=_("Access %(access)s · terms %(version)s · %(date)s") % names,
        fingerprint=verifiable(),
    )


def _sha256_of_terms(version: Version) -> str:
    return _("SHA-256 of the terms, version %(version)s") % {"version": version.number}


def _title(text: str) -> SectionTitle:
    title = SectionTitle(text)
    title.spaceBefore = 5.5 * mm
    return title


def _row(*cells: tuple[str, str]) -> FieldRow:
    return FieldRow([Cell(fonts.printable(label), fonts.printable(value) or "–") for label, value in cells])


def _day(day: date) -> str:
    return date_format(day, "j F Y")


def _moment(at: datetime) -> str:
    return _("%(moment)s UTC") % {"moment": date_format(at, "j F Y, H:i")}
