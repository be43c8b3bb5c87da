"""The executed agreement of copies that are no single scan: signed in the browser, sent as photographs."""

from __future__ import annotations

import datetime as dt
from functools import partial

from agreements.applications import submission
from agreements.applications.models import Application, Decision, Manner
from agreements.core import clock
from agreements.documents import inspecting, store
from agreements.documents.issuing import newest
from agreements.documents.models import Form, Inspection, StoredDocument
from agreements.flows import browser_signing
from agreements.flows.approving import approve
from agreements.flows.signed_copy import Sent, receive_files
from agreements.grants import executed
from agreements.grants.models import Grant
from agreements.ledger.models import LedgerEntry
from tests.applications.cases import seen
from tests.documents.papers import photograph
from tests.documents.photographs import CAMERA, jpeg, on_a_table
from tests.flows.scene import Scene, draft_with_signed_copy
from tests.grants.executed.approved import MARCH, approved, file_of, made, pages_of, texts_of
from tests.grants.executed.test_tampering import is_good

DRAWN = (((100, 200), (180, 80), (260, 200), (340, 90)), ((420, 150), (600, 160), (800, 140)))


def issued_pdf(application: Application) -> bytes:
    found = newest(application.reference)
    assert found is not None
    return store.read(found.document)


def signed_here(scene: Scene, application: Application) -> None:
    """Sign in the browser, drawn by hand."""
    found = newest(application.reference)
    assert found is not None
    browser_signing.sign(
        application=application,
        seen=found.document.sha256,
        manner=Manner.DRAWN,
        name="Alice Zhang",
        strokes=DRAWN,
        clauses=("research-only", "termination"),
        network_address="192.0.2.7",
        by=scene.alice.actor,
    )


def sent_as_photographs(scene: Scene, application: Application) -> None:
    """Send the pages as they lay on a table, the last one first."""
    sheets = enumerate(photograph(issued_pdf(application)), start=1)
    shots = [Sent(f"IMG_{page}.jpg", jpeg(on_a_table(sheet))) for page, sheet in sheets]
    receive_files(application=application, files=[shots[-1], *shots[:-1]], by=scene.alice.actor)


def approved_copy() -> StoredDocument:
    return Decision.objects.get(kind="approve").submission.signed_copy.document


def test_of_a_copy_signed_in_the_browser_the_sealed_pages_themselves_are_in_it(scene: Scene) -> None:
    grant = approved(scene, signing_again=partial(signed_here, scene))
    assert executed.work_off() == 1
    sealed, whole = store.read(approved_copy()), file_of(grant)
    *before, approval = texts_of(whole)
    assert before == texts_of(sealed), "the agreement and the page of the signature, once, as text"
    assert "Signature, drawn" in before[-1]
    for page, same in zip(pages_of(whole), pages_of(sealed), strict=False):
        assert page.tobytes() == same.tobytes()
    assert "was signed in the portal on 2 March 2026, 12:00 UTC" in approval
    assert "signed digitally" not in approval, "our own seal is no signature of the applicant"
    assert approved_copy().sha256 in approval
    assert made(grant).original_sha256 == approved_copy().sha256
    issued = newest(grant.application.reference)
    assert issued is not None
    assert LedgerEntry.objects.get(kind="agreement.executed").payload["issued_sha256"] == issued.document.sha256
    assert is_good(whole)


def test_a_browser_signature_needs_no_pictures(scene: Scene) -> None:
    grant = approved(scene, is_opened=False, signing_again=partial(signed_here, scene))
    assert executed.work_off() == 1
    assert texts_of(file_of(grant))[:-1] == texts_of(store.read(approved_copy()))


def test_of_photographs_the_pages_are_in_it_in_their_order_and_without_what_cameras_add(scene: Scene) -> None:
    grant = approved(scene, signing_again=partial(sent_as_photographs, scene))
    assert approved_copy().form == Form.PAPERS
    assert executed.work_off() == 1
    whole = file_of(grant)
    count = len(texts_of(issued_pdf(grant.application)))
    texts = texts_of(whole)
    assert len(texts) == 2 * count + 1
    for text, plain in zip(texts, texts_of(issued_pdf(grant.application)), strict=False):
        assert text.startswith(plain)
    for at, text in enumerate(texts[count:-1], start=1):
        assert text.startswith(f"Signed copy, page {at} of {count}, in a picture")
        assert approved_copy().sha256 in text
    assert "It came as several files: the SHA-256 is that of the archive (ZIP)" in texts[-1]
    assert CAMERA.encode() not in whole
    assert b"Exif" not in whole
    assert made(grant).original_sha256 == approved_copy().sha256
    assert is_good(whole)


def test_the_last_page_is_named_and_not_page_one_of_one(scene: Scene) -> None:
    grant = approved(scene)
    executed.work_off()
    page = texts_of(file_of(grant))[-1]
    assert "Approval page" in page
    assert "Page 1 of 1" not in page


SEEN = "It is shown here in pictures, as whoever approved it saw it"
NOT_SAID = "whoever approved it may not have seen them"


def last_page(grant: Grant) -> str:
    executed.work_off()
    return texts_of(file_of(grant))[-1]


def test_that_the_pictures_were_seen_is_said_where_they_were(scene: Scene) -> None:
    page = last_page(approved(scene))
    assert SEEN in page
    assert NOT_SAID not in page


def test_it_is_not_said_of_pages_that_were_drawn_after_the_approval(scene: Scene) -> None:
    grant = approved(scene, is_opened=False)
    inspecting.work_off()
    page = last_page(grant)
    assert SEEN not in page
    assert NOT_SAID in page


def test_nor_where_the_approval_names_no_evidence(scene: Scene) -> None:
    """The pages were drawn while the page was open on which it was approved."""
    with clock.frozen(MARCH):
        application = draft_with_signed_copy(scene)
        inspecting.work_off()
        submission.submit(application=application, by=scene.alice.actor)
        approve(application=application, seen=seen(application), reason="Known.", by=scene.carol.actor)
    assert Decision.objects.get(kind="approve").evidence_digest == ""
    page = last_page(Grant.objects.get(application=application))
    assert SEEN not in page
    assert NOT_SAID in page


def test_nor_of_pages_that_were_drawn_anew_since(scene: Scene) -> None:
    grant = approved(scene)
    Inspection.objects.filter(document=approved_copy()).update(finished_at=MARCH + dt.timedelta(days=1))
    assert NOT_SAID in last_page(grant)
