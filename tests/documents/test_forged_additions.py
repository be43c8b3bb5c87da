"""Agreements that show another text and that pyHanko takes for filled in: none of them passes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.documents import forging, signers
from tests.documents.forging import WHOLE_PAGE
from tests.documents.judging_by_hand import filled
from tests.documents.signers import signed
from tests.documents.test_judging import TYPED, issued, looked_at, said, text_of

Forged = Callable[[bytes], bytes]
BY_EYE = (
    "attention",
    "The file begins as the agreement that we issued, and was added to in a way that is not judged here: "
    "please compare it with the agreement by eye.",
)
ANEW_BY_EYE = (
    "attention",
    "A program has saved the file anew, with something in it that is not judged here, such as faint marks, notes or "
    "layers, which not every program shows: please compare it with the agreement by eye.",
)


def differs(page: int) -> tuple[str, str]:
    return "fail", f"The agreement was changed after it was issued: page {page} differs."


@pytest.mark.parametrize(
    ("forged", "answer"),
    [
        (forging.drawn_field, differs(3)),
        (lambda pdf: forging.drawn_field(pdf, box=(0, 0, 0, 0)), BY_EYE),
        (lambda pdf: forging.drawn_field(pdf, box=(0, 0, 100, 20, 1)), BY_EYE),
        (lambda pdf: forging.drawn_field(pdf, box=(-1000, -1000, 1000, 1000), matrix=(0,) * 6), BY_EYE),
        (lambda pdf: forging.signature_field(pdf, (0, 0, 0, 0)), differs(1)),
        (lambda pdf: signed(forging.signature_field(pdf, (0, 0, 0, 0))), differs(1)),
        (lambda pdf: forging.signature_field(pdf, (*WHOLE_PAGE, 0), box=WHOLE_PAGE), differs(1)),
        (lambda pdf: forging.signature_field(pdf, (0, 0, 0, 0), flags=36), differs(1)),
        (lambda pdf: forging.hidden_page(pdf, entry=b"0_00000000 00000 n"), differs(1)),
        (lambda pdf: forging.hidden_page(pdf, entry=b"+000000000 00000 n"), differs(1)),
        (lambda pdf: signed(forging.hidden_page(pdf, entry=b"0_00000000 00000 n")), differs(1)),
        (lambda pdf: forging.hidden_page(pdf, start=b"startxref\n+"), BY_EYE),
        (lambda pdf: forging.hidden_page(pdf, start=b"startxref %\n"), BY_EYE),
        (forging.hidden_page, BY_EYE),
        (forging.copied_signatures, differs(1)),
        (lambda pdf: forging.copied_signatures(pdf, count=1), differs(1)),
    ],
    ids=[
        "a drawing without a box",
        "an empty box",
        "a box of five numbers",
        "a matrix to nothing",
        "an invisible field that paints",
        "the same, then signed",
        "a place of five numbers",
        "one that paints on paper alone",
        "a table that is no number",
        "a table with a sign",
        "the same, then signed by the way",
        "a start with a sign",
        "a start with a comment",
        "objects that no table names",
        "many copies of our certification",
        "one copy of our certification",
    ],
)
def test_what_shows_another_text_is_no_form_that_was_filled_in(forged: Forged, answer: tuple[str, str]) -> None:
    assert text_of(forged(issued())) == answer


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        (lambda pdf: forging.with_marks(pdf, "0.75 g"), ANEW_BY_EYE),
        (lambda pdf: forging.with_marks(pdf, "1 0.74 0 rg"), differs(2)),
        (forging.with_a_printed_stamp, differs(1)),
        (forging.with_a_printed_layer, differs(1)),
        (lambda pdf: forging.with_a_printed_layer(pdf, marks=b""), ANEW_BY_EYE),
        (lambda pdf: signers.saved_by_pikepdf(forging.signature_field(pdf, (*WHOLE_PAGE, 0))), differs(1)),
        (lambda pdf: signers.saved_by_pikepdf(forging.drawn_field(pdf, box=(0, 0, 0, 0))), ANEW_BY_EYE),
    ],
    ids=[
        "pale grey",
        "bright orange",
        "a note on paper alone",
        "a layer on paper alone",
        "an empty layer",
        "a place of five numbers",
        "an empty box",
    ],
)
def test_what_was_saved_anew_with_more_in_it_does_not_pass(changed: Forged, answer: tuple[str, str]) -> None:
    assert text_of(changed(issued())) == answer


def test_too_many_signatures_are_no_judgement_of_what_was_added() -> None:
    judged = looked_at(forging.copied_signatures(issued())).judgement
    assert judged is not None
    assert (judged.trouble, judged.changes) == ("too-many-signatures", "unknown")


@pytest.mark.parametrize(
    "come_back",
    [
        lambda pdf: filled(pdf, TYPED, ticked=True),
        signed,
        lambda pdf: signed(filled(pdf, TYPED, ticked=True)),
        lambda pdf: filled(signed(pdf), TYPED),
        lambda pdf: signed(signed(pdf), signers.signer("Bob Đặng"), field="Second"),
        lambda pdf: forging.drawn_field(pdf, box=(0, 0, 100, 20)),
        lambda pdf: signers.saved_by_pikepdf(signed(filled(pdf, TYPED, ticked=True))),
        lambda pdf: signers.saved_by_pypdf(filled(pdf, TYPED, ticked=True)),
    ],
    ids=["filled", "signed", "filled, signed", "signed, filled", "two", "drawn by hand", "by pikepdf", "by pypdf"],
)
def test_what_honest_programs_leave_still_passes(come_back: Forged) -> None:
    judged = looked_at(come_back(issued())).judgement
    assert judged is not None
    assert (judged.pages_differ, judged.unjudged, judged.trouble) == ((), (), "")
    assert text_of(come_back(issued()))[0] == "pass"


def test_a_tick_that_the_page_does_not_show_is_pointed_out() -> None:
    found = said(forging.two_faced(issued()))["structure"]
    assert found.outcome == "attention"
    assert "a box of the form that looks otherwise on the page than its value says" in found.summary
    assert "two-faced-field" not in looked_at(filled(issued(), TYPED, ticked=True)).flags
