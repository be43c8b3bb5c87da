"""The executed agreement goes with what it was made of: by the dataset's times, and when its holder is erased."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from agreements.core import clock
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.flows import erasure, retention
from agreements.grants import executed
from agreements.grants.models import ExecutedAgreement, Grant
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.revocation.models import Destruction, DestructionState
from agreements.revocation.revoking import revoke
from agreements.vault import stores
from tests.flows.leaving import OPERATOR
from tests.flows.scene import Scene, signed_in
from tests.grants.executed.approved import MARCH, approved, made

END = MARCH + dt.timedelta(days=30)


@pytest.fixture
def ended(scene: Scene, tmp_path: Path, settings: Any) -> Grant:
    """Alice's access, executed, then revoked, with nothing left to destroy."""
    settings.VAULT_PAPERS = f"folder:{tmp_path / 'papers'}"
    settings.STAFF_MFA_REQUIRED = False
    grant = approved(scene)
    assert executed.work_off() == 1
    with clock.frozen(END):
        revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
    Destruction.objects.update(state=DestructionState.EXCUSED)
    grant.refresh_from_db()
    return grant


def paper_of(grant: Grant) -> StoredDocument:
    document = made(grant).document
    assert document is not None
    return document


def is_gone(document: StoredDocument) -> bool:
    """Whether nothing of a paper is left but its row and its SHA-256."""
    document.refresh_from_db()
    return document.erased_at is not None and document.store_key not in set(stores.papers().names())


def test_it_goes_when_signed_copies_do_and_not_a_second_earlier(ended: Grant, scene: Scene) -> None:
    paper = paper_of(ended)
    scene.dataset.copy_years = 2
    scene.dataset.save()
    with clock.frozen(retention.years_after(END, 2) - dt.timedelta(seconds=1)):
        retention.run()
        assert not is_gone(paper)
    with clock.frozen(retention.years_after(END, 2)):
        retention.run()
    assert is_gone(paper)
    told = {entry.payload["sha256"] for entry in LedgerEntry.objects.filter(kind="signed-copy.erased")}
    assert paper.sha256 in told
    with pytest.raises(store.Erased):
        store.read(paper)
    assert verify().holds


def test_it_is_not_made_again_after_that(ended: Grant, scene: Scene) -> None:
    scene.dataset.copy_years = 2
    scene.dataset.save()
    with clock.frozen(retention.years_after(END, 2)):
        retention.run()
        executed.ask_for_earlier()
        assert executed.work_off() == 0
    assert made(ended).document == paper_of(ended)
    assert LedgerEntry.objects.filter(kind="agreement.executed").count() == 1


def test_it_goes_when_its_holder_is_erased_and_its_page_says_so(ended: Grant, scene: Scene) -> None:
    paper = paper_of(ended)
    digest = paper.sha256
    erasure.erase(person=scene.alice, reason="Asked by mail.", by=OPERATOR)
    assert is_gone(paper)
    assert paper.sha256 == digest, "what the record names is still known"
    page = signed_in(scene.dan).get(f"/stewardship/{scene.dataset.slug}/grants/{ended.reference}/agreement.pdf")
    assert page.status_code == 410
    assert verify().holds


def test_one_that_was_never_drawn_is_not_drawn_of_an_erased_person(scene: Scene, ended: Grant) -> None:
    ExecutedAgreement.objects.update(document=None, made_at=None, due_at=MARCH)
    erasure.erase(person=scene.alice, reason="Asked by mail.", by=OPERATOR)
    assert executed.work_off() == 0
