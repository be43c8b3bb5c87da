"""What is printed in the certificates that follow an end of access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from agreements.documents.form_data import Clause


@dataclass(frozen=True, slots=True)
class CitedPaper:
    """A paper by what it is, in words, and its SHA-256 in hex."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class CitedAgreement:
    """The agreement that a certificate is about, by the papers that prove it: whichever the portal has of it."""

    terms_version: str
    terms_sha256: str
    papers: tuple[CitedPaper, ...] = ()


@dataclass(frozen=True, slots=True)
class EndedAccess:
    """What ended, whose it was, under which clause. `extent` and `by` are words; `ended_at` is in UTC.

    `clause` is its number in the terms, and the clause; None where the end cites none.
    """

    dataset_name: str
    lab: str
    procedure_reference: str
    grant_reference: str
    application_reference: str
    extent: str
    holder: str
    organization: str
    site: str
    clause: tuple[int, Clause] | None
    ended_at: datetime
    by: str
    destroy_by: date | None
    agreement: CitedAgreement


@dataclass(frozen=True, slots=True)
class Copy:
    """An archive of which there was a copy: downloads of it were begun from one day to another (UTC)."""

    name: str
    version: int
    subset: str
    first_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Attestation:
    """Who attested what, when (UTC), word for word, and which downloads stood behind it.

    `known_as` is the name on the agreement where another one was signed with; `standing` is a word.
    """

    name: str
    known_as: str
    email: str
    standing: str
    attested_at: datetime
    due_on: date
    statement: str
    remark: str
    copies: tuple[Copy, ...]
