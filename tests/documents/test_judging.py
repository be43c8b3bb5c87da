"""What a reviewer reads about files that came back: real files, through the real child."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from agreements.core.clock import now
from agreements.documents import agreement_form, pdf_signing
from agreements.documents.agreement_form import AgreementForm, Clause
from agreements.documents.evidence import Finding, findings
from agreements.documents.inspection import InspectionReport, inspect
from agreements.documents.inspector import frames
from agreements.documents.places import SIGNATURE
from agreements.keys.signing_keys import SigningKey
from tests import signing
from tests.documents import papers, signers
from tests.documents.judging_by_hand import filled
from tests.documents.papers import CLAUSES, FORM, KEY
from tests.documents.signers import signed

TYPED = {"signing_name": "Alice Lukaszewska", "signing_date": "2026-11-23", "signing_place": "Warszawa"}
NUMBERED = replace(FORM, clauses=(*CLAUSES, Clause("deletion", "Deletion", ("You delete it within 72 hours.",))))
ALTERED = replace(FORM, clauses=(*CLAUSES, Clause("deletion", "Deletion", ("You delete it within 92 hours.",))))


@cache
def key() -> SigningKey:
    return signing.a_key()


@cache
def issued(form: AgreementForm = NUMBERED) -> bytes:
    return certified(form, by=key())


def certified(form: AgreementForm, *, by: SigningKey) -> bytes:
    drawn = agreement_form.drawn_agreement(form, qr_key=KEY, qr_key_number=1)
    return pdf_signing.sign(
        drawn.pdf,
        key=by,
        permits="form-filling",
        signature=drawn.places[SIGNATURE],
        reason="",
        moment=now(),
        timestamp_url="",
    )


@cache
def looked_at(pdf: bytes, *, original: bytes | None = None, limits: frames.Limits | None = None) -> InspectionReport:
    ours = [key().certificate.public_bytes(Encoding.DER)]
    report = inspect(pdf, original=issued() if original is None else original, certificates=ours, limits=limits)
    assert report.outcome == "ok", report.reason
    return report


def said(pdf: bytes, *, original: bytes | None = None) -> dict[str, Finding]:
    expected = replace(papers.expected(NUMBERED), sha256=sha256(issued()).hexdigest())
    return {each.check: each for each in findings(looked_at(pdf, original=original), expected)}


def text_of(pdf: bytes, *, original: bytes | None = None) -> tuple[str, str]:
    found = said(pdf, original=original)["unchanged"]
    return found.outcome, found.summary


def signature_of(pdf: bytes) -> tuple[str, str]:
    found = said(pdf)["signed"]
    return found.outcome, found.summary


def with_a_byte_changed(pdf: bytes) -> bytes:
    at = pdf.index(b"stream") + 30
    return pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]


AS_ISSUED = "The file is the agreement as we issued it"
ADDED = (
    "Something was added to the agreement that is not a part of its form; no page looks different here, "
    "but another program may show another: please compare it with the agreement by eye."
)
UNVERIFIED = 'Digitally signed by "Alice Łukaszewska": intact, covers the whole file; identity unverified.'


@pytest.mark.parametrize(
    ("come_back", "sentence"),
    [
        (issued, f"{AS_ISSUED}, with nothing added."),
        (lambda: filled(issued(), TYPED, ticked=True), f"{AS_ISSUED}; only its form was filled in."),
        (lambda: signed(issued()), f"{AS_ISSUED}; only its form was filled in and signed."),
        (
            lambda: signed(filled(issued(), TYPED, ticked=True)),
            f"{AS_ISSUED}; only its form was filled in and signed.",
        ),
    ],
    ids=["untouched", "filled in", "signed", "filled in, then signed"],
)
def test_our_certification_outlives_filling_in_and_signing(come_back: Callable[[], bytes], sentence: str) -> None:
    report = looked_at(come_back())
    assert report.judgement is not None
    assert (report.judgement.certification, report.judgement.permits) == ("intact", "form-filling")
    assert report.judgement.revision_sha256 == sha256(issued()).hexdigest()
    assert report.judgement.certificate == key().fingerprint
    assert text_of(come_back()) == ("pass", sentence)


@pytest.mark.parametrize(
    ("change", "outcome", "sentence"),
    [
        (signers.annotated, "fail", "The agreement was changed after it was issued: page 1 differs."),
        (signers.covered, "fail", "The agreement was changed after it was issued: page 2 differs."),
        (
            lambda pdf: signed(signers.annotated(pdf)),
            "fail",
            "The agreement was changed after it was issued: page 1 differs.",
        ),
        (
            lambda pdf: signers.saved_by_pikepdf(signers.covered(filled(pdf, TYPED))),
            "fail",
            "The agreement was changed after it was issued: page 2 differs.",
        ),
        (
            lambda pdf: pdf + b"PK\x03\x04 and more",
            "attention",
            ADDED,
        ),
        (
            lambda pdf: pdf + b"%junk\n" + pdf[pdf.rfind(b"startxref") :],
            "attention",
            ADDED,
        ),
    ],
    ids=["a note", "a white box", "a note, then signed", "a white box, saved anew", "bytes behind", "an end behind"],
)
def test_what_was_added_is_told(change: Callable[[bytes], bytes], outcome: str, sentence: str) -> None:
    assert text_of(change(issued())) == (outcome, sentence)


@pytest.mark.parametrize("save", [signers.saved_by_pikepdf, signers.saved_by_pypdf])
def test_a_file_that_was_saved_anew_passes_by_text_and_picture_and_fails_by_one_number(
    save: Callable[[bytes], bytes],
) -> None:
    kept = "the text and the look of every page are as we issued them."
    outcome, sentence = text_of(save(filled(issued(), TYPED, ticked=True)))
    assert (outcome, sentence) == (
        "pass",
        f"A program has saved the file anew, so that our certification is lost; {kept}",
    )
    outcome, sentence = text_of(save(filled(issued(ALTERED), TYPED)))
    assert outcome == "fail"
    assert sentence.startswith("The agreement was changed after it was issued: page")
    assert sentence.endswith("differs.")


def test_what_was_edited_before_it_was_signed_is_signed_and_changed() -> None:
    edited = signed(signers.saved_by_pikepdf(issued(ALTERED)))
    assert signature_of(edited) == ("pass", UNVERIFIED)
    assert text_of(edited)[0] == "fail"


def test_one_changed_byte_breaks_the_certification() -> None:
    report = looked_at(with_a_byte_changed(issued()))
    assert report.judgement is not None
    assert report.judgement.certification == "broken"
    assert not report.judgement.continues


def test_another_file_of_ours_is_not_the_agreement() -> None:
    assert text_of(issued(ALTERED)) == (
        "fail",
        "The file is certified by this portal, but it is not the agreement that was issued here.",
    )


def test_a_certification_by_somebody_else_is_none_of_ours() -> None:
    assert text_of(certified(NUMBERED, by=signing.a_key("somebody else"))) == (
        "attention",
        "The file was certified by somebody else; the text and the look of every page are as we issued them.",
    )
    assert text_of(certified(ALTERED, by=signing.a_key("somebody else")))[0] == "fail"


def test_a_scan_is_left_to_the_eye() -> None:
    scan = papers.bound(papers.photograph(issued()))
    assert text_of(scan) == (
        "attention",
        "The pages were printed and scanned: please compare the text with the agreement by eye.",
    )
    assert signature_of(scan)[1].startswith("The portal does not recognise handwriting")


def test_without_the_original_nothing_that_was_added_passes() -> None:
    assert text_of(issued(), original=b"") == ("pass", f"{AS_ISSUED}, with nothing added.")
    assert text_of(filled(issued(), TYPED), original=b"") == (
        "attention",
        "The file begins as the agreement that we issued, and was added to in a way that is not judged here: "
        "please compare it with the agreement by eye.",
    )
    assert text_of(signers.annotated(issued()), original=b"") == (
        "fail",
        "The agreement was changed after it was issued: more was added than its form has room for.",
    )
    assert text_of(signers.saved_by_pikepdf(issued()), original=b"") == (
        "attention",
        "Our certification is in the file and no longer holds: please compare the text by eye.",
    )


@pytest.mark.parametrize(
    ("come_back", "outcome", "sentence"),
    [
        (lambda: signed(issued()), "pass", UNVERIFIED),
        (
            lambda: signed(issued(), signers.signer(expired=True)),
            "attention",
            'Digitally signed by "Alice Łukaszewska": intact, covers the whole file; its certificate has expired, '
            "identity unverified.",
        ),
        (
            lambda: filled(signed(issued()), TYPED),
            "attention",
            'Digitally signed by "Alice Łukaszewska": intact, but does not cover the whole file: the form was filled '
            "in after it was signed; identity unverified.",
        ),
        (
            lambda: signed(signed(issued()), signers.signer("Bob Đặng"), field="Second"),
            "pass",
            'Digitally signed by "Alice Łukaszewska": intact; after it only the form was filled in or signed; '
            'identity unverified. Digitally signed by "Bob Đặng": intact, covers the whole file; identity unverified.',
        ),
        (
            lambda: signed(issued()) + b"\nand more",
            "fail",
            'Digitally signed by "Alice Łukaszewska": intact, but the file was changed after it was signed; identity '
            "unverified.",
        ),
        (
            lambda: signers.annotated(signed(issued())),
            "fail",
            'Digitally signed by "Alice Łukaszewska": intact, but the file was changed after it was signed; identity '
            "unverified.",
        ),
        (
            lambda: with_a_byte_changed(signed(issued())),
            "fail",
            'Digitally signed by "Alice Łukaszewska": not intact, what was signed is not what is here; identity '
            "unverified.",
        ),
    ],
    ids=["signed", "expired", "filled in afterwards", "two", "bytes behind", "a note afterwards", "a byte changed"],
)
def test_a_digital_signature_is_told_in_words(come_back: Callable[[], bytes], outcome: str, sentence: str) -> None:
    assert signature_of(come_back()) == (outcome, sentence)


def test_a_signature_says_what_its_certificate_says_on_one_line() -> None:
    name = 'Dan\n\u202e<b>"Steward"</b>'
    assert signature_of(signed(issued(), signers.signer(name)))[1] == (
        'Digitally signed by "Dan<b>"Steward"</b>": intact, covers the whole file; identity unverified.'
    )


def test_judging_needs_less_than_half_of_the_memory_that_is_allowed() -> None:
    little = frames.Limits(memory=frames.Limits().memory // 2)
    report = looked_at(signed(signers.annotated(issued())), limits=little)
    assert report.judgement is not None
    assert report.judgement.trouble == ""
