"""Several PDFs of ours as one."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from io import BytesIO

import pikepdf
import pypdfium2

from agreements.documents.joining import join
from tests.documents.papers import FORM, issue
from tests.documents.test_agreement_form import texts


def fonts_of(pdf: bytes) -> set[str]:
    """The fonts that are embedded, by name."""
    with pikepdf.open(BytesIO(pdf)) as document:
        return {
            str(each.FontName)
            for each in document.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor" and "/FontFile2" in each
        }


def drawn(pdf: bytes) -> list[bytes]:
    """The pages as pictures, without what is filled into forms."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=0.7, may_draw_forms=False, draw_annots=False).to_pil().tobytes() for page in document]
    finally:
        document.close()


def test_pages_keep_their_order_their_text_and_their_look() -> None:
    first, second = issue(), issue(replace(FORM, issue=3))
    joined = join([first, second])
    assert texts(joined) == texts(first) + texts(second)
    assert drawn(joined) == drawn(first) + drawn(second)


def test_fonts_stay_embedded() -> None:
    first = issue()
    names = fonts_of(first)
    assert names
    assert fonts_of(join([first])) == names


def test_no_field_and_no_note_is_left() -> None:
    with pikepdf.open(BytesIO(issue())) as before:
        assert any("/Annots" in page for page in before.pages)
    with pikepdf.open(BytesIO(join([issue(), issue()]))) as joined:
        assert not any("/Annots" in page for page in joined.pages)
        assert "/AcroForm" not in joined.Root
        assert not [each for each in joined.objects if isinstance(each, pikepdf.Dictionary) and "/FT" in each]
        assert set(joined.Root.keys()) == {"/Pages", "/Type"}


def test_the_same_parts_give_the_same_bytes() -> None:
    parts = [issue(), issue(replace(FORM, issue=3))]
    assert join(parts) == join(parts)
    assert join(parts) != join(reversed(parts))


def test_what_joins_is_loaded_only_when_something_is_joined() -> None:
    """Every command would start later."""
    code = (
        "import os, sys; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "import django; django.setup()\n"
        "import agreements.tasks\n"
        "assert not {'pikepdf', 'img2pdf', 'pyhanko'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
