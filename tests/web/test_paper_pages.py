"""The agreement as paper: what is uploaded, and what is said about what cannot be accepted."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from agreements.applications import drafting, submission
from agreements.applications.models import Application, SignedCopy
from agreements.documents import erasing, inspecting, store
from agreements.documents.issuing import newest
from agreements.documents.models import Inspection, InspectionState, StoredDocument
from agreements.flows.agreement_issue import issue_agreement
from tests.documents import hostile
from tests.documents.papers import photograph
from tests.documents.photographs import jpeg, on_a_table
from tests.flows.scene import DETAILS, SITE, Scene, draft_with_signed_copy, signed_in, submitted

MIB = 2**20


@pytest.fixture
def draft(scene: Scene) -> Application:
    by = scene.alice.actor
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    application = drafting.save(application=application, fields=DETAILS | SITE, by=by)
    issue_agreement(application=application, by=by)
    return application


def page_of(application: Application) -> str:
    return f"/applications/{application.reference}/signed-copy/"


def upload(scene: Scene, application: Application, data: bytes, name: str = "signed.pdf") -> Any:
    file = SimpleUploadedFile(name, data, "application/pdf")
    return signed_in(scene.alice).post(page_of(application), {"file": file})


REFUSED_AT_ONCE = {
    "26 MB": (b"%PDF-1.7\n" + bytes(26 * MIB), "The file is larger than 25 MiB. Scan it in grey at 150 dpi"),
    "one byte too many": (b"%PDF-1.7\n" + bytes(25 * MIB - 8), "The file is larger than 25 MiB."),
    "a text named .pdf": (b"Dear lab, I agree.", "This is neither a PDF nor a picture. Send a PDF, or photographs as"),
    "a picture of another sort": (b"GIF89a" + bytes(40), "This is neither a PDF nor a picture."),
    "an empty file": (b"", "The file is empty. Choose the signed pages again."),
}


@pytest.mark.parametrize("what", REFUSED_AT_ONCE)
def test_what_cannot_be_a_signed_copy_is_refused_with_what_to_do(scene: Scene, draft: Application, what: str) -> None:
    upload(scene, draft, b"%PDF-1.7\nthe earlier one")
    kept = SignedCopy.objects.get()
    stored = StoredDocument.objects.count()
    data, words = REFUSED_AT_ONCE[what]
    answer = upload(scene, draft, data)
    page = answer.content.decode()
    assert (answer.status_code, words in page) == (422, True)
    assert "Kept: <strong>signed.pdf</strong>" in page
    assert SignedCopy.objects.get() == kept
    assert StoredDocument.objects.count() == stored


@pytest.mark.parametrize("data", [{}, {"file": ""}])
def test_an_empty_form_is_told_what_it_lacks(scene: Scene, draft: Application, data: dict[str, str]) -> None:
    answer = signed_in(scene.alice).post(page_of(draft), data)
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()


def test_far_too_large_a_body_is_refused_before_it_is_read(scene: Scene, draft: Application) -> None:
    for client in (signed_in(scene.alice), Client()):
        answer = client.post(
            page_of(draft), b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(10**12)
        )
        assert answer.status_code == 413
        assert "That file is too large" in answer.content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (hostile.encrypted(user="secret"), "password"),
        (b"%PDF-1.7\nnot really", ""),
    ],
)
def test_what_inspect_refuses_is_said_on_the_page_and_cannot_be_submitted(
    scene: Scene, draft: Application, data: bytes, words: str
) -> None:
    assert upload(scene, draft, data).status_code == 302
    inspecting.work_off()
    inspection = Inspection.objects.get()
    assert inspection.state == InspectionState.REFUSED
    alice = signed_in(scene.alice)
    assert words in inspection.reason
    for address in (page_of(draft), f"/applications/{draft.reference}/signed-copy/state/"):
        page = alice.get(address).content.decode()
        assert "signed.pdf cannot be accepted" in page
    answer = alice.post(f"/applications/{draft.reference}/submit/", {"accept": "on"})
    assert answer.status_code == 422
    draft.refresh_from_db()
    assert draft.state == "draft"


def test_a_good_copy_is_opened_counted_and_given_back_byte_for_byte(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    inspecting.work_off()
    alice = signed_in(scene.alice)
    page = alice.get(page_of(application)).content.decode()
    assert "signed.pdf was opened: " in page
    assert "No digital signature was found in it." in page
    assert '<details class="fold"><summary>Sign another way instead</summary>' in page
    assert f'href="/applications/{application.reference}/sign/"' in page
    issued = alice.get(f"/applications/{application.reference}/agreement.pdf")
    given_back = alice.get(f"/applications/{application.reference}/signed-copy.pdf")
    assert given_back.content == issued.content
    assert given_back["Content-Type"] == "application/pdf"
    assert given_back["Content-Disposition"] == f'attachment; filename="{application.reference}-signed.pdf"'
    assert given_back["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in given_back["Cache-Control"]


def test_a_file_that_stopped_the_inspection_can_be_tried_again(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    Inspection.objects.update(state=InspectionState.FAILED, reason="It stopped.", attempts=3)
    alice = signed_in(scene.alice)
    assert "is kept, but could not be opened" in alice.get(page_of(application)).content.decode()
    assert alice.post(f"/applications/{application.reference}/signed-copy/inspect/").status_code == 302
    assert Inspection.objects.get().state == InspectionState.PENDING


def test_after_submitting_no_paper_is_taken_any_more(scene: Scene) -> None:
    application = submitted(scene)
    answer = upload(scene, application, b"%PDF-1.7\nanother")
    assert answer.status_code == 422
    assert "it can no longer be changed" in answer.content.decode()
    assert SignedCopy.objects.count() == 1
    alice = signed_in(scene.alice)
    for page in ("signed-copy", "agreement", "details", "site", "submit"):
        assert alice.get(f"/applications/{application.reference}/{page}/").status_code == 302


def test_the_agreement_needs_the_details_first(scene: Scene) -> None:
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    alice = signed_in(scene.alice)
    base = f"/applications/{application.reference}"
    assert alice.get(f"{base}/agreement.pdf").status_code == 404
    page = alice.post(f"{base}/agreement/", follow=True).content.decode()
    assert "Fill in your details first" in page


def test_the_agreement_page_of_an_empty_application_says_what_to_give_first(scene: Scene) -> None:
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    base = f"/applications/{application.reference}"
    page = signed_in(scene.alice).get(f"{base}/agreement/").content.decode()
    assert "First give what is printed in it" in page
    assert f'<a href="{base}/details/">your full name</a>' in page
    assert f'<a href="{base}/site/">what you will use the data for</a>' in page
    assert "Your agreement is ready" not in page
    assert "Make my agreement" not in page


def test_a_refused_copy_reloads_the_page_around_it_and_a_good_one_does_not(scene: Scene, draft: Application) -> None:
    alice = signed_in(scene.alice)
    upload(scene, draft, b"%PDF-1.7\nnot really")
    state = f"/applications/{draft.reference}/signed-copy/state/"
    assert "HX-Refresh" not in alice.get(state)
    inspecting.work_off()
    assert alice.get(state)["HX-Refresh"] == "true"
    page = alice.get(page_of(draft)).content.decode()
    assert ">Go on</a>" not in page
    assert "Replace it by other files" not in page
    issued = alice.get(f"/applications/{draft.reference}/agreement.pdf").content
    upload(scene, draft, issued)
    inspecting.work_off()
    assert "HX-Refresh" not in alice.get(state)


def test_somebody_elses_agreement_is_named_before_it_is_handed_in(scene: Scene, draft: Application) -> None:
    bob = scene.bob.actor
    other = drafting.start(dataset=scene.dataset, email=scene.bob.email, by=bob)
    issue_agreement(application=drafting.save(application=other, fields=DETAILS | SITE, by=bob), by=bob)
    upload(scene, draft, signed_in(scene.bob).get(f"/applications/{other.reference}/agreement.pdf").content)
    inspecting.work_off()
    for address in (page_of(draft), f"/applications/{draft.reference}/signed-copy/state/"):
        page = signed_in(scene.alice).get(address).content.decode()
        assert "Page 1 belongs to another application." in page
        assert "The reviewer will see this too." in page
        assert "pages of the agreement is there." in page
    page = signed_in(scene.alice).get(page_of(draft)).content.decode()
    assert ">Go on</a>" in page
    assert f'href="/applications/{draft.reference}/sign/"' in page
    assert '<details class="fold" open><summary>Sign another way instead</summary>' in page


def test_a_copy_of_the_right_agreement_gives_no_hint(scene: Scene) -> None:
    application = draft_with_signed_copy(scene)
    inspecting.work_off()
    assert "The reviewer will see this too." not in signed_in(scene.alice).get(page_of(application)).content.decode()


def test_the_last_look_says_everything_that_is_missing_and_leaves_no_empty_commas(scene: Scene) -> None:
    by = scene.alice.actor
    application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
    application = drafting.save(application=application, fields=DETAILS, by=by)
    page = signed_in(scene.alice).get(f"/applications/{application.reference}/submit/").content.decode()
    for gap in ("the city of the site", "the agreement, made from your details", "the signed copy"):
        assert f">{gap}</a>" in page
    assert "<dt>Site</dt><dd>not given yet</dd>" in page
    assert "<dt>Address</dt><dd>Clear Water Bay, Hong Kong, Hong Kong</dd>" in page


def test_what_was_submitted_stays_to_be_read_as_it_was(scene: Scene) -> None:
    application = submitted(scene)
    page = signed_in(scene.alice).get(f"/applications/{application.reference}/").content.decode()
    assert "What you submitted" in page
    assert "Novel view synthesis of clothed people." in page


def photographs_of(application: Application) -> list[bytes]:
    issued = newest(application.reference)
    assert issued is not None
    return [jpeg(on_a_table(sheet)) for sheet in photograph(store.read(issued.document))]


def upload_several(scene: Scene, application: Application, *files: bytes) -> Any:
    named = [SimpleUploadedFile(f"IMG_{number}.jpg", data, "image/jpeg") for number, data in enumerate(files, start=1)]
    return signed_in(scene.alice).post(page_of(application), {"file": named})


def test_photographs_are_put_in_order_and_the_page_says_how(scene: Scene, draft: Application) -> None:
    one, *rest = photographs_of(draft)
    assert upload_several(scene, draft, *rest, one).status_code == 302
    alice = signed_in(scene.alice)
    assert "Your files were received and are being put together." in alice.get(page_of(draft)).content.decode()
    assert alice.get(f"/applications/{draft.reference}/signed-copy.pdf").status_code == 404
    inspecting.work_off()
    count = 1 + len(rest)
    order = ", ".join(map(str, [count, *range(1, count)]))
    for address in (page_of(draft), f"/applications/{draft.reference}/signed-copy/state/"):
        page = alice.get(address).content.decode()
        assert f"Your files were opened: {count} pages." in page
        assert f"It came as {count} files, which were put in the order {order}." in page
        assert f"<strong>Page 1 of {count}</strong>" in page
        assert f"file {count}</span>" in page
        assert "IMG_1.jpg, IMG_2.jpg" in page


def test_both_the_pdf_and_the_files_are_given_to_the_applicant_and_the_reviewer_alone(
    scene: Scene, draft: Application
) -> None:
    files = photographs_of(draft)
    upload_several(scene, draft, *files)
    inspecting.work_off()
    submission.submit(application=draft, by=scene.alice.actor)
    base, case = f"/applications/{draft.reference}/signed-copy", f"/review/{draft.reference}/signed-copy"
    for person, address in ((scene.alice, base), (scene.carol, case)):
        client = signed_in(person)
        pdf, sent = client.get(f"{address}.pdf"), client.get(f"{address}.zip")
        assert (pdf["Content-Type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
        assert sent["Content-Type"] == "application/zip"
        assert sent["Content-Disposition"] == f'attachment; filename="{draft.reference}-signed-files.zip"'
        assert sent["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert "no-store" in sent["Cache-Control"]
        with zipfile.ZipFile(io.BytesIO(sent.content)) as archive:
            assert [archive.read(name) for name in archive.namelist()] == files
    for person in (scene.bob, scene.eve):
        for address in (base, case):
            assert signed_in(person).get(f"{address}.zip").status_code == 404
    assert f"{case}.zip" in signed_in(scene.carol).get(f"/review/{draft.reference}/").content.decode()


def test_files_that_were_erased_are_named_by_their_digest(scene: Scene, draft: Application) -> None:
    upload_several(scene, draft, *photographs_of(draft))
    inspecting.work_off()
    erasing.mark([SignedCopy.objects.get().document])
    for suffix in ("pdf", "zip"):
        answer = signed_in(scene.alice).get(f"/applications/{draft.reference}/signed-copy.{suffix}")
        assert answer.status_code == 410
        assert SignedCopy.objects.get().document.sha256 in answer.content.decode()


def test_each_file_that_is_no_page_is_named_and_nothing_is_kept(scene: Scene, draft: Application) -> None:
    answer = upload_several(scene, draft, b"\xff\xd8\xff\xe0 a page", b"MZ a program", b"")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "File 2 (IMG_2.jpg) is neither a PDF nor a picture in JPEG, PNG or HEIC." in page
    assert "File 3 (IMG_3.jpg) is empty." in page
    assert not StoredDocument.objects.filter(form="papers").exists()


@pytest.mark.parametrize(("count", "status"), [(40, 302), (41, 422), (100, 422), (101, 400)])
def test_how_many_files_are_taken(scene: Scene, draft: Application, count: int, status: int) -> None:
    assert upload_several(scene, draft, *[b"\xff\xd8\xff\xe0 a page"] * count).status_code == status
