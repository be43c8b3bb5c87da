"""A withdrawn dataset comes back by its steward's hand, who reads first what that opens."""

from __future__ import annotations

import pytest

from agreements.catalog import withdrawing
from agreements.catalog.models import Role
from agreements.grants import lifecycle
from agreements.ledger.models import LedgerEntry
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.revoking import revoke
from tests.applications.cases import staff
from tests.flows.scene import Scene, signed_in
from tests.revocation import many

DESK = "/stewardship/genebody/"
PAGE = f"{DESK}offer-again/"


@pytest.fixture
def withdrawn(scene: Scene) -> Scene:
    withdrawing.withdraw_dataset(dataset=scene.dataset, reason="A subject asked.", by=scene.dan.actor)
    return scene


def test_it_is_offered_again_and_what_was_revoked_stays_revoked(scene: Scene) -> None:
    kept, ended = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"])
    revoke(grant=ended, clause_id="termination", reason="A leak.", by=scene.dan.actor)
    withdrawing.withdraw_dataset(dataset=scene.dataset, reason="A subject asked.", by=scene.dan.actor)
    dan = signed_in(scene.dan)
    assert PAGE in dan.get(DESK).content.decode()
    page = dan.get(PAGE).content.decode()
    for words in ("A subject asked.", "its page is public again", "1 access that was never ended", "stays revoked"):
        assert words in page
    assert dan.post(PAGE, {"reason": " "}).status_code == 422
    assert dan.post(PAGE, {"reason": "They agreed."}).status_code == 302
    scene.dataset.refresh_from_db()
    assert scene.dataset.withdrawn_at is None
    assert LedgerEntry.objects.get(kind="dataset.offered-again").actor == scene.dan.actor.id
    assert many.states([kept, ended]) == ["active", "revoked"]
    assert PAGE not in dan.get(DESK).content.decode()
    assert "not withdrawn" in dan.get(PAGE).content.decode()
    assert dan.post(PAGE, {"reason": "Again."}).status_code == 422


def test_where_nothing_runs_it_says_that_nothing_opens(scene: Scene) -> None:
    [grant] = many.grants(scene.dataset, ["a@mit.edu"])
    lifecycle.suspend(grant=grant, by=scene.dan.actor, cause="x", reason="x")
    withdrawing.withdraw_dataset(dataset=scene.dataset, reason="A subject asked.", by=scene.dan.actor)
    assert "No access opens by it" in signed_in(scene.dan).get(PAGE).content.decode()


def test_it_stands_on_the_procedure_that_withdrew_it_too(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    procedure = many.start(
        scene.dataset, ScopeKind.DATASET, by=scene.dan, act=ProcedureAct.REVOKE, withdraw_dataset=True
    )
    assert PAGE in signed_in(scene.dan).get(f"{DESK}procedures/{procedure.reference}/").content.decode()


def test_an_auditor_reads_that_it_is_withdrawn_and_has_no_button(withdrawn: Scene) -> None:
    audrey = signed_in(staff(withdrawn, "audrey", Role.AUDITOR))
    page = audrey.get(DESK).content.decode()
    assert "The dataset was withdrawn on" in page
    assert PAGE not in page
    assert audrey.get(PAGE).status_code == audrey.post(PAGE, {"reason": "x"}).status_code == 404
