"""Reading what was typed into a form: of our fields the texts, of everything else nothing, whatever is in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from agreements.documents import inspecting, store
from agreements.documents.evidence import findings
from agreements.documents.inspection import inspect
from agreements.documents.inspector import child, fields, frames
from agreements.documents.inspector.child import Answer
from agreements.documents.inspector.field_names import LONGEST
from tests.documents.filling import TYPED, blank, by_pdftk, by_pikepdf, by_pypdf, changed, field, with_fields
from tests.documents.papers import bound, expected, issue, photograph

SECONDS = 20
"""Far above what any of these takes (a second or two), far below the wall clock of an inspection."""


@pytest.mark.parametrize("fill", [by_pikepdf, by_pypdf, by_pdftk])
def test_what_was_typed_comes_back_under_the_names_of_the_form(fill: Callable[..., bytes]) -> None:
    report = inspect(fill(TYPED))
    assert (report.outcome, report.fields, report.flags) == ("ok", TYPED, ())


@pytest.mark.parametrize(
    "make",
    [
        blank,
        issue,
        lambda: bound(photograph(by_pikepdf(TYPED))),
        lambda: changed(lambda pdf: pdf.flatten_annotations("print")),
        lambda: changed(lambda pdf: pdf.Root.__delitem__("/AcroForm")),
    ],
    ids=["empty", "issued", "scanned", "flattened", "without a form"],
)
def test_a_form_without_anything_typed_gives_nothing_and_fails_nothing(make: Callable[[], bytes]) -> None:
    report = inspect(make())
    assert (report.outcome, report.fields, report.flags) == ("ok", {}, ())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"\xfe\xff" + "Łódź 教授 𠮷".encode("utf-16-be"), "Łódź 教授 𠮷"),
        (b"\xff\xfe" + "Łódź".encode("utf-16-le"), "Łódź"),
        (b"\xef\xbb\xbf" + "Łódź".encode(), "Łódź"),
        (b"Caf\xe9 \x95ukasz", "Café Łukasz"),
        (b"\xfe\xff\xd8\x00\x00A", "\ufffdA"),
        (b"\xfe\xff\x00A\x00", "A\ufffd"),
        (b"a\x00b\x01", "ab"),
        (b"  Alice \r\n", "Alice"),
        (b"one\rtwo", "one\ntwo"),
    ],
)
def test_texts_are_read_in_each_encoding_and_never_raise(raw: bytes, text: str) -> None:
    assert fields.typed(with_fields(field("name", String(raw)))) == ({"name": text}, [])


def test_only_our_names_at_the_top_of_the_form_are_read() -> None:
    below = Dictionary(T=String("name"), FT=Name.Tx, V=String("Eve"))
    parent = Dictionary(T=String("group"), Kids=Array([below]))
    found = fields.typed(with_fields(parent, field("passport", String("X1")), field("city", String("Łódź"))))
    assert found == ({"city": "Łódź"}, [])


@pytest.mark.parametrize(
    "odd",
    [
        [field("name", String("Alice")), field("name", String("Eve"))],
        [Dictionary(FT=Name.Btn, T=String("name"), V=Name.Yes)],
        [field("name", Array([String("Alice")]))],
        [field("name", Dictionary())],
        [Dictionary(T=String("name"), V=String("Alice"))],
    ],
)
def test_a_field_that_is_not_ours_under_our_name_is_flagged_and_not_read(odd: list[Any]) -> None:
    found, flags = fields.typed(with_fields(*odd, field("city", String("Łódź"))))
    assert (found, flags) == ({"city": "Łódź"}, ["odd-field"])


def test_a_text_beyond_the_length_of_its_field_is_cut_and_flagged() -> None:
    for letter in ("x", "教", "𠮷"):
        found, flags = fields.typed(with_fields(field("name", String(letter * 5000))))
        assert (found, flags) == ({"name": letter * LONGEST["name"]}, ["long-field"])
    whole = {"name": "教" * LONGEST["name"]}
    assert fields.typed(by_pikepdf(whole)) == (whole, [])


def test_nothing_is_read_beside_a_form_in_xml_which_is_flagged() -> None:
    def add(pdf: Pdf) -> None:
        pdf.Root.AcroForm.XFA = Stream(pdf, b"<xdp/>")
        pdf.Root.AcroForm.Fields[0].V = String("Alice")

    report = inspect(changed(add))
    assert (report.outcome, report.fields, report.flags) == ("ok", {}, ("xfa",))


def test_a_script_in_a_field_is_flagged_and_not_run() -> None:
    def add(pdf: Pdf) -> None:
        first = pdf.Root.AcroForm.Fields[0]
        first.V = String("Alice")
        first.AA = Dictionary(C=Dictionary(S=Name.JavaScript, JS=String("event.value = 'Eve'")))

    report = inspect(changed(add))
    assert (report.outcome, report.fields, report.flags) == ("ok", {"name": "Alice"}, ("javascript",))


def _hundred_thousand() -> bytes:
    def add(pdf: Pdf) -> None:
        pdf.Root.AcroForm.Fields = Array([field(f"field{n}", String("x")) for n in range(100_000)])

    return changed(add)


def _loop_of_kids() -> bytes:
    def add(pdf: Pdf) -> None:
        first = pdf.Root.AcroForm.Fields[0]
        first.Kids = Array([first])
        first.Parent = first

    return changed(add)


def _deep_kids() -> bytes:
    def add(pdf: Pdf) -> None:
        last = pdf.Root.AcroForm.Fields[0]
        for number in range(20_000):
            child_field = pdf.make_indirect(Dictionary(T=String(f"k{number}"), Parent=last))
            last.Kids = Array([child_field])
            last = child_field

    return changed(add)


def _cyclic_parents() -> bytes:
    def add(pdf: Pdf) -> None:
        one, other = pdf.Root.AcroForm.Fields[0], pdf.Root.AcroForm.Fields[1]
        one.Parent, other.Parent = other, one
        one.Kids, other.Kids = Array([other]), Array([one])

    return changed(add)


def _fifty_megabytes() -> bytes:
    """A text of 50 MB in a file of less than one: strings may stand in compressed objects."""
    out = BytesIO()
    with pikepdf.open(BytesIO(blank())) as pdf:
        pdf.Root.AcroForm.Fields[0].V = String(b"A" * 50_000_000)
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert len(out.getvalue()) < 1_000_000
    return out.getvalue()


@pytest.mark.parametrize(
    ("make", "flags"),
    [
        (_hundred_thousand, {"many-fields"}),
        (_loop_of_kids, set()),
        (_deep_kids, set()),
        (_cyclic_parents, set()),
        (_fifty_megabytes, {"long-field"}),
        (lambda: with_fields(*[field("name", String("x" * 60_000))] * 1999), {"long-field"}),
        (lambda: with_fields(Name.Nothing, 7, Array([])), set()),
        (lambda: changed(lambda pdf: pdf.Root.AcroForm.__setitem__("/Fields", Name.None_)), set()),
        (lambda: changed(lambda pdf: pdf.Root.__setitem__("/AcroForm", Array([]))), set()),
    ],
    ids=["100,000 fields", "a loop", "deep", "parents in a circle", "50 MB", "long ones", "rubbish", "name", "array"],
)
def test_hostile_forms_end_in_time_with_an_answer(make: Callable[[], bytes], flags: set[str]) -> None:
    data = make()
    began = monotonic()
    report = inspect(data, wall_seconds=60)
    assert monotonic() - began < SECONDS
    # Whatever becomes of the file as a whole, the answer is one of those that the portal has words for.
    assert report.outcome == "ok" or report.reason
    assert report.outcome != "ok" or flags <= set(report.flags)
    assert sum(map(len, report.fields.values())) <= sum(LONGEST.values())


@pytest.mark.parametrize(
    "texts",
    [{"passport": "X1"}, {"name": "x" * 121}, {"name": 7}, {"name": None}, ["name"], "name", None],
)
def test_an_answer_with_other_fields_than_ours_is_not_believed(texts: object, monkeypatch: pytest.MonkeyPatch) -> None:
    body = json.dumps({"texts": texts}).encode()
    out = BytesIO()
    frames.write(out, frames.FORM, body)
    frames.write(out, frames.DONE)
    monkeypatch.setattr(child, "run", lambda *_given, **_named: Answer(out.getvalue(), "exited"))
    report = inspect(blank())
    assert (report.outcome, report.reason_code, report.fields) == ("failed", "bad-answer", {})


def test_a_typed_form_is_told_as_such_only_where_it_is_odd() -> None:
    structure, pages, _unchanged, _signed = findings(inspect(by_pikepdf(TYPED)), expected())
    assert structure.outcome == "pass"
    assert pages.outcome != "pass", "a blank form is not the agreement that was issued"
    twice = inspect(with_fields(field("name", String("Alice")), field("name", String("Eve"))))
    structure = findings(twice, expected())[0]
    assert structure.outcome == "attention"
    assert "form fields named like ours" in structure.summary


@pytest.mark.django_db
def test_the_texts_are_kept_with_the_inspection_and_go_when_the_paper_is_erased(tmp_path: Path) -> None:
    from agreements.documents import erasing

    document = store.save(by_pikepdf(TYPED))
    inspection = inspecting.ask(document=document)
    assert inspecting.work_off() == 1
    inspection.refresh_from_db()
    assert inspection.fields == TYPED
    assert inspecting.report_of(inspection).fields == TYPED
    erasing.mark([document])
    inspection.refresh_from_db()
    assert inspection.fields == {}
