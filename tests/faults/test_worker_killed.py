"""`kill -9` in the middle of work: the application is neither lost nor stuck, and no mail goes twice under two names.

Leases outlast the work they protect (45 to 90 s), so a test lets their time be over in the database instead of
sleeping; one test, among the long ones, waits for them for real.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.embedded.children import wait_until
from tests.faults import processes
from tests.faults.installation import LONG_AGO, Installation
from tests.faults.visitor import Visitor

RESTART = 40.0
"""Seconds until the supervisor has a worker again and the beat has found what is due."""


def kill_pool_child(site: Installation, inspector: int) -> None:
    processes.kill(processes.parent(inspector))


def kill_main_process(site: Installation, _inspector: int) -> None:
    site.kill("worker")


WHO = pytest.mark.parametrize("kill_worker", [kill_pool_child, kill_main_process], ids=["pool child", "main process"])


@WHO
def test_evidence_is_gathered_although_the_worker_was_killed_at_it(
    site: Installation, kill_worker: Callable[[Installation, int], None]
) -> None:
    alice, reference, _address = site.next_applicant()
    inspector = _submit_and_stop_in_the_middle_of_the_file(site, alice, reference)
    kill_worker(site, inspector)
    assert wait_until(lambda: not processes.is_there(inspector), 10), "the inspector outlived its worker"
    assert site.state_of(reference) == "submitted"
    assert site.evidence_of(reference)[0] == "pending"
    site.do_now()
    assert wait_until(lambda: site.evidence_of(reference)[0] == "complete", RESTART), site.waiting()
    assert site.inspection_of(reference)[0] == "ok"


@pytest.mark.long
def test_leases_of_a_killed_worker_run_out_by_themselves(site: Installation) -> None:
    alice, reference, _address = site.next_applicant()
    _submit_and_stop_in_the_middle_of_the_file(site, alice, reference)
    site.kill("worker")
    assert wait_until(lambda: site.evidence_of(reference)[0] == "complete", 90 + RESTART), site.waiting()


def test_a_killed_inspector_is_told_of_and_can_be_run_again(site: Installation) -> None:
    alice, reference, _address = site.next_applicant()
    inspector = _submit_and_stop_in_the_middle_of_the_file(site, alice, reference)
    processes.kill(inspector)
    assert wait_until(lambda: site.evidence_of(reference)[0] == "complete", RESTART), site.waiting()
    state, reason = site.inspection_of(reference)
    assert (state, reason) == ("failed", "The check was ended by signal 9 while it read the file.")
    carol = site.visitor("carol")
    assert "The check was ended by signal 9" in carol.get(f"/review/{reference}/").text
    assert carol.post(f"/review/{reference}/evidence/again/").status == 302
    assert wait_until(lambda: site.inspection_of(reference)[0] == "ok", RESTART), site.waiting()
    assert wait_until(lambda: site.evidence_of(reference)[0] == "complete", RESTART), site.waiting()
    assert "The check was ended by signal 9" not in carol.get(f"/review/{reference}/").text


@WHO
def test_a_mail_in_flight_goes_at_most_twice_and_under_one_message_id(
    site: Installation, kill_worker: Callable[[Installation, int], None]
) -> None:
    alice, reference, address = site.next_applicant()
    with site.mails.holding():
        assert alice.post(f"/applications/{reference}/submit/", accept="on").status == 302
        assert wait_until(lambda: len(site.mails.to(address)) == 1, 30)
        worker = site.pid("worker")
        if kill_worker is kill_main_process:
            site.kill("worker")
        else:
            for child in processes.children_of(worker):
                processes.kill(child)
    assert site.database.value("SELECT state FROM agreements_outboxmessage WHERE recipient = ?", address) == "queued"
    site.do_now()
    assert wait_until(lambda: not site.waiting(), RESTART), site.waiting()
    received = site.mails.to(address)
    assert len(received) == 2
    assert received[0].message["Message-ID"] == received[1].message["Message-ID"]
    assert received[0].text == received[1].text
    if kill_worker is kill_main_process:
        assert site.pid("worker") != worker
        assert "worker had died and was started again" in site.said()
    else:
        assert site.pid("worker") == worker


def test_the_beat_and_the_pages_are_started_again_too(site: Installation) -> None:
    for part in ("beat", "web"):
        old = site.kill(part)
        assert wait_until(lambda part=part, old=old: site.pid(part) != old, 20)
    assert wait_until(lambda: _answers(site), 30)


def _answers(site: Installation) -> bool:
    import httpx

    try:
        return site.visitor().get("/healthz").status == 200
    except httpx.HTTPError:
        return False


def _submit_and_stop_in_the_middle_of_the_file(site: Installation, alice: Visitor, reference: str) -> int:
    """Have the signed copy opened once more, freeze the process that opens it, and return its number."""
    site.database.change(_FORGET_INSPECTION, LONG_AGO, reference)
    assert alice.post(f"/applications/{reference}/submit/", accept="on").status == 302
    caught: list[int] = []

    def catch() -> bool:
        caught.extend(processes.inspectors_of(site.pid("worker")))
        return bool(caught)

    assert wait_until(catch, 30, 0.005), f"nobody opened the file: {site.waiting()}"
    processes.freeze(caught[0])
    return caught[0]


_FORGET_INSPECTION = """
    UPDATE agreements_inspection SET state = 'pending', attempts = 0, reason = '', due_at = ?
    WHERE document_id IN (
        SELECT c.document_id FROM agreements_signedcopy c JOIN agreements_application a ON a.id = c.application_id
        WHERE a.reference = ?
    )
"""
