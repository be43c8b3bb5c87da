"""The blank form: printed and filled in by pen, or typed into with any program that knows forms."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from io import BytesIO

import pikepdf
import zxingcpp
from django.db.models import CharField, Model

from agreements.applications.models import Application, ApplicationMember
from agreements.documents import qr
from agreements.documents.agreement_form import render_agreement
from agreements.documents.inspection import inspect
from agreements.documents.inspector.field_names import ACCEPTED, LONGEST, MOST_MEMBERS
from agreements.documents.page_furniture import square_corners
from agreements.web.application_forms import SiteForm
from tests.documents import elsewhere
from tests.documents.filling import TYPED, blank, by_pikepdf
from tests.documents.papers import FORM, KEY, KEYS, issue, photograph


def test_every_field_can_be_typed_into_but_the_signature() -> None:
    with pikepdf.open(BytesIO(blank())) as pdf:
        names = [str(field.T) for field in pdf.Root.AcroForm.Fields]
        assert set(names) == set(LONGEST)
        assert len(names) == len(set(names))
        kinds = {str(field.T): field.FT for field in pdf.Root.AcroForm.Fields}
        assert kinds.pop(ACCEPTED) == pikepdf.Name.Btn
        assert all(kind == pikepdf.Name.Tx for kind in kinds.values())
        assert not any("signature" in name for name in names)


def test_each_field_says_what_it_is_and_the_tab_key_goes_row_by_row() -> None:
    with pikepdf.open(BytesIO(blank())) as pdf:
        said = [str(field.TU) for field in pdf.Root.AcroForm.Fields]
        assert all(said)
        assert len(said) == len(set(said)), "two fields are told apart by nobody who only hears them"
        for page in pdf.pages:
            assert page.get("/Tabs") == (pikepdf.Name.R if "/Annots" in page else None)


def test_each_field_lies_on_the_page_it_names_within_its_margins_and_over_no_other() -> None:
    with pikepdf.open(BytesIO(blank())) as pdf:
        for page in pdf.pages:
            boxes: list[tuple[float, ...]] = []
            for annotation in page.get("/Annots", []):
                assert annotation.P.objgen == page.objgen
                left, low, right, high = map(float, annotation.Rect)
                assert 70 < left < right < 526
                assert low < high < 842 - 130, "over the head of the page, or its code"
                assert all(not _overlap((left, low, right, high), box) for box in boxes)
                boxes.append((left, low, right, high))


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_no_field_takes_more_than_the_application_does() -> None:
    for name in ("name", "organization", "position", "address_line1", "address_line2", "city", "site_department"):
        assert LONGEST[name] == _longest(Application, name)
    assert LONGEST["member_1_name"] == _longest(ApplicationMember, "name")
    assert LONGEST["member_1_email"] == _longest(ApplicationMember, "email")
    assert LONGEST["intended_use"] == SiteForm.base_fields["intended_use"].max_length  # type: ignore[attr-defined]


def _longest(model: type[Model], name: str) -> int | None:
    found = model._meta.get_field(name)
    assert isinstance(found, CharField)
    return found.max_length


def test_viewers_are_asked_to_draw_what_was_filled_in() -> None:
    with pikepdf.open(BytesIO(blank())) as pdf:
        assert pdf.Root.AcroForm.NeedAppearances == True  # noqa: E712 - a boolean of pikepdf's


def test_as_many_colleagues_as_the_dataset_permits_and_the_page_holds() -> None:
    for permitted, asked in ((0, 0), (3, 3), (100, MOST_MEMBERS)):
        form = replace(FORM, applicant=None, site=None, members=(), intended_use="", most_members=permitted)
        with pikepdf.open(BytesIO(render_agreement(form, qr_key=KEY, qr_key_number=1))) as pdf:
            names = [str(field.T) for field in pdf.Root.AcroForm.Fields]
        assert sum(name.startswith("member_") for name in names) == 2 * asked


def test_a_form_that_is_filled_in_here_has_the_fields_of_its_last_part_alone() -> None:
    with pikepdf.open(BytesIO(issue())) as pdf:
        names = [str(field.T) for field in pdf.Root.AcroForm.Fields]
        assert names == [ACCEPTED, "signing_name", "signing_date", "signing_place"]
        assert "/NeedAppearances" not in pdf.Root.AcroForm, "a viewer would draw anew what is certified"


def test_the_same_blank_form_has_the_same_bytes_in_another_process() -> None:
    assert elsewhere.digests("tests.documents.filling", "blank") == {hashlib.sha256(blank()).hexdigest()}


def test_codes_and_squares_are_those_of_a_form_without_fields() -> None:
    sheets = photograph(by_pikepdf(TYPED), dots_per_inch=130, degrees=0)
    for at, sheet in enumerate(sheets, start=1):
        (found,) = zxingcpp.read_barcodes(sheet)
        assert qr.parse_and_verify(found.text, KEYS) == qr.PageCode(qr.BLANK, "1.0", 0, at, len(sheets), 1)
        for x, y in square_corners():
            assert sheet.getpixel((round((x + 8) * 130 / 72), round(sheet.height - (y + 8) * 130 / 72))) == 0


def test_the_pictures_that_reviewers_see_show_what_was_typed() -> None:
    empty, filled = inspect(blank()), inspect(by_pikepdf(TYPED))
    assert filled.outcome == "ok"
    assert filled.pages[0].png != empty.pages[0].png
    assert filled.pages[0].codes == empty.pages[0].codes
    assert inspect(by_pikepdf({})).pages[0].png == empty.pages[0].png
