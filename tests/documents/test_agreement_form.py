from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from agreements.documents import fonts, qr
from agreements.documents.agreement_form import (
    AgreementForm,
    Applicant,
    Member,
    page_count,
    printed_texts,
    render_agreement,
)
from agreements.documents.page_furniture import INSET, SQUARE_SIZE, square_corners
from tests.documents import elsewhere
from tests.documents.filling import blank
from tests.documents.papers import FORM, KEY, KEYS, issue, photograph
from tests.documents.test_fonts import NAMES


def texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [document[at].get_textpage().get_text_bounded() for at in range(len(document))]
    finally:
        document.close()


def test_everything_that_was_entered_is_printed() -> None:
    printed = " ".join(" ".join(texts(issue())).split())
    for value in printed_texts(FORM).values():
        assert value in printed
    for clause in FORM.clauses:
        assert clause.id in printed
        assert clause.heading in printed
        assert clause.paragraphs[0] in printed
    for words in ("GB-A-7K2F9M", "issue 2", "22 November 2026", FORM.terms_sha256, "release@genebody.example"):
        assert words in printed
    assert "“GeneBody Agreement”" in printed


def test_each_page_has_its_number_and_a_code_that_says_the_same() -> None:
    pdf = issue()
    pages = texts(pdf)
    assert len(pages) == page_count(pdf) > 2
    for at, (words, sheet) in enumerate(zip(pages, photograph(pdf), strict=True), start=1):
        assert f"Page {at} of {len(pages)}" in words
        (found,) = zxingcpp.read_barcodes(sheet)
        assert found.ec_level == "M"
        assert qr.parse_and_verify(found.text, KEYS) == qr.PageCode("GB-A-7K2F9M", "1.0", 2, at, len(pages), 1)


def test_three_corner_squares_stand_on_each_page() -> None:
    for sheet in photograph(issue(), dots_per_inch=72, degrees=0):
        for x, y in square_corners():
            middle = (round(x + SQUARE_SIZE / 2), round(sheet.height - y - SQUARE_SIZE / 2))
            assert sheet.getpixel(middle) == 0
            assert sheet.getpixel((middle[0], round(sheet.height - y - SQUARE_SIZE - INSET / 3))) == 255


def test_the_same_form_gives_the_same_bytes_in_another_process() -> None:
    assert elsewhere.digests("tests.documents.papers", "issue") == {hashlib.sha256(issue()).hexdigest()}


def test_fonts_are_embedded_as_outlines_that_print_anywhere() -> None:
    form = replace(FORM, members=tuple(Member(name, "m@uw.example") for name in NAMES.values()))
    with pikepdf.open(BytesIO(issue(form))) as pdf:
        kept = [o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
    assert len(kept) >= 4


@pytest.mark.parametrize("script", NAMES)
def test_a_name_in_any_promised_script_prints_and_reads_back_whole(script: str) -> None:
    name = NAMES[script]
    applicant = FORM.applicant
    assert isinstance(applicant, Applicant)
    form = replace(FORM, applicant=replace(applicant, name=name), members=())
    first = texts(issue(form))[0]
    # Right-to-left text comes back in logical order, letters in their plain form.
    assert name in first.replace("\r\n", " ")
    assert fonts.unprintable(name) == []


def test_the_blank_form_has_no_data_and_says_so() -> None:
    pdf = blank()
    first = texts(pdf)[0]
    assert "Blank form" in first
    assert "Alice" not in first
    (found,) = zxingcpp.read_barcodes(photograph(pdf)[0])
    assert qr.parse_and_verify(found.text, KEYS).application == qr.BLANK


def test_very_long_entries_flow_onto_more_pages() -> None:
    form = replace(
        FORM,
        intended_use="word " * 3000,
        members=tuple(Member(f"Bob {n}", f"bob{n}@uw.example") for n in range(60)),
        dataset_name="A dataset with a name that nobody would want to say aloud " * 3,
    )
    pages = texts(issue(form))
    assert len(pages) > 6
    assert sum(page.count("word") for page in pages) == 3000


def test_a_terms_version_that_a_code_cannot_carry_is_refused() -> None:
    with pytest.raises(ValueError, match="page code"):
        render_agreement(replace(FORM, terms_version="1:0"), qr_key=KEY, qr_key_number=1)


def test_what_people_typed_is_drawn_and_never_read_as_markup() -> None:
    form: AgreementForm = replace(FORM, intended_use="<b>bold</b> & <img src='x'/>")
    assert "<b>bold</b> & <img src='x'/>" in " ".join(texts(issue(form)))
