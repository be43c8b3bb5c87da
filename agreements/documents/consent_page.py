"""The page that says that a holder agreed to new terms: who, when, to which text, and which agreement it goes with.

It is made once and stored; the ledger has its SHA-256. The agreement itself stays as it is. Characters that no font has
are written out as codes: when it is made, nobody is there to be asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from reportlab.platypus.flowables import Flowable, KeepTogether

from agreements.documents import fonts
from agreements.documents.certificate_data import CitedPaper
from agreements.documents.page_furniture import Furniture, build, verifiable
from agreements.documents.paper_pieces import day, moment, opening, row, section, text
from agreements.documents.typesetting import BODY


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
        *opening(title, lead % names),
        *_what(consent),
        *_who(consent),
        *_statement(consent),
        *_agreement(consent),
    ]


def _what(consent: Consent) -> list[Flowable]:
    rows: list[Flowable] = [
        row((_("Dataset"), consent.dataset_name), (_("Access"), consent.grant_reference)),
        row((_("Agreed to version"), consent.agreed.number), (_("In place of version"), consent.previous.number)),
        row((_("In force from"), day(consent.agreed.effective_from)), (_("Agreed"), moment(consent.agreed_at))),
        row((_sha256_of_terms(consent.agreed), consent.agreed.sha256)),
        row((_sha256_of_terms(consent.previous), consent.previous.sha256)),
    ]
    return [KeepTogether([section(_("What was agreed to")), *rows])]


def _who(consent: Consent) -> list[Flowable]:
    rows: list[Flowable] = [
        row((_("Holder of the access"), consent.holder), (_("Signed in as"), consent.signed_in_as)),
        row((_("Organization"), consent.organization), (_("Site"), consent.site)),
        row((_("Proven by a code mailed to"), consent.proven_address)),
    ]
    return [KeepTogether([section(_("Who agreed")), *rows])]


def _statement(consent: Consent) -> list[Flowable]:
    words = _(
        "I have read version %(new)s of the terms and agree to it. From this moment on the access is under version "
        "%(new)s in place of version %(old)s, for me and for everybody who shares it."
    ) % {"new": consent.agreed.number, "old": consent.previous.number}
    return [KeepTogether([section(_("Statement")), text(words, BODY)])]


def _agreement(consent: Consent) -> list[Flowable]:
    rows: list[Flowable] = [row((_("Application"), consent.application_reference))]
    rows += [row((_("SHA-256 of the %(paper)s") % {"paper": one.name}, one.sha256)) for one in consent.papers]
    return [KeepTogether([section(_("The agreement that this goes with")), *rows])]


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
