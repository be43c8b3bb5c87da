"""What we certify is judged by pyHanko: certified by us, kept by filling in, and told when anything else was done."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pikepdf
import pypdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pypdf.annotations import FreeText

from agreements.catalog.loading import load_dataset
from agreements.catalog.models import Terms
from agreements.core.actors import job
from agreements.core.clock import now
from agreements.core.errors import Invalid
from agreements.documents import agreement_form, certifying, issuing, pdf_signing
from agreements.documents.places import SIGNATURE, Place, from_json
from agreements.keys import signing_key_file, signing_keys
from agreements.keys.models import SigningCertificate
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from tests import signing
from tests.documents import timestamp_server
from tests.documents.judging_by_hand import filled, status
from tests.documents.papers import FORM, KEY
from tests.figures import FIGURES

pytestmark = pytest.mark.django_db

SAMPLE = Path(__file__).resolve().parent.parent.parent / "datasets" / "genebody"
DRAWN = agreement_form.drawn_agreement(FORM, qr_key=KEY, qr_key_number=1)
TYPED = {"signing_name": "Alice Lukaszewska", "signing_date": "2026-11-23", "signing_place": "Warszawa"}


def issued() -> bytes:
    return certifying.certify(DRAWN.pdf, permits="form-filling", signature=DRAWN.places[SIGNATURE]).pdf


def test_what_was_certified_is_ours_and_whole_with_our_bytes_in_front() -> None:
    pdf = issued()
    assert pdf.startswith(DRAWN.pdf)
    judged = status(pdf, signing_keys.trusted())
    assert judged.bottom_line
    assert judged.trusted
    assert judged.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert judged.modification_level == ModificationLevel.NONE


@pytest.mark.parametrize(("permits", "level"), [("nothing", MDPPerm.NO_CHANGES), ("form-filling", MDPPerm.FILL_FORMS)])
def test_the_certification_says_what_may_come_after_it(permits: Any, level: MDPPerm) -> None:
    with pikepdf.open(BytesIO(certifying.certify(DRAWN.pdf, permits=permits).pdf)) as pdf:
        (reference,) = pdf.Root.Perms.DocMDP.Reference
        assert level.value == reference.TransformParams.P


def test_there_is_one_empty_field_to_sign_in_and_a_signer_finds_the_flags_set() -> None:
    with pikepdf.open(BytesIO(issued())) as pdf:
        form = pdf.Root.AcroForm
        assert int(form.SigFlags) == 3
        signing_fields = {str(one.T): one for one in form.Fields if one.get("/FT") == pikepdf.Name.Sig}
        assert set(signing_fields) == {"Signature", "Certification"}
        assert "/V" not in signing_fields["Signature"]
        page = pdf.pages[DRAWN.places[SIGNATURE].page - 1]
        assert signing_fields["Signature"].objgen in {one.objgen for one in page.Annots}


def test_filling_in_keeps_the_certification() -> None:
    pdf = filled(issued(), TYPED, ticked=True)
    judged = status(pdf, signing_keys.trusted())
    assert judged.bottom_line
    assert judged.docmdp_ok
    assert judged.modification_level == ModificationLevel.FORM_FILLING
    texts = pypdf.PdfReader(BytesIO(pdf)).get_fields() or {}
    assert {name: texts[name].value for name in TYPED} == TYPED
    assert texts["accepted"].value == "/Yes"


def test_filling_in_what_permits_nothing_breaks_the_certification() -> None:
    pdf = filled(certifying.certify(DRAWN.pdf, permits="nothing").pdf, TYPED)
    assert not status(pdf, signing_keys.trusted()).docmdp_ok


def test_a_changed_byte_and_an_added_note_are_told() -> None:
    pdf = issued()
    at = pdf.index(b"stream") + 30
    assert not status(pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :], signing_keys.trusted()).intact
    writer = pypdf.PdfWriter(BytesIO(pdf), incremental=True)
    writer.add_annotation(0, FreeText(text="and three others", rect=(50, 550, 200, 650)))
    out = BytesIO()
    writer.write(out)
    assert not status(out.getvalue(), signing_keys.trusted()).bottom_line


def test_the_places_are_kept_with_the_issue_and_lie_on_the_drawn_boxes() -> None:
    drawn = issuing.draw(application_reference="GB-A-7K2F9M", render=lambda *_given: DRAWN)
    row = issuing.register(drawn, terms_pk=_terms(), form_sha256="0" * 64)
    kept = from_json(row.places)
    assert set(kept) == {SIGNATURE, "accepted", "signing_name", "signing_date", "signing_place"}
    with pikepdf.open(BytesIO(issued())) as pdf:
        strokes = {page: _rectangles(pdf.pages[page - 1]) for page in {one.page for one in kept.values()}}
        fields = {str(one.T): one.Rect for one in pdf.Root.AcroForm.Fields}
    for name, place in kept.items():
        assert any(_same(place, box) for box in strokes[place.page]), f"no box is drawn at {name}"
        field = fields["Signature" if name == SIGNATURE else name]
        left, low, right, high = map(float, field)
        assert place.x - 0.02 <= left < right <= place.x + place.width + 0.02
        assert place.y - 0.02 <= low < high <= place.y + place.height + 0.02


def _terms() -> int:
    load_dataset(SAMPLE, by=job("test"))
    return Terms.objects.get().pk


def _rectangles(page: pikepdf.Page) -> list[tuple[float, ...]]:
    """The rectangles of a page as they lie on it, wherever the drawing had moved its origin."""
    found: list[tuple[float, ...]] = []
    matrices = [pikepdf.Matrix()]
    for instruction in pikepdf.parse_content_stream(page):
        operands: Any = () if isinstance(instruction, pikepdf.ContentStreamInlineImage) else instruction.operands
        match str(instruction.operator):
            case "q":
                matrices.append(matrices[-1])
            case "Q":
                matrices.pop()
            case "cm":
                matrices[-1] = pikepdf.Matrix(*map(float, operands)) @ matrices[-1]
            case "re":
                x, y, width, height = map(float, operands)
                found.append((*matrices[-1].transform((x, y)), width, height))
    return found


def _same(place: Place, box: tuple[float, ...]) -> bool:
    wanted = (place.x, place.y, place.width, place.height)
    return all(abs(one - other) < 0.02 for one, other in zip(wanted, box, strict=True))


def test_a_certificate_is_noted_once_and_the_record_tells_of_it() -> None:
    first, second = (certifying.certify(DRAWN.pdf, permits="nothing").certificate for _time in range(2))
    assert first == second == SigningCertificate.objects.get()
    (row,) = LedgerEntry.objects.filter(kind=Kind.SIGNING_KEY_ADDED)
    assert row.payload["fingerprint"] == first.fingerprint == signing_keys.current().fingerprint


def test_it_works_where_a_loop_is_running() -> None:
    key = signing_keys.current()

    async def within() -> bytes:
        return pdf_signing.sign(
            DRAWN.pdf, key=key, permits="nothing", signature=None, reason="", moment=now(), timestamp_url=""
        )

    assert status(asyncio.run(within()), [key.certificate.public_bytes(Encoding.DER)]).bottom_line


def test_a_retired_key_goes_on_proving_what_it_signed(settings: Any, tmp_path: Any) -> None:
    old = issued()
    _take_into_use(signing.a_key("next.example"), settings, tmp_path)
    new = issued()
    assert len(signing_keys.trusted()) == 2
    for pdf in (old, new):
        assert status(pdf, signing_keys.trusted()).bottom_line


def test_a_compromised_key_proves_nothing_signs_nothing_and_is_recorded_once(settings: Any, tmp_path: Any) -> None:
    old = issued()
    fingerprint = signing_keys.current().fingerprint
    for _time in range(2):
        certifying.mark_compromised(fingerprint[:12].upper(), by=job("test"))
    assert LedgerEntry.objects.filter(kind=Kind.SIGNING_KEY_COMPROMISED).count() == 1
    assert signing_keys.trusted() == []
    assert not status(old, signing_keys.trusted()).trusted
    with pytest.raises(signing_keys.NoSigningKey, match="given up"):
        issued()
    with pytest.raises(Invalid, match="fingerprint 0123456789"):
        certifying.mark_compromised("0123456789", by=job("test"))
    _take_into_use(signing.a_key("next.example"), settings, tmp_path)
    assert status(issued(), signing_keys.trusted()).bottom_line


def test_an_agreement_of_a_compromised_key_is_made_anew() -> None:
    drawn = issuing.draw(application_reference="GB-A-7K2F9M", render=lambda *_given: DRAWN)
    row = issuing.register(drawn, terms_pk=_terms(), form_sha256="0" * 64)
    assert issuing.is_trusted(row)
    certifying.mark_compromised(drawn.certificate.fingerprint, by=job("test"))
    row.refresh_from_db()
    assert row.certified_with is not None
    assert not issuing.is_trusted(row)


def _take_into_use(key: signing_keys.SigningKey, settings: Any, folder: Any) -> None:
    settings.SIGNING_KEY = folder / "next.p12"
    signing_key_file.write(key, settings.SIGNING_KEY, passphrase=settings.SIGNING_PASSPHRASE)


def test_a_chain_in_the_file_goes_into_the_signature(settings: Any, tmp_path: Any) -> None:
    authority = signing.a_key("An authority")
    _take_into_use(replace(signing.a_key("site.example"), chain=(authority.certificate,)), settings, tmp_path)
    (signature,) = PdfFileReader(BytesIO(issued())).embedded_signatures
    embedded = [signature.signer_cert, *signature.other_embedded_certs]
    assert {one.subject.native["common_name"] for one in embedded} == {"site.example", "An authority"}


def test_a_timestamp_is_in_it_where_a_server_gives_one(settings: Any) -> None:
    with timestamp_server.running("right") as settings.TIMESTAMP_URL:
        pdf = issued()
    judged = status(pdf, [*signing_keys.trusted(), timestamp_server.certificate()])
    assert judged.bottom_line
    assert judged.timestamp_validity is not None
    assert judged.timestamp_validity.valid
    assert judged.timestamp_validity.trusted


@pytest.mark.parametrize("manner", ["rubbish", "drip", "silent"])
def test_a_bad_timestamp_server_stops_nothing(manner: Any, settings: Any, monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr(pdf_signing, "PATIENCE", 0.5)
    caplog.set_level(logging.WARNING)
    with timestamp_server.running(manner) as settings.TIMESTAMP_URL:
        began = time.monotonic()
        issued()
        assert time.monotonic() - began < 60  # a server that drips or is silent never ends by itself
        asked: list[str] = []
        monkeypatch.setattr(pdf_signing, "_timestamper", asked.append)
        issued()
    assert asked == [], "it was asked again at once"
    assert "certified without a timestamp" in caplog.text
    assert status(issued(), signing_keys.trusted()).bottom_line


def test_a_certification_takes_little_time() -> None:
    issued()
    spent = []
    for _time in range(7):
        began = time.process_time()
        issued()
        spent.append((time.process_time() - began) * 1000)
    median = sorted(spent)[3]
    FIGURES.append(f"certifying one agreement with its signature field: {median:.0f} ms of processor time")
    assert median < 200
