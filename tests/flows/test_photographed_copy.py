"""A signed copy that came as photographs: kept as they were sent, read as one PDF, and gone with it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from PIL import Image

from agreements.applications import signing, submission
from agreements.applications.models import Application, SignedCopy
from agreements.core.errors import Invalid
from agreements.documents import erasing, inspecting, papers, store
from agreements.documents.evidence import findings
from agreements.documents.inspection import InspectionReport, inspect
from agreements.documents.issuing import expected_of, newest
from agreements.documents.models import Form, Inspection, InspectionState, StoredDocument
from agreements.flows import own_data
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.signed_copy import Sent, receive_files
from agreements.vault import stores
from tests.documents.papers import photograph, without_code
from tests.documents.photographs import CAMERA, jpeg, on_a_table
from tests.flows.scene import DETAILS, SITE, Scene
from tests.flows.test_retention import later


@pytest.fixture
def draft(scene: Scene) -> Application:
    from agreements.applications import drafting

    by = scene.alice.actor
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    application = drafting.save(application=application, fields=DETAILS | SITE, by=by)
    issue_agreement(application=application, by=by)
    return application


def sheets(application: Application) -> list[Image.Image]:
    issued = newest(application.reference)
    assert issued is not None
    return photograph(store.read(issued.document))


def shots(application: Application) -> list[Sent]:
    """Photographs of the pages of the agreement that was issued, in order."""
    pages = enumerate(sheets(application), start=1)
    return [Sent(f"IMG_{1000 + page}.jpg", jpeg(on_a_table(sheet))) for page, sheet in pages]


def send(scene: Scene, application: Application, *files: Sent) -> SignedCopy:
    return receive_files(application=application, files=files, by=scene.alice.actor)


def sent_and_looked_at(scene: Scene, application: Application, *files: Sent) -> Inspection:
    copy = send(scene, application, *files)
    inspecting.work_off()
    return Inspection.objects.select_related("assembled", "document").get(document=copy.document)


def page_set_of(application: Application, inspection: Inspection) -> tuple[str, str]:
    issued = newest(application.reference)
    assert issued is not None
    found = {each.check: each for each in findings(inspecting.report_of(inspection), expected_of(issued))}
    return found["page_set"].outcome, found["page_set"].summary


def test_photographs_in_the_wrong_order_are_put_right(scene: Scene, draft: Application) -> None:
    one, two, *rest = shots(draft)
    inspection = sent_and_looked_at(scene, draft, two, *rest, one)
    assert (inspection.state, inspection.document.form) == (InspectionState.OK, Form.PAPERS)
    count = 2 + len(rest)
    order = ", ".join(map(str, [count, *range(1, count)]))
    outcome, summary = page_set_of(draft, inspection)
    assert outcome == "pass"
    assert summary.endswith(f"It came as {count} files, which were put in the order {order}.")
    made = inspection.assembled
    assert made is not None
    assert (made.form, papers.as_one_pdf(inspection.document)) == (Form.PDF, made)
    pdf = store.read(made)
    assert pdf.startswith(b"%PDF-")
    assert CAMERA.encode() not in pdf
    assert b"Exif" not in pdf


def test_the_files_are_kept_as_they_were_sent_without_their_names(scene: Scene, draft: Application) -> None:
    files = shots(draft)
    copy = send(scene, draft, *reversed(files))
    kept = store.read(copy.document)
    with zipfile.ZipFile(io.BytesIO(kept)) as archive:
        assert archive.namelist() == [f"{number:02d}.jpg" for number in range(1, len(files) + 1)]
        assert [archive.read(name) for name in archive.namelist()] == [each.data for each in reversed(files)]
    assert b"IMG_" not in kept
    assert copy.original_name == ", ".join(each.name for each in reversed(files))


def test_one_photograph_is_put_together_too_and_one_pdf_is_not(scene: Scene, draft: Application) -> None:
    assert send(scene, draft, shots(draft)[0]).document.form == Form.PAPERS
    assert send(scene, draft, Sent("signed.pdf", b"%PDF-1.7 x")).document.form == Form.PDF
    assert send(scene, draft, *[Sent("a.pdf", b"%PDF-1.7 x")] * 2).document.form == Form.PAPERS


def test_a_page_that_is_missing_sent_twice_or_not_read_is_named(scene: Scene, draft: Application) -> None:
    files, pages = shots(draft), sheets(draft)
    assert "is missing" in page_set_of(draft, sent_and_looked_at(scene, draft, *files[1:]))[1]
    twice = sent_and_looked_at(scene, draft, *files, files[0])
    assert "Page 1 is there more than once." in page_set_of(draft, twice)[1]
    unread = Sent("IMG_2.jpg", jpeg(on_a_table(without_code(pages[1]))))
    outcome, summary = page_set_of(draft, sent_and_looked_at(scene, draft, files[0], unread, *files[2:]))
    assert (outcome, "Page 2 was not found, or its code could not be read." in summary) == ("attention", True)


REFUSED = {
    "a program": (Sent("agreement.jpg", b"MZ\x90\x00" + bytes(600)), "File 2 (agreement.jpg) is neither a PDF nor a"),
    "a picture of another sort": (Sent("scan.tiff", b"II*\x00" + bytes(60)), "File 2 (scan.tiff) is neither a PDF"),
    "an empty file": (Sent("IMG_2.jpg", b""), "File 2 (IMG_2.jpg) is empty. Choose it again."),
    "too much": (Sent("IMG_2.jpg", b"\xff\xd8\xff" + bytes(25 * 2**20)), "The files are larger than 25 MiB together."),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_a_page_is_refused_by_number_and_name(scene: Scene, draft: Application, what: str) -> None:
    before = StoredDocument.objects.count()
    file, words = REFUSED[what]
    with pytest.raises(Invalid) as refused:
        send(scene, draft, shots(draft)[0], file)
    assert words in str(refused.value)
    assert refused.value.field == "file"
    assert StoredDocument.objects.count() == before


def test_forty_files_are_taken_and_forty_one_are_not(scene: Scene, draft: Application) -> None:
    page = Sent("IMG.jpg", b"\xff\xd8\xff\xe0 a little")
    with pytest.raises(Invalid, match="These are 41 files; at most 40 can be sent"):
        send(scene, draft, *[page] * 41)
    assert send(scene, draft, *[page] * 40).document.form == Form.PAPERS


def test_long_names_are_cut_to_the_first_and_a_number(scene: Scene, draft: Application) -> None:
    page = Sent("x" * 120 + ".jpg", b"\xff\xd8\xff\xe0 a little")
    copy = send(scene, draft, page, page, page)
    assert copy.original_name == "x" * 100 + " and 2 more"


def test_a_damaged_photograph_is_refused_with_its_number(scene: Scene, draft: Application) -> None:
    one, two, *_rest = shots(draft)
    inspection = sent_and_looked_at(scene, draft, one, Sent(two.name, two.data[: len(two.data) // 2]))
    assert inspection.state == InspectionState.REFUSED
    assert inspection.reason == "File 2: The photograph is damaged and could not be opened; take it again."
    assert inspection.assembled is None
    assert papers.as_one_pdf(inspection.document) is None


def test_what_was_put_together_goes_with_the_files(scene: Scene, draft: Application) -> None:
    inspection = sent_and_looked_at(scene, draft, *shots(draft))
    made = inspection.assembled
    assert made is not None
    for days in (2, 4):
        with later(days=days):
            erasing.remove_lost()
    made.refresh_from_db()
    assert made.erased_at is None, "an application refers to it by the files that it was made of"
    erasing.mark([inspection.document])
    erasing.remove_files()
    made.refresh_from_db()
    assert made.removed_at is not None
    assert not {made.store_key, inspection.document.store_key} & set(stores.papers().names())


def test_a_look_that_came_too_late_leaves_nothing_in_the_store(
    scene: Scene, draft: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = send(scene, draft, *shots(draft))
    inspection = Inspection.objects.select_related("document").get(document=copy.document)
    assert inspecting.claim(inspection)
    before, rows = set(stores.papers().names()), StoredDocument.objects.count()

    def erased_meanwhile(data: bytes, **options: Any) -> InspectionReport:
        report = inspect(data, **options)
        erasing.mark([copy.document])
        return report

    monkeypatch.setattr(inspecting, "inspect", erased_meanwhile)
    inspecting.settle(inspection)
    assert set(stores.papers().names()) == before
    assert StoredDocument.objects.count() == rows


def test_own_data_has_both_the_files_and_the_pdf(scene: Scene, draft: Application) -> None:
    files = shots(draft)
    inspection = sent_and_looked_at(scene, draft, *files)
    made = inspection.assembled
    assert made is not None
    handed_out = zipfile.ZipFile(io.BytesIO(b"".join(own_data.hand_out(scene.alice))))
    folder = f"applications/{draft.reference}"
    assert handed_out.read(f"{folder}/signed-copy-1.pdf") == store.read(made)
    assert handed_out.read(f"{folder}/signed-copy-1-as-sent.zip") == store.read(inspection.document)


def test_the_submission_names_the_files_by_their_archive(scene: Scene, draft: Application) -> None:
    inspection = sent_and_looked_at(scene, draft, *shots(draft))
    submission.submit(application=draft, by=scene.alice.actor)
    copy = signing.current(draft)
    assert copy is not None
    assert copy.document.sha256 == inspection.document.sha256
