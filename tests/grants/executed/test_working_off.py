"""Drawing what is due: without a key, after a failure, beside another worker, after a kill."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from pytest_django import Settings

from agreements.core import clock
from agreements.core.errors import NotPossible
from agreements.documents import erasing, store
from agreements.documents.executed import Approval, render_approval
from agreements.documents.models import StoredDocument
from agreements.grants import executed
from agreements.grants.executed import due, making
from agreements.grants.models import ExecutedAgreement, Grant
from agreements.ledger.models import LedgerEntry
from agreements.tasks import ask_for_earlier_agreements
from tests.flows.scene import Scene
from tests.grants.executed.approved import approved, file_of, made


def row_of(grant: Grant) -> ExecutedAgreement:
    found = executed.of(grant)
    assert found is not None
    return found


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


def test_a_worker_that_is_killed_by_it_comes_back_to_it_after_ever_longer(scene: Scene) -> None:
    approved(scene)
    at, waits = clock.now(), []
    for _attempt in range(4):
        with clock.frozen(at):
            claimed = due.claim()  # and nothing more: it was killed
        assert claimed is not None
        waits.append((claimed.due_at - at) / due.LEASE)
        at = claimed.due_at
    assert waits == [1, 2, 4, 8]


def test_what_was_stored_and_never_registered_is_swept_and_drawn_anew(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a killed worker leaves it; `tests/faults/test_drawing_killed.py` kills one."""
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


def test_drawing_does_not_look_for_earlier_grants(scene: Scene) -> None:
    """That reads every grant there is, and every approval wakes the drawing."""
    approved(scene)
    ExecutedAgreement.objects.all().delete()
    assert executed.work_off() == 0
    assert not ExecutedAgreement.objects.exists()
    ask_for_earlier_agreements()
    assert executed.work_off() == 1
