"""The certificates of ended access and of destroyed copies, as files."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest

from agreements.documents import fonts
from agreements.documents.certificates import (
    Attestation,
    CitedAgreement,
    CitedPaper,
    Copy,
    EndedAccess,
    render_destruction,
    render_end,
)
from agreements.documents.form_data import Clause
from tests.documents.test_agreement_form import texts
from tests.documents.test_fonts import NAMES

SIGNED, ISSUED = "5" * 64, "6" * 64
ENDED = EndedAccess(
    dataset_name="GeneBody",
    lab="The lab",
    procedure_reference="GB-R-7K2F9M",
    grant_reference="GB-G-3F8Q2T",
    application_reference="GB-A-9QW2ER",
    extent="the whole access",
    holder="Alice Łukaszewska",
    organization="University of Warsaw",
    site="Institute of Informatics, Warszawa, Poland",
    clause=(6, Clause("termination", "Termination", ("The lab may end access.", "Then copies are destroyed."))),
    ended_at=dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC),
    by="a steward of GeneBody, on behalf of The lab",
    destroy_by=dt.date(2026, 3, 16),
    agreement=CitedAgreement(
        "1.0",
        "4" * 64,
        (
            CitedPaper("signed copy that was approved", SIGNED),
            CitedPaper("agreement as it was issued, issue 2", ISSUED),
        ),
    ),
)
ATTESTED = Attestation(
    name="Alice Lukaszewska",
    known_as="Alice Łukaszewska",
    email="alice@uw.example",
    standing="holder of the access",
    attested_at=dt.datetime(2026, 3, 10, 9, 5, tzinfo=dt.UTC),
    due_on=dt.date(2026, 3, 16),
    statement="I attest to The lab:\n1. I have destroyed every copy.\n2. No copy is left.",
    remark="The disk was shredded.\nTwice.",
    copies=(Copy("train40.zip", 2, "Train40", dt.date(2026, 2, 4), dt.date(2026, 2, 6)),),
)


def printed(pdf: bytes) -> str:
    return " ".join(" ".join(texts(pdf)).split())


def test_the_certificate_of_an_end_says_what_whose_why_when_and_until_when() -> None:
    words = printed(render_end(ENDED))
    for value in (
        "Certificate of Revocation",
        "GB-R-7K2F9M",
        "GB-G-3F8Q2T",
        "GB-A-9QW2ER",
        "the whole access",
        "Alice Łukaszewska",
        "University of Warsaw",
        "Institute of Informatics, Warszawa, Poland",
        "terms, version 1.0",
        "Termination",
        "The lab may end access.",
        "Then copies are destroyed.",
        "2 March 2026, 12:00 UTC",
        "a steward of GeneBody, on behalf of The lab",
        "16 March 2026",
        SIGNED,
        ISSUED,
        "4" * 64,
    ):
        assert value in words, value
    assert "attested" not in words.lower()


def test_the_certificate_of_destruction_has_the_statement_word_for_word() -> None:
    words = printed(render_destruction(ENDED, ATTESTED))
    for value in (
        "Certificate of Destruction",
        "Alice Lukaszewska",
        "Alice Łukaszewska",
        "alice@uw.example",
        "holder of the access",
        "10 March 2026, 09:05 UTC",
        "I attest to The lab: 1. I have destroyed every copy. 2. No copy is left.",
        "The disk was shredded. Twice.",
        "train40.zip, version 2",
        "4 February 2026 to 6 February 2026",
        "GB-R-7K2F9M",
        SIGNED,
    ):
        assert value in words, value


def test_without_downloads_without_a_remark_and_without_a_clause_it_says_so_or_leaves_them_out() -> None:
    bare = replace(ATTESTED, copies=(), remark=" ", known_as="")
    words = printed(render_destruction(replace(ENDED, clause=None, destroy_by=None, site=""), bare))
    assert "No download by this person is on record" in words
    for heading in ("Remark", "Under this clause", "Site", "Name on the agreement"):
        assert heading not in words


def test_an_executed_agreement_takes_the_place_of_the_papers_by_values_alone() -> None:
    executed = CitedAgreement("1.0", "4" * 64, (CitedPaper("executed agreement", "7" * 64),))
    words = printed(render_end(replace(ENDED, agreement=executed)))
    assert "SHA-256 of the executed agreement" in words
    assert SIGNED not in words


def test_the_same_values_give_the_same_bytes() -> None:
    assert render_end(ENDED) == render_end(ENDED)
    assert render_destruction(ENDED, ATTESTED) == render_destruction(ENDED, ATTESTED)


@pytest.mark.parametrize("script", NAMES)
def test_names_in_any_promised_script_print(script: str) -> None:
    name = NAMES[script]
    for pdf in (
        render_end(replace(ENDED, holder=name, organization=name)),
        render_destruction(ENDED, replace(ATTESTED, name=name, remark=name)),
    ):
        assert set(name) - set(" ".join(texts(pdf))) - set("\u200c（）") == set()


def test_what_no_font_has_is_written_out_when_nobody_can_be_asked() -> None:
    words = printed(render_end(replace(ENDED, holder="Al\u202eice 😀 अ", lab="The \x00 lab")))
    assert "Al[U+202E]ice [U+1F600] [U+0905]" in words
    assert "The [U+0000] lab" in words
    assert fonts.printable("Łucja 张爱丽 أليس") == "Łucja 张爱丽 أليس"


def test_what_looks_like_markup_is_printed_as_it_was_written() -> None:
    hostile = "</b><font color=red>%s&amp;<script>"
    assert hostile in printed(render_end(replace(ENDED, holder=hostile)))


@pytest.mark.parametrize("character", ["W", "م", "张", "ł\u0301"])
def test_a_remark_of_one_long_word_is_printed_in_a_moment(character: str) -> None:
    began = time.monotonic()
    pdf = render_destruction(ENDED, replace(ATTESTED, remark=(character * 2000)[:2000], name=character * 200))
    assert time.monotonic() - began < 5
    assert len(texts(pdf)) < 6
