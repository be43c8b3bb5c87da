"""A signature as lines: what is read of it, and the page that it is drawn on."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace
from typing import Any

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as some
from reportlab.lib.units import mm

from agreements.core.errors import Invalid
from agreements.documents import strokes
from agreements.documents.signature_page import SignatureBox, SignedRecord, render_signature_page
from tests.documents.test_agreement_form import texts
from tests.documents.test_fonts import NAMES

HAND = (((100, 200), (180, 80), (260, 200), (340, 90)), ((420, 150), (600, 160), (800, 140)), ((900, 250),))
SIGNED = SignedRecord(
    dataset_name="GeneBody",
    application_reference="GB-A-9QW2ER",
    issue=2,
    pages=3,
    terms_version="1.0",
    terms_sha256="4" * 64,
    issued_sha256="6" * 64,
    name="Alice Łukaszewska",
    organization="University of Warsaw",
    email="alice@uw.example",
    network_address="2001:db8::7334",
    signed_at=dt.datetime(2026, 3, 2, 12, 0, 5, tzinfo=dt.UTC),
    strokes=HAND,
    clauses=(("research-only", "Research only"), ("termination", "Termination")),
)
POINTS = some.lists(some.lists(some.integers(), max_size=3), max_size=4)
ANYTHING = some.recursive(some.none() | some.booleans() | some.floats() | some.integers() | some.text(), some.lists)


def test_a_hand_is_read_as_it_was_drawn() -> None:
    assert strokes.parse(json.dumps(HAND)) == HAND
    assert strokes.checked(strokes.as_json(HAND)) == HAND


@given(some.one_of(ANYTHING, some.lists(POINTS, max_size=4)))
def test_whatever_is_sent_is_a_drawing_in_the_box_or_refused(sent: Any) -> None:
    try:
        read = strokes.parse(json.dumps(sent))
    except Invalid:
        return
    assert strokes.length(read) >= strokes.SHORTEST
    assert all(type(x) is int and 0 <= x <= 1000 and 0 <= y <= 300 for stroke in read for x, y in stroke)


def test_the_path_of_a_page_is_numbers_and_letters_alone() -> None:
    path = strokes.svg_path(HAND)
    assert path.startswith("M100 200Q180 80 220 140")
    assert re.fullmatch(r"[MQ0-9. -]+", path)


def test_the_page_states_who_signed_what_when_and_how() -> None:
    (page,) = texts(render_signature_page(SIGNED))
    for words in (
        "The person named here read the agreement on the 3 pages before this one", "Signature, drawn",
        "Alice Łukaszewska", "University of Warsaw", "2 March 2026, 12:00:05 UTC", "2001:db8::7334",
        "alice@uw.example", "1 Research only research-only", "2 Termination termination",
        "GB-A-9QW2ER", "4" * 64, "6" * 64,
    ):  # fmt: skip
        assert words in " ".join(page.split()), words
    assert render_signature_page(SIGNED) == render_signature_page(SIGNED)


@pytest.mark.parametrize("script", NAMES)
def test_a_name_in_any_promised_script_is_typed_as_a_signature(script: str) -> None:
    typed = replace(SIGNED, strokes=(), name=NAMES[script])
    assert dark(render_signature_page(typed)) > 300


@pytest.mark.parametrize(
    "name",
    ["W" * 120, " ".join(["Wolfeschlegelst"] * 8)[:120], "张" * 120, "ש" * 120, "Alice 张爱丽 " * 9, "W " * 60],
)
def test_a_long_name_is_typed_on_several_lines_and_stays_in_the_box(name: str) -> None:
    typed = render_signature_page(replace(SIGNED, strokes=(), name=name.strip()))
    with pypdfium2.PdfDocument(typed) as drawn:
        picture = drawn[0].render(scale=1).to_numpy().astype(int)[180:305]
    _rows, columns = (picture.max(axis=2) < 200).nonzero()
    assert 69 < columns.min() < columns.max() < 527, "nothing but the frame of the box is wider"
    assert sum(len("".join(line.split())) for line in fitted(name)) == len("".join(name.split())), "all of it"


def fitted(name: str) -> list[str]:
    """Return the lines on which a typed name stands."""
    box = SignatureBox(name.strip(), (), "")
    box.wrap(160 * mm, 0)
    size, found = box._fitted(140 * mm)
    assert size > SignatureBox.SMALLEST
    assert len(found) * size * SignatureBox.PITCH <= SignatureBox.HEIGHT - 16 * mm
    return found


def test_the_lines_are_in_the_box_and_nowhere_else() -> None:
    wide = tuple((x, y) for x in range(0, 1001, 50) for y in (0, 300))
    corners = render_signature_page(replace(SIGNED, strokes=(wide,)))
    blank = render_signature_page(replace(SIGNED, strokes=(((0, 0), (0, 1)),)))
    assert dark(blank) < 30
    assert dark(render_signature_page(SIGNED)) > 150
    with pypdfium2.PdfDocument(corners) as drawn, pypdfium2.PdfDocument(blank) as empty:
        pictures = [each[0].render(scale=1).to_numpy().astype(int) for each in (drawn, empty)]
    rows, columns = (abs(pictures[0] - pictures[1]).sum(axis=2) > 60).nonzero()
    assert 180 < rows.min() < rows.max() < 305
    assert 70 < columns.min() < columns.max() < 525


def test_many_clauses_take_more_pages() -> None:
    many = tuple((f"clause-{at}", f"Clause {at}") for at in range(1, 61))
    pages = texts(render_signature_page(replace(SIGNED, clauses=many)))
    assert len(pages) == 3
    assert "60 Clause 60" in " ".join("".join(pages).split())


def test_a_name_from_before_with_what_no_font_has_is_written_out() -> None:
    (page,) = texts(render_signature_page(replace(SIGNED, organization="The 😀 lab")))
    assert "[U+1F600]" in page


def dark(pdf: bytes) -> int:
    """Return how many dark points the signature's box has, at 72 dpi."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[0].render(scale=1).to_numpy()[190:268, 75:520]
    return int((picture.max(axis=2) < 110).sum())
