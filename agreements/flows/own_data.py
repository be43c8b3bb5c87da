"""What is held about a person: in words, and as a zip that is made while it is sent."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.applications import erasing as application_erasing
from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.core.clock import now
from agreements.documents import erasing as papers
from agreements.documents.models import Form, StoredDocument
from agreements.documents.papers import as_one_pdf
from agreements.flows.holding import tables
from agreements.flows.holding.applications import application as application_of
from agreements.flows.holding.tables import Row
from agreements.grants import executed
from agreements.grants.models import DownloadOpened, Grant, GrantMember
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.ledger.queries import entries_about
from agreements.people.models import User
from agreements.revocation import erasing as procedure_erasing
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject, OutOfReach

README: Final = """This is what is held about you, {email}, as of {at} (UTC).

account.json        your account, and where you are signed in
applications/       each application with what was answered; your agreements and signed copies as PDF
grants.json         access that you hold or held
parts.json          your part in other people's access, and invitations to one
destructions.json   copies you had to destroy, and what you attested; certificates/ has the certificates
downloads.jsonl     each download with a link of yours
mails-in.jsonl      the mails of yours that came in and are proven to be yours
mails.jsonl         the mails to you as they were sent; addresses that open something are cut out
interests.json      subsets of which you asked to be told
record.jsonl        the rows of the record that name you; its digests stand for texts that are kept elsewhere

Not in it: passwords and links, which nothing keeps; the names of staff, and what they noted for themselves;
what is other people's.
"""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to write to about a dataset, and what is kept there: for the account page."""

    dataset: Dataset
    keeps_after_access: int | None
    """Years for which signed copies are kept after access has ended; None: until erasure is asked for."""


def in_words(person: User) -> list[tuple[str, object]]:
    """Return what is held about a person, as labels and values."""
    places = tables.account(person)[0]["signed_in"]
    return [
        (_("E-mail address"), person.email),
        (_("Name"), person.name),
        (_("Here since"), person.date_joined),
        (_("How the record names you"), str(person.public_id)),
        (_("Rows of the record about you"), entries_about(str(person.public_id)).count()),
        (_("Browsers in which you are signed in"), len(places)),
        (_("Applications"), _applications(person).count()),
        (_("Access that you hold or held"), Grant.objects.filter(holder=person).count()),
        (_("Parts in other people's access"), GrantMember.objects.filter(person=person).count()),
        (_("Papers: agreements, signed copies, certificates"), len(_papers(person))),
        (_("Downloads"), DownloadOpened.objects.filter(link__seal__person=person).count()),
        (_("Mails to you"), tables.sent_to(person).count()),
        (_("Mails of yours that came in"), sum(1 for _row in tables.mails_in(person))),
    ]


def contacts(person: User) -> list[Contact]:
    """Return whom to ask for erasure: the contact of each dataset that holds something about a person."""
    held = {
        *_applications(person).values_list("dataset", flat=True),
        *Grant.objects.filter(holder=person).values_list("dataset", flat=True),
        *GrantMember.objects.filter(person=person).values_list("grant__dataset", flat=True),
    }
    return [Contact(each, each.copy_years) for each in Dataset.objects.filter(pk__in=held).order_by("title")]


def hand_out(person: User) -> Iterator[bytes]:
    """Return a zip with everything, piece by piece. That it was asked for is recorded before the first byte.

    No transaction is held while it is sent, and no more than a piece of a file is in memory.
    """
    with act() as record:
        about = {"person": str(person.public_id)}
        record.record(Kind.DATA_HANDED_OUT, by=person.actor, as_role="person", subjects=about)
    return _zipped(_files(person))


def _files(person: User) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "README.txt", [README.format(email=person.email, at=f"{now():%Y-%m-%d %H:%M}").encode()]
    yield "account.json", _document(tables.account(person)[0])
    for found in _applications(person):
        folder = f"applications/{found.reference}"
        yield f"{folder}/application.json", _document(application_of(found))
        for at, document in enumerate(papers.agreements_of(found.reference), start=1):
            yield f"{folder}/agreement-{at}.pdf", _paper(document)
        for at, document in enumerate(application_erasing.signed_copies(found), start=1):
            yield from _signed_copy(f"{folder}/signed-copy-{at}", document)
        for document in executed.documents_of(found.reference):
            yield f"{folder}/executed-agreement.pdf", _paper(document)
    yield "grants.json", _document(list(tables.grants(person)))
    yield "parts.json", _document(list(tables.parts(person)))
    yield "destructions.json", _document(list(tables.destructions(person)))
    for at, document in enumerate(procedure_erasing.own_certificates_of(person.pk), start=1):
        yield f"certificates/{at}.pdf", _paper(document)
    yield "downloads.jsonl", _lines(tables.downloads(person))
    yield "mails.jsonl", _lines(tables.mails(person))
    yield "mails-in.jsonl", _lines(tables.mails_in(person))
    yield "interests.json", _document(list(tables.interests(person)))
    yield "record.jsonl", _lines(tables.record(person))


def _applications(person: User) -> QuerySet[Application]:
    return Application.objects.filter(applicant=person).select_related("dataset", "terms").order_by("pk")


def _signed_copy(name: str, document: StoredDocument) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield a signed copy; of one that came as several files the PDF that was made of them, too."""
    if document.form == Form.PAPERS:
        yield f"{name}-as-sent.zip", _paper(document)
    if (pdf := as_one_pdf(document)) is not None:
        yield f"{name}.pdf", _paper(pdf)


def _papers(person: User) -> list[StoredDocument]:
    found = procedure_erasing.own_certificates_of(person.pk)
    for application in _applications(person):
        found += papers.agreements_of(application.reference) + application_erasing.signed_copies(application)
        found += executed.documents_of(application.reference)
    return [document for document in found if document.erased_at is None]


def _document(value: Row | list[Row]) -> Iterator[bytes]:
    yield json.dumps(value, ensure_ascii=False, indent=2, default=tables.plain).encode() + b"\n"


def _lines(rows: Iterable[Row]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, default=tables.plain).encode() + b"\n"


def _paper(document: StoredDocument) -> Iterator[bytes]:
    """Yield a file; one that was erased, or cannot be had now, is a line that says so."""
    if document.erased_at is not None:
        yield f"This paper was erased on {document.erased_at:%Y-%m-%d}. SHA-256: {document.sha256}\n".encode()
        return
    try:
        yield from stores.papers().open_range(document.store_key, 0, document.size)
    except (NoSuchObject, OutOfReach):
        yield f"\nThis paper could not be read now. SHA-256: {document.sha256}\n".encode()


class _Sink(io.RawIOBase):
    """Where `zipfile` writes without seeking; what it wrote is taken away piece by piece."""

    def __init__(self) -> None:
        self._written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._written += memoryview(data)
        return len(memoryview(data))

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


def _zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    sink = _Sink()
    moment = now().timetuple()[:6]
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, chunks in files:
            info = zipfile.ZipInfo(name, moment)
            info.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(info, "w") as member:
                for chunk in chunks:
                    member.write(chunk)
                    if piece := sink.take():
                        yield piece
            yield sink.take()
    yield sink.take()
