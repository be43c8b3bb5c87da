"""What is printed in a release agreement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from agreements.documents import qr


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of the terms; `id` is the name by which decisions and revocations cite it."""

    id: str
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who signs."""

    name: str
    organization: str
    position: str
    email: str
    address_line1: str
    address_line2: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Site:
    """The one place where copies may be kept."""

    organization: str
    department: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class Member:
    """A colleague at the same site, bound by the same terms."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class AgreementForm:
    """Everything that is printed. Without an applicant it is the blank form, whose code names nobody.

    `return_address` is the page on which the signed copy is uploaded; the blank form has none and goes by mail.
    `most_members` is how many colleagues the blank form asks for at most.
    """

    dataset_name: str
    terms_version: str
    terms_sha256: str
    clauses: tuple[Clause, ...]
    issued_on: date
    contact_addresses: tuple[str, ...]
    mail_subject: str
    return_address: str = ""
    applicant: Applicant | None = None
    site: Site | None = None
    members: tuple[Member, ...] = ()
    most_members: int = 10
    intended_use: str = ""
    application_reference: str = qr.BLANK
    issue: int = 0
