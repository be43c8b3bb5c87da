"""The executed agreement: due with the approval, drawn once, kept byte for byte, gone with the signed copy."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from agreements.applications.models import Decision
from agreements.core import wakeups
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup
from agreements.documents import erasing, store
from agreements.documents.executed import Approval, render_approval
from agreements.documents.issuing import newest
from agreements.documents.models import StoredDocument
from agreements.grants import executed
from agreements.grants.executed import due, making
from agreements.grants.models import ExecutedAgreement, Grant
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.tasks import draw_agreements
from tests.flows.scene import Scene
from tests.grants.executed.approved import MARCH, approved, file_of, made, pages_of, received, texts_of


def row_of(grant: Grant) -> ExecutedAgreement:
    found = executed.of(grant)
    assert found is not None
    return found


def test_the_approval_writes_a_due_row_and_draws_nothing(
    scene: Scene, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    woken: list[str] = []
    with wakeups.silenced():
        wakeups.register(Wakeup.AGREEMENTS, lambda: woken.append("agreements"))
        with django_capture_on_commit_callbacks(execute=True):
            grant = approved(scene, is_opened=False)
    row = row_of(grant)
    assert (row.document, row.made_at, row.attempts) == (None, None, 0)
    assert woken == ["agreements"]
    assert not LedgerEntry.objects.filter(kind="agreement.executed").exists()


def test_the_task_draws_it_once_and_the_record_has_its_hashes(scene: Scene) -> None:
    grant = approved(scene)
    draw_agreements()
    row = made(grant)
    issued = newest(grant.application.reference)
    assert issued is not None
    data = file_of(grant)
    assert row.document is not None
    assert row.document.sha256 == sha256(data).hexdigest()
    [entry] = LedgerEntry.objects.filter(kind="agreement.executed")
    copy = Decision.objects.get(kind="approve").submission.signed_copy
    assert entry.payload == {
        "sha256": row.document.sha256,
        "issued_sha256": issued.document.sha256,
        "original_sha256": copy.document.sha256,
    }
    assert (entry.actor, entry.role, entry.subjects["grant"]) == ("system:agreements", "system", grant.reference)
    assert row.certified_with is not None
    draw_agreements()
    assert file_of(grant) == data
    assert LedgerEntry.objects.filter(kind="agreement.executed").count() == 1
    assert verify().holds


def test_it_says_who_approved_what_and_on_which_papers(scene: Scene) -> None:
    grant = approved(scene)
    executed.work_off()
    *_before, page = texts_of(file_of(grant))
    issued = newest(grant.application.reference)
    opened = LedgerEntry.objects.get(kind="grant.issued")
    copy = Decision.objects.get(kind="approve").submission.signed_copy
    assert issued is not None
    for value in (
        "The lab, which releases GeneBody, approved this agreement.",
        "Alice Zhang 张爱丽",
        "Hong Kong University of Science and Technology",
        "Computer Science, Hong Kong",
        "The lab, by a reviewer of GeneBody",
        "2 March 2026, 12:00 UTC",
        grant.reference,
        grant.application.reference,
        "SHA-256 of the terms, version 1.0",
        grant.terms.sha256,
        "Train40",
        "until it is ended",
        issued.document.sha256,
        copy.document.sha256,
        opened.hash,
    ):
        assert value in page, value
    assert "Carol" not in page
    assert "signed digitally" not in page


def test_its_pages_are_those_issued_those_that_reviewers_saw_and_the_approval(scene: Scene) -> None:
    grant = approved(scene)
    executed.work_off()
    texts = texts_of(file_of(grant))
    issued = newest(grant.application.reference)
    assert issued is not None
    assert len(texts) == 2 * issued.page_count + 1
    for page, plain in zip(texts, texts_of(store.read(issued.document)), strict=False):
        assert page.startswith(plain)
        assert "Pages of the agreement as it was issued. The copy that was signed follows" in page[len(plain) :]
    for at, text in enumerate(texts[issued.page_count : -1], start=1):
        assert text.startswith(f"Signed copy, page {at} of {issued.page_count}, in a picture")
        assert grant.application.reference in text
        assert made(grant).original_sha256 in text


def test_pictures_of_a_scan_are_drawn_whole_on_their_pages(scene: Scene) -> None:
    grant = approved(scene)
    executed.work_off()
    issued = newest(grant.application.reference)
    assert issued is not None
    for page in pages_of(file_of(grant))[issued.page_count : -1]:
        # Of the sheet that was sent, which has three black squares, all are there.
        dark = page.convert("L").point(lambda value: 255 if value < 60 else 0).getbbox()
        assert dark is not None
        left, top, right, bottom = dark
        assert left < page.width * 0.12
        assert right > page.width * 0.88
        assert top < page.height * 0.1
        assert bottom > page.height * 0.88


def test_without_pictures_the_page_says_so_and_names_the_copy_by_its_hash(scene: Scene) -> None:
    grant = approved(scene, is_opened=False)
    executed.work_off()
    texts = texts_of(file_of(grant))
    assert len(texts) == 3
    assert "It could not be shown in pictures: its pages are not in this file." in texts[-1]
    assert made(grant).original_sha256 in texts[-1]


def test_a_grant_whose_holder_used_the_blank_form_has_that_form_in_it(scene: Scene) -> None:
    grant = approved(scene)
    Decision.objects.get(kind="approve").submission.__class__.objects.update(form_sha256="9" * 64)
    executed.work_off()
    texts = texts_of(file_of(grant))
    assert LedgerEntry.objects.get(kind="agreement.executed").payload["issued_sha256"] is None
    assert "Alice" not in texts[0]
    assert "For research, not for business." in " ".join(texts[:3])
    assert "The blank form was used" in texts[-1]


def test_a_later_copy_or_a_renewal_changes_nothing_in_it(scene: Scene) -> None:
    grant = approved(scene)
    Grant.objects.filter(pk=grant.pk).update(ends_at=MARCH + dt.timedelta(days=9), holder_name="Somebody Else")
    executed.work_off()
    page = texts_of(file_of(grant))[-1]
    assert "until it is ended" in page
    assert "Somebody Else" not in page


def test_grants_from_before_are_asked_for_ended_ones_too_and_once(scene: Scene) -> None:
    grant = approved(scene)
    ExecutedAgreement.objects.all().delete()
    Grant.objects.filter(pk=grant.pk).update(state="expired", ended_at=MARCH)
    assert due.ask_for_earlier() == 1
    assert due.ask_for_earlier() == 0
    assert executed.work_off() == 1
    assert made(grant).document is not None


def test_nothing_is_asked_for_what_was_brought_in(scene: Scene) -> None:
    grant = approved(scene)
    ExecutedAgreement.objects.all().delete()
    Grant.objects.filter(pk=grant.pk).update(imported_at=MARCH)
    assert due.ask_for_earlier() == 0
    assert executed.work_off() == 0
    assert executed.of(grant) is None


def test_of_erased_papers_none_is_made_any_more(scene: Scene) -> None:
    grant = approved(scene)
    copy = Decision.objects.get(kind="approve").submission.signed_copy
    erasing.mark([copy.document])
    assert executed.work_off() == 0
    row = row_of(grant)
    assert "were erased" in making.why_waiting(row)
    with pytest.raises(NotPossible):
        making.execute(row)
    assert row_of(grant).document is None


def test_papers_erased_while_it_is_drawn_are_not_registered(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    grant, drawing = approved(scene), render_approval
    copy = Decision.objects.get(kind="approve").submission.signed_copy
    before = StoredDocument.objects.count()

    def while_erased(values: Approval) -> bytes:
        erasing.mark([copy.document])
        return drawing(values)

    monkeypatch.setattr(making, "render_approval", while_erased)
    assert executed.work_off() == 0
    assert row_of(grant).document is None
    assert StoredDocument.objects.count() == before
    assert not LedgerEntry.objects.filter(kind="agreement.executed").exists()


def test_a_copy_that_came_after_the_approved_one_is_not_in_it(scene: Scene) -> None:
    grant = approved(scene)
    issued = newest(grant.application.reference)
    assert issued is not None
    approved_one = Decision.objects.get(kind="approve").submission.signed_copy.document.sha256
    with pytest.raises(NotPossible):
        received(grant.application, store.read(issued.document) + b"\n%later", scene)
    executed.work_off()
    assert made(grant).original_sha256 == approved_one
