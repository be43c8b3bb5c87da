"""The page that says that a holder agreed to new terms: what it says, in any script, and that it is certified."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from agreements.documents.certificate_data import CitedPaper
from agreements.documents.consent_page import Consent, Version, render_consent
from tests.documents.test_certificates import printed

CONSENT = Consent(
    dataset_name="GeneBody",
    lab="The Lab",
    grant_reference="GB-G-3F8Q2T",
    application_reference="GB-A-9QW2ER",
    holder="Alice Łukaszewska",
    organization="University of Warsaw",
    site="Institute of Informatics, Warszawa, Poland",
    signed_in_as="alice@home.example",
    proven_address="alice@uw.example",
    agreed_at=dt.datetime(2026, 3, 10, 9, 5, tzinfo=dt.UTC),
    previous=Version("1.0", dt.date(2026, 1, 1), "1" * 64),
    agreed=Version("2.0", dt.date(2026, 3, 1), "2" * 64),
    papers=(CitedPaper("executed agreement", "3" * 64), CitedPaper("consent to version 1.5", "4" * 64)),
)


def test_it_says_who_when_to_which_text_from_which_address_and_what_it_goes_with() -> None:
    words = printed(render_consent(CONSENT))
    for value in (
        "Consent to New Terms",
        "GB-G-3F8Q2T",
        "GB-A-9QW2ER",
        "Alice Łukaszewska",
        "University of Warsaw",
        "Institute of Informatics, Warszawa, Poland",
        "alice@home.example",
        "Proven by a code mailed to alice@uw.example",
        "10 March 2026, 09:05 UTC",
        "1 March 2026",
        "SHA-256 of the terms, version 1.0 " + "1" * 64,
        "SHA-256 of the terms, version 2.0 " + "2" * 64,
        "SHA-256 of the executed agreement " + "3" * 64,
        "SHA-256 of the consent to version 1.5 " + "4" * 64,
        "under version 2.0 in place of version 1.0",
    ):
        assert value in words, value
    assert "Page 1 of 1" in words


def test_the_same_values_give_the_same_bytes() -> None:
    assert render_consent(CONSENT) == render_consent(CONSENT)


@pytest.mark.parametrize("name", ["张伟", "김민준", "محمد علي", "דוד כהן", "Ἀριστοτέλης", "Łukasz Żółć"])
def test_names_in_other_scripts_print(name: str) -> None:
    assert render_consent(replace(CONSENT, holder=name)) != render_consent(CONSENT)


def test_what_no_font_has_is_written_out() -> None:
    assert "U+1F600" in printed(render_consent(replace(CONSENT, organization="Lab 😀")))
