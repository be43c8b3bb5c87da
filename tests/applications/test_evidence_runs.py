"""Runs of evidence: taken up by one, lost by none, frozen once, kept for ever."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.applications import evidence
from agreements.applications.models import EvidenceRun, EvidenceState, State
from agreements.catalog.models import Role
from agreements.core import clock
from agreements.core.errors import NotAllowed, NotPossible
from agreements.documents.models import Inspection, InspectionState
from agreements.ledger.models import LedgerEntry
from agreements.review import gathering
from tests.applications.cases import FINDING, put, staff, with_evidence
from tests.flows.scene import Scene, submitted


def test_a_submission_opens_a_run_that_one_process_takes(scene: Scene) -> None:
    submitted(scene)
    run = evidence.claim_due()
    assert run is not None
    assert (run.number, run.state, run.attempts) == (1, EvidenceState.PENDING, 1)
    assert evidence.claim_due() is None


def test_a_killed_workers_run_is_taken_up_when_its_lease_runs_out(scene: Scene) -> None:
    submitted(scene)
    moment = clock.now()
    with clock.frozen(moment):
        assert evidence.claim_due() is not None
    with clock.frozen(moment + evidence.CLAIM - dt.timedelta(seconds=1)):
        assert evidence.claim_due() is None
    with clock.frozen(moment + evidence.CLAIM):
        again = evidence.claim_due()
    assert again is not None
    assert again.attempts == 2


def test_a_run_that_stops_every_worker_is_given_up_with_the_reason(scene: Scene) -> None:
    submitted(scene)
    moment = clock.now()
    for number in range(evidence.ATTEMPTS):
        with clock.frozen(moment + number * evidence.CLAIM):
            assert evidence.claim_due() is not None  # and the worker is killed
    with clock.frozen(moment + evidence.ATTEMPTS * evidence.CLAIM):
        assert gathering.work_off() == 1
    run = EvidenceRun.objects.get()
    assert run.state == EvidenceState.UNKNOWN
    assert run.findings[0]["outcome"] == "unknown"
    assert run.findings[0]["summary"] == "Gathering stopped 5 times without a result. Run it again."
    assert run.digest


def test_waiting_for_something_else_is_no_failed_attempt(scene: Scene) -> None:
    submitted(scene)
    run = evidence.claim_due()
    assert run is not None
    evidence.put_off(run=run, seconds=5)
    run.refresh_from_db()
    assert run.attempts == 0
    assert evidence.claim_due() is None
    with clock.frozen(clock.now() + dt.timedelta(seconds=6)):
        assert evidence.claim_due() is not None


def test_what_was_frozen_first_stays(scene: Scene) -> None:
    application = submitted(scene)
    run = with_evidence(application)
    evidence.complete(run=run, findings=[FINDING | {"outcome": "fail"}], sources={})
    evidence.give_up(run=run, reason="late")
    kept = EvidenceRun.objects.get()
    assert (kept.state, kept.findings, kept.digest) == (EvidenceState.COMPLETE, [FINDING], run.digest)
    entry = LedgerEntry.objects.get(kind="evidence.gathered")
    assert (entry.payload["digest"], entry.payload["outcomes"]) == (run.digest, {"address": "pass"})


def test_running_again_keeps_the_earlier_run_and_opens_an_unopened_file_again(scene: Scene) -> None:
    application = submitted(scene)
    first = with_evidence(application)
    Inspection.objects.update(state=InspectionState.FAILED, attempts=3)
    again = evidence.request_again(submission=first.submission, by=scene.carol.actor)
    assert again.number == 2
    assert Inspection.objects.get().state == InspectionState.PENDING
    with pytest.raises(NotPossible, match="being gathered already"):
        evidence.request_again(submission=first.submission, by=scene.carol.actor)
    evidence.complete(run=again, findings=[FINDING], sources={})
    first.refresh_from_db()
    again.refresh_from_db()
    assert first.findings == [FINDING]
    assert first.digest != again.digest  # the number is part of what a reviewer saw


@pytest.mark.parametrize("state", [State.RETURNED, State.APPROVED, State.DECLINED])
def test_evidence_of_a_case_that_is_not_in_review_stays_as_it_is(scene: Scene, state: State) -> None:
    put(scene, state)
    run = EvidenceRun.objects.get()
    with pytest.raises(NotPossible, match="its evidence stays as it is"):
        evidence.request_again(submission=run.submission, by=scene.carol.actor)


def test_only_who_decides_asks_for_evidence(scene: Scene) -> None:
    application = submitted(scene)
    run = with_evidence(application)
    auditor = staff(scene, "audrey", Role.AUDITOR)
    for other in (scene.alice, scene.eve, auditor):
        with pytest.raises(NotAllowed):
            evidence.request_again(submission=run.submission, by=other.actor)


def test_gathering_really_looks_at_address_paper_and_history(scene: Scene) -> None:
    submitted(scene)
    assert gathering.work_off() == 1
    run = EvidenceRun.objects.get()
    checks = {finding["check"] for finding in run.findings}
    assert run.state == EvidenceState.COMPLETE
    assert {"structure", "page_set", "signed", "history-domain"} <= checks
    assert any(check.startswith("address") for check in checks)
    assert {finding["outcome"] for finding in run.findings} <= {"pass", "attention", "fail", "unknown"}
