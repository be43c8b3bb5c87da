from __future__ import annotations

from agreements.documents.blank_fields import Typed, typed


def test_texts_become_the_fields_of_an_application() -> None:
    found = typed(
        {
            "name": "  Alice   Łukaszewska ",
            "organization": "Uniwersytet\nWarszawski",
            "email": "Alice@UW.example ",
            "country": "poland",
            "site_country": "P.R. China",
            "intended_use": "\nWe study clothes.  \n\nFrom few views.\n",
            "signing_date": "2026-11-23",
        }
    )
    assert found == Typed(
        fields={
            "name": "Alice Łukaszewska",
            "organization": "Uniwersytet Warszawski",
            "country": "PL",
            "site_country": "CN",
            "intended_use": "We study clothes.\n\nFrom few views.",
        },
        members=(),
        email="alice@uw.example",
    )


def test_what_an_application_would_refuse_is_left_out_for_the_person_to_fill_in() -> None:
    found = typed(
        {
            "name": "Alice 😀",
            "city": "Warszawa\u200e",
            "country": "Atlantis",
            "email": "alice at uw",
            "intended_use": "We study clothes 😀.",
        }
    )
    assert found == Typed(fields={"city": "Warszawa", "intended_use": "We study clothes ."}, members=(), email="")


def test_colleagues_need_a_name_and_an_address_of_their_own() -> None:
    rows = [
        ("Bob Đặng", "bob@uw.example"),
        ("", "nameless@uw.example"),
        ("Frank", "no address"),
        ("Bob again", "BOB+data@uw.example"),
        ("Alice herself", "alice@uw.example"),
        ("Grace", "grace@uw.example"),
    ]
    texts = {"email": "alice@uw.example"}
    for number, (name, email) in enumerate(rows, start=1):
        texts |= {f"member_{number}_name": name, f"member_{number}_email": email}
    assert typed(texts).members == (("Bob Đặng", "bob@uw.example"), ("Grace", "grace@uw.example"))


def test_nothing_typed_is_nothing() -> None:
    assert typed({}).is_empty
    assert typed({"name": "   ", "signing_date": "today", "passport": "X1"}).is_empty
    assert not typed({"city": "Łódź"}).is_empty
