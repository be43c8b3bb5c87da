"""The executed agreement: due with the approval, drawn once, kept byte for byte, gone with the signed copy."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from agreements.applications.models import Decision
from agreements.core import clock, wakeups
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
        "a reviewer of GeneBody, on behalf of The lab",
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
    assert texts[: issued.page_count] == texts_of(store.read(issued.document))
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
    assert made(grant).issued_sha256 == ""
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


def test_without_a_signing_key_it_waits_and_the_desk_is_told_why(scene: Scene, settings: Settings) -> None:
    grant = approved(scene)
    key = settings.SIGNING_KEY
    settings.SIGNING_KEY = key.with_name("nowhere.p12")
    assert executed.work_off() == 0
    row = row_of(grant)
    assert (row.document, row.attempts) == (None, 0)
    assert "signing key" in making.why_waiting(row)
    with pytest.raises(NotPossible):
        making.execute(row)
    settings.SIGNING_KEY = key
    assert executed.work_off() == 1
    assert making.why_waiting(made(grant)) == ""


def test_what_fails_is_tried_again_each_time_after_twice_as_long(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = approved(scene)
    monkeypatch.setattr(making, "picture_pages", _failing)
    waits = []
    at = clock.now()
    for _attempt in range(4):
        with clock.frozen(at):
            assert executed.work_off() == 0
            row = row_of(grant)
            waits.append(row.due_at - at)
            at = row.due_at
            assert executed.work_off() == 0, "it is not due yet"
    minutes = [round(wait.total_seconds() / 60) for wait in waits]
    assert minutes == [10, 20, 40, 80]
    assert "could not be made yet" in making.why_waiting(row)
    monkeypatch.undo()
    with clock.frozen(at):
        assert executed.work_off() == 1


def _failing(*_values: object, **_named: object) -> bytes:
    raise OSError("the disk is full")


def test_two_at_once_give_one(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    grant, drawing = approved(scene), render_approval
    row, before = row_of(grant), StoredDocument.objects.count()
    quicker: list[StoredDocument] = []

    def while_another_is_quicker(values: Approval) -> bytes:
        monkeypatch.setattr(making, "render_approval", drawing)
        quicker.append(making.execute(row))
        return drawing(values)

    monkeypatch.setattr(making, "render_approval", while_another_is_quicker)
    assert making.execute(row) == quicker[0]
    assert StoredDocument.objects.count() == before + 1
    assert LedgerEntry.objects.filter(kind="agreement.executed").count() == 1


def test_a_lease_keeps_the_others_away_until_it_is_over(scene: Scene) -> None:
    approved(scene)
    claimed = due.claim()
    assert claimed is not None
    assert claimed.attempts == 1
    assert due.claim() is None
    with clock.frozen(clock.now() + due.LEASE + dt.timedelta(seconds=1)):
        assert due.claim() is not None


def test_a_worker_killed_between_storing_and_registering_leaves_one(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = approved(scene)

    class Killed(BaseException):
        pass

    def dead(*_values: object) -> StoredDocument:
        raise Killed

    monkeypatch.setattr(making, "_register", dead)
    monkeypatch.setattr(store, "discard", lambda _document: None)  # the dead discard nothing
    with pytest.raises(Killed):
        executed.work_off()
    monkeypatch.undo()
    assert row_of(grant).document is None
    later = clock.now() + due.LEASE + dt.timedelta(seconds=1)
    with clock.frozen(later):
        assert executed.work_off() == 1
    kept = made(grant).document
    assert LedgerEntry.objects.filter(kind="agreement.executed").count() == 1
    # What the dead worker stored, to which nothing refers, is swept after a day.
    with clock.frozen(later + dt.timedelta(days=2)):
        erasing.remove_lost()
    lost = StoredDocument.objects.filter(erased_at__isnull=False)
    assert lost.count() == 1
    assert kept not in lost
    assert file_of(grant).startswith(b"%PDF-")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_drawn_inside_a_transaction(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    approved(scene, is_opened=False)
    inside: list[bool] = []

    for name in ("render_approval", "join", "certify"):
        done = getattr(making, name)

        def outside(*values: object, _done: object = done, **named: object) -> object:
            inside.append(connection.in_atomic_block)
            return _done(*values, **named)  # type: ignore[operator]

        monkeypatch.setattr(making, name, outside)
    assert executed.work_off() == 1
    assert inside == [False, False, False]


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
