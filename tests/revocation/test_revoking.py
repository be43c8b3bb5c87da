"""Ending access before its time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from agreements.applications.models import State
from agreements.catalog.models import Terms
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.grants.models import Grant, Link
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about
from agreements.mail.drain import drain
from agreements.revocation.models import Procedure
from agreements.revocation.revoking import revoke
from tests.applications.cases import put
from tests.flows.scene import Scene

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
REASON = "The images were posted on a public page."


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def end(grant: Grant, scene: Scene, *, clause: str = "termination", reason: str = REASON) -> Procedure:
    with clock.frozen(NOON):
        return revoke(grant=grant, clause_id=clause, reason=reason, by=scene.dan.actor)


def test_everything_ends_with_the_commit_and_is_recorded(scene: Scene, grant: Grant) -> None:
    revocation = end(grant, scene)
    grant.refresh_from_db()
    assert grant.state == "revoked"
    assert not Link.objects.filter(ended_at=None).exists()
    assert revocation.reference.startswith("GB-R-")
    assert (revocation.begun_by, revocation.clause_id, revocation.reason) == (scene.dan, "termination", REASON)
    assert revocation.destroy_by == dt.date(2026, 3, 16)
    entry = LedgerEntry.objects.get(kind="grant.revoked")
    assert entry.actor == scene.dan.actor.id
    assert entry.subjects["procedure"] == revocation.reference
    assert entry.payload["clause"] == "termination"
    assert entry.payload["terms"] == "1.0"
    assert entry.payload["reason_digest"] == text_digest(REASON, salt=revocation.reason_salt)
    assert "posted" not in str(entry.payload)
    for reference in (grant.reference, grant.application.reference, revocation.reference):
        assert entry in entries_about(reference)


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_reason_is_required(scene: Scene, grant: Grant, reason: str) -> None:
    with pytest.raises(Invalid, match="the researcher reads it in the notice") as refused:
        end(grant, scene, reason=reason)
    assert refused.value.field == "reason"
    _nothing_happened(grant)


def test_the_clause_is_one_of_the_grants_own_terms(scene: Scene, grant: Grant) -> None:
    clauses = [{"id": "newer", "heading": "Newer", "paragraphs": ["x"]}]
    Terms.objects.create(
        dataset=scene.dataset, version="2.0", title="t", effective_from=NOON.date(), clauses=clauses, sha256="1" * 64
    )
    for clause in ("newer", "", "Termination"):
        with pytest.raises(Invalid, match="no such clause"):
            end(grant, scene, clause=clause)
    _nothing_happened(grant)


def test_it_happens_once(scene: Scene, grant: Grant) -> None:
    end(grant, scene)
    with pytest.raises(NotPossible, match="is revoked: this can no longer be done"):
        end(grant, scene)
    assert Procedure.objects.count() == 1
    assert LedgerEntry.objects.filter(kind="grant.revoked").count() == 1


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "eve"])
def test_only_a_steward_revokes(scene: Scene, grant: Grant, who: str) -> None:
    with pytest.raises(NotAllowed):
        revoke(grant=grant, clause_id="termination", reason=REASON, by=getattr(scene, who).actor)
    _nothing_happened(grant)


def test_the_notice_says_what_ended_why_and_what_to_do(scene: Scene, grant: Grant) -> None:
    drain()
    revocation = end(grant, scene)
    with clock.frozen(NOON):
        drain()
    notice = mail.outbox[-1]
    text = str(notice.body)
    assert notice.to == ["alice@connect.ust.hk"]
    assert notice.subject == f"GeneBody: your access {grant.reference} has ended"
    assert notice.reply_to == ["contact@genebody.example"]
    for words in (
        "Dear Alice Zhang 张爱丽,",
        f"your access {grant.reference} to GeneBody has been revoked.",
        "Links to it no longer work, and its password is no longer shown.",
        "version 1.0: Termination",
        "The lab may end access at any time.",
        REASON,
        "hold by 16 March 2026",
        f"write to contact@genebody.example and name {revocation.reference}.",
    ):
        assert words in text, words
    assert "/l/" not in text


def _nothing_happened(grant: Grant) -> None:
    grant.refresh_from_db()
    assert grant.state == "active"
    assert Link.objects.filter(ended_at=None).exists()
    assert not Procedure.objects.exists()
    assert not LedgerEntry.objects.filter(kind="grant.revoked").exists()
