"""`kill -9` of a worker while it draws an executed agreement: it is drawn once, by another, and registered once."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from portal.embedded.children import wait_until
from tests.faults import processes
from tests.faults.installation import Installation
from tests.faults.test_worker_killed import RESTART, WHO, kill_main_process

OVER = "2020-01-01 00:00:00"
"""As SQLite has it from Django: whoever takes a row up compares the time with what it read, letter for letter."""
WAKE = """
import django; django.setup()
from agreements.tasks import draw_agreements
draw_agreements.delay()
"""


@WHO
def test_an_agreement_is_executed_once_although_the_worker_was_killed_at_it(
    site: Installation, kill_worker: Callable[[Installation, int], None]
) -> None:
    reference = _approved(site)
    children = _frozen_while_it_draws(site, reference)
    assert _document_of(site, reference) is None, "the worker was through before it was killed"
    if kill_worker is kill_main_process:
        site.kill("worker")
    for child in children:
        if processes.is_there(child):
            processes.kill(child)
    assert _rows_about(site, reference) == 0
    site.database.change("UPDATE agreements_executedagreement SET due_at = ? WHERE document_id IS NULL", OVER)

    def is_made() -> bool:
        site.python(WAKE)
        return wait_until(lambda: _document_of(site, reference) is not None, 5, 0.1)

    assert wait_until(is_made, RESTART), site.log("worker")[-4000:]
    digest, key = site.database.rows(_FILE, _document_of(site, reference))[0]
    assert sha256((site.folder / "papers" / key).read_bytes()).hexdigest() == digest
    assert _rows_about(site, reference) == 1


def _approved(site: Installation) -> str:
    """Have somebody submit and be approved, and return the reference of the application."""
    alice, reference, _address = site.next_applicant()
    assert alice.post(f"/applications/{reference}/submit/", accept="on").status == 302
    assert wait_until(lambda: site.evidence_of(reference)[0] == "complete", RESTART), site.waiting()
    said = site.visitor("carol").post(
        f"/review/{reference}/decide/",
        kind="approve",
        submission_number="1",
        evidence_digest=site.evidence_of(reference)[1],
        reason="I know the group.",
    )
    assert said.status == 302, said.text
    return reference


def _frozen_while_it_draws(site: Installation, reference: str) -> list[int]:
    """Stop whoever took the agreement up, and return its process; who waits for work is left alone."""
    assert wait_until(lambda: bool(site.database.value(_ATTEMPTS, reference)), RESTART, 0.002), "nobody took it up"
    busy = [child for child in processes.children_of(site.pid("worker")) if not processes.waits_for_work(child)]
    for child in busy:
        processes.freeze(child)
    assert busy
    return busy


def _document_of(site: Installation, reference: str) -> Any:
    return site.database.value(_DOCUMENT, reference)


def _rows_about(site: Installation, reference: str) -> int:
    executed = "SELECT subjects FROM agreements_ledgerentry WHERE kind = 'agreement.executed'"
    return sum(reference in str(subjects) for (subjects,) in site.database.rows(executed))


_OF_IT = """
    FROM agreements_executedagreement e JOIN agreements_grant g ON g.id = e.grant_id
    JOIN agreements_application a ON a.id = g.application_id WHERE a.reference = ?
"""
_ATTEMPTS = f"SELECT e.attempts {_OF_IT}"
_DOCUMENT = f"SELECT e.document_id {_OF_IT}"
_FILE = "SELECT sha256, store_key FROM agreements_storeddocument WHERE id = ?"
