"""Photographs and scans become one PDF: every page upright, in order, and nothing of the files but what is seen."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from agreements.documents import papers as kept
from agreements.documents.inspector import photographs as decoding
from agreements.documents.inspector.papers import PutTogether
from tests.documents import hostile, photographs
from tests.documents.papers import another_application, bound, issue, photograph, without_code
from tests.documents.photographs import CAMERA, heic, jpeg, made_of, on_a_table, saved


def numbers(together: PutTogether) -> list[int]:
    """The page numbers that the codes claim, 0 where there is none, in the order of the pages."""
    return [int(codes[0].split(":")[4]) if codes else 0 for codes in together.codes]


def pages(together: PutTogether) -> list[Image.Image]:
    document = pypdfium2.PdfDocument(together.pdf)
    try:
        return [document[at].render(scale=150 / 72).to_pil() for at in range(len(document))]
    finally:
        document.close()


def ways_up(together: PutTogether) -> list[int]:
    """By how many degrees the code on each page of the PDF is turned."""
    return [round(code.orientation) for page in pages(together) for code in zxingcpp.read_barcodes(page.convert("L"))]


@pytest.mark.parametrize("sent", [(0, 1, 2), (1, 2, 0), (2, 1, 0), (1, 0, 2)])
def test_photographs_are_put_in_the_order_of_their_codes(shots: list[bytes], sent: tuple[int, ...]) -> None:
    together = made_of(*(shots[page] for page in sent))
    assert numbers(together) == [1, 2, 3]
    assert together.sources == [sent.index(page) + 1 for page in range(3)]


@pytest.mark.parametrize("degrees", [0, 90, 180, 270, 7, 97])
def test_a_page_photographed_any_way_up_comes_out_upright(sheets: list[Image.Image], degrees: int) -> None:
    turned = on_a_table(sheets[0]).rotate(degrees, expand=True, fillcolor=photographs.TABLE)
    together = made_of(jpeg(turned))
    (page,) = pages(together)
    assert page.height > page.width
    assert abs(ways_up(together)[0]) < 10


@pytest.mark.parametrize("lean", [0.03, 0.06])
def test_a_page_photographed_from_an_angle_is_read(sheets: list[Image.Image], lean: float) -> None:
    together = made_of(*(jpeg(on_a_table(sheet, lean=lean)) for sheet in reversed(sheets)))
    assert numbers(together) == [1, 2, 3]


def test_a_large_photograph_is_read_and_kept_at_about_150_dots_per_inch(sheets: list[Image.Image]) -> None:
    large = on_a_table(sheets[0]).resize((6000, 8000))
    together = made_of(jpeg(large))
    assert numbers(together) == [1]
    assert len(together.pdf) < 700_000
    with pikepdf.open(BytesIO(together.pdf)) as pdf:
        image = next(iter(pdf.pages[0].get_images().values()))
        assert (max(int(image.Width), int(image.Height)), str(image.Filter)) == (1900, "/DCTDecode")
        assert [round(float(side)) for side in pdf.pages[0].mediabox] == [0, 0, 595, 842]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_without_a_code_is_turned_as_its_exif_says(sheets: list[Image.Image], orientation: int) -> None:
    sheet = without_code(sheets[0]).convert("RGB")
    stored = decoding._turned(sheet, {6: 8, 8: 6}.get(orientation, orientation))
    picture = decoding.decoded(jpeg(stored, orientation=orientation), "jpeg").convert("L")
    assert picture.size == sheet.size
    corner = picture.crop((0, 0, picture.width // 2, picture.height // 8)).getextrema()
    assert corner[0] < 60, "the square at the upper left is there"  # type: ignore[operator]


def test_nothing_of_where_and_with_what_it_was_taken_comes_out(shots: list[bytes]) -> None:
    assert CAMERA.encode() in shots[0]
    together = made_of(*shots)
    assert CAMERA.encode() not in together.pdf
    assert b"Exif" not in together.pdf
    for page in pages(together):
        assert "exif" not in page.info


def test_a_heic_of_a_telephone_is_read_and_turned_as_it_says(sheets: list[Image.Image], tmp_path: Path) -> None:
    shot = on_a_table(sheets[1])
    together = made_of(heic(shot, tmp_path), heic(shot, tmp_path, turned=90))
    assert numbers(together) == [2, 2]
    assert [abs(turn) < 3 for turn in ways_up(together)] == [True, True]


def test_a_heic_turned_by_its_box_is_upright_without_a_code(sheets: list[Image.Image], tmp_path: Path) -> None:
    shot = without_code(sheets[1]).convert("RGB")
    sideways = shot.transpose(Image.Transpose.ROTATE_270)
    upright = decoding.decoded(heic(sideways, tmp_path, turned=90), "heic")
    assert (upright.width // 2, upright.height // 2) == (shot.width // 2, shot.height // 2)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "I;16"])
def test_a_scan_in_any_sort_of_png_is_read(sheets: list[Image.Image], mode: str) -> None:
    sheet = sheets[0].convert("L")
    if mode == "I;16":
        scan = sheet.convert("I").point(lambda level: level * 256).convert("I;16")
    else:
        scan = sheet.convert(mode)
    assert numbers(made_of(saved(scan, "PNG"))) == [1]


def test_what_is_transparent_is_white_as_on_paper(sheets: list[Image.Image]) -> None:
    ink = sheets[0].convert("L")
    scan = Image.new("RGBA", ink.size, (0, 0, 0, 255))
    scan.putalpha(ink.point(lambda level: 255 - level))
    together = made_of(saved(scan, "PNG"))
    assert numbers(together) == [1]
    assert pages(together)[0].convert("L").getpixel((620, 1700)) > 240  # type: ignore[operator]


@pytest.mark.parametrize("options", [{"progressive": True}, {"cmyk": True}])
def test_a_jpeg_in_passes_or_in_cmyk_is_read(sheets: list[Image.Image], options: dict[str, bool]) -> None:
    picture = sheets[0].convert("CMYK" if options.pop("cmyk", False) else "RGB")
    assert numbers(made_of(saved(picture, "JPEG", quality=85, **options))) == [1]


def test_a_page_that_cannot_be_read_stays_behind_what_was_sent_before_it(
    shots: list[bytes], sheets: list[Image.Image]
) -> None:
    unread = jpeg(on_a_table(without_code(sheets[2])))
    together = made_of(shots[2], shots[1], unread, shots[0])
    assert (numbers(together), together.sources) == ([1, 2, 0, 3], [4, 2, 3, 1])
    assert made_of(unread, shots[1], shots[0]).sources == [1, 3, 2]


def test_a_page_that_was_sent_twice_is_there_twice_side_by_side(shots: list[bytes]) -> None:
    together = made_of(shots[1], shots[0], shots[1], shots[2])
    assert (numbers(together), together.sources) == ([1, 2, 2, 3], [2, 1, 3, 4])


def test_two_pages_in_one_picture_keep_both_codes(sheets: list[Image.Image]) -> None:
    both = Image.new("RGB", (sheets[0].width * 2, sheets[0].height), "white")
    both.paste(sheets[0], (0, 0))
    both.paste(sheets[1], (sheets[0].width, 0))
    assert len(made_of(jpeg(both)).codes[0]) == 2


def test_scans_of_single_pages_as_pdf_are_put_in_order_with_photographs(
    shots: list[bytes], sheets: list[Image.Image]
) -> None:
    scans = [bound([sheet], dots_per_inch=150) for sheet in sheets]
    together = made_of(scans[2], shots[1], scans[0])
    assert (numbers(together), together.sources) == ([1, 2, 3], [3, 2, 1])
    whole = made_of(shots[2], bound(sheets[:2], dots_per_inch=150))
    assert (numbers(whole), whole.sources) == ([1, 2, 3], [2, 2, 1])


def test_what_a_pdf_among_several_files_hides_is_named_and_left_behind(shots: list[bytes]) -> None:
    together = made_of(shots[0], hostile.with_javascript())
    assert "javascript" in together.flags
    with pikepdf.open(BytesIO(together.pdf)) as pdf:
        assert not [thing for thing in pdf.objects if isinstance(thing, pikepdf.Dictionary) and "/JS" in thing]


def test_pages_of_another_application_are_kept_for_the_reviewer(shots: list[bytes]) -> None:
    strange = jpeg(on_a_table(photograph(issue(another_application()), dots_per_inch=150)[1]))
    together = made_of(shots[2], strange, shots[0])
    assert together.sources == [3, 2, 1]
    assert ":GB-A-3XW8QT:" in together.codes[1][0]


def test_of_a_picture_that_moves_only_the_first_frame_is_a_page(sheets: list[Image.Image]) -> None:
    moving = saved(sheets[0], "PNG", save_all=True, append_images=[sheets[1], sheets[2]])
    together = made_of(moving)
    assert (numbers(together), len(pages(together))) == ([1], 1)
    several = saved(sheets[0].convert("RGB"), "MPO", save_all=True, append_images=[sheets[1].convert("RGB")])
    assert numbers(made_of(several)) == [1]


def test_a_bundle_is_the_files_as_they_were_sent_and_always_the_same_bytes(shots: list[bytes]) -> None:
    bundle = kept.bundle(shots)
    assert bundle == kept.bundle(shots)
    assert all(shot in bundle for shot in shots)
    assert b"01.jpg" in bundle
