"""PostgreSQL stopped and started again in the middle of requests: an error page, nothing by half, and on it goes."""

from __future__ import annotations

import threading
import time

from portal.embedded.children import wait_until
from tests.faults.installation import Installation
from tests.faults.visitor import Answer
from tests.figures import FIGURES
from tests.services.postgres import Postgres


def test_pages_say_so_while_the_database_is_away_and_what_was_sent_can_be_sent_again(
    postgres_site: Installation, fault_postgres: Postgres
) -> None:
    site = postgres_site
    site.settle()
    alice, reference, address = site.next_applicant()
    assert alice.get(f"/applications/{reference}/submit/").status == 200
    fault_postgres.server[-1].stop()
    for path in ("/datasets/genebody/", f"/applications/{reference}/"):
        assert alice.get(path).status == 503
    stranger = site.visitor()
    assert stranger.get("/healthz").status == 200
    assert stranger.get("/readyz").status == 503
    answer = alice.post(f"/applications/{reference}/submit/", accept="on")
    assert answer.status == 503
    assert "What you just sent is kept on this page: send it again in a moment." in answer.text
    assert f'action="/applications/{reference}/submit/"' in answer.text
    assert '<input type="hidden" name="accept" value="on">' in answer.text
    assert alice.note("PostgreSQL stopped") < 6
    fault_postgres.restart()
    began = time.monotonic()
    assert wait_until(lambda: alice.get(f"/applications/{reference}/").status == 200, 20)
    FIGURES.append(f"PostgreSQL back: first good page after {time.monotonic() - began:.2f} s")
    assert site.state_of(reference) == "draft"
    assert alice.post(f"/applications/{reference}/submit/", accept="on").status == 302
    assert wait_until(lambda: not site.waiting(), 60), site.waiting()
    assert site.evidence_of(reference)[0] == "complete"
    assert len(site.mails.to(address)) == 1
    assert "had died" not in site.said()
    assert site.ledger_verdict().startswith("holds")


def test_a_restart_in_the_middle_of_requests_leaves_nothing_half_written(
    postgres_site: Installation, fault_postgres: Postgres
) -> None:
    site = postgres_site
    site.settle()
    applicants = [site.next_applicant() for _ in range(2)]
    answers: list[Answer] = []
    over = threading.Event()

    def press(number: int) -> None:
        alice, reference, _address = applicants[number]
        while not over.is_set():
            alice.post(f"/applications/{reference}/details/", _DETAILS | {"name": f"Alice {time.monotonic()}"})
            answers.append(alice.post(f"/applications/{reference}/submit/", accept="on"))
            answers.append(alice.post(f"/applications/{reference}/withdraw/"))

    threads = [threading.Thread(target=press, args=(number,), daemon=True) for number in range(2)]
    for thread in threads:
        thread.start()
    assert wait_until(lambda: len(answers) > 4, 20)
    for _ in range(3):
        fault_postgres.restart()
        before = len(answers)
        assert wait_until(lambda before=before: len(answers) > before + 4, 20)
    over.set()
    for thread in threads:
        thread.join(20)
    statuses = {answer.status for answer in answers}
    FIGURES.append(f"PostgreSQL restarted 3 times under load: {len(answers)} answers, statuses {sorted(statuses)}")
    assert statuses <= {302, 422, 503}, statuses
    assert wait_until(lambda: not site.waiting(), 60), site.waiting()
    for _alice, reference, _address in applicants:
        _is_consistent(site, reference)
    assert site.ledger_verdict().startswith("holds")


def _is_consistent(site: Installation, reference: str) -> None:
    """Every submission has its evidence, its receipt and its row in the record; every withdrawal its row and mail."""
    count = site.database.value
    submissions = count(
        "SELECT count(*) FROM agreements_submission s JOIN agreements_application a ON a.id = s.application_id"
        " WHERE a.reference = ?",
        reference,
    )
    runs = count(
        "SELECT count(*) FROM agreements_evidencerun r JOIN agreements_submission s ON s.id = r.submission_id"
        " JOIN agreements_application a ON a.id = s.application_id WHERE a.reference = ?",
        reference,
    )
    assert submissions == runs == _rows(site, reference, "application.submitted")
    withdrawn = int(site.state_of(reference) == "withdrawn")
    assert withdrawn == _rows(site, reference, "application.withdrawn")
    mails = count("SELECT count(*) FROM agreements_outboxmessage WHERE subject_reference = ?", reference)
    assert mails == submissions + withdrawn


def _rows(site: Installation, reference: str, kind: str) -> int:
    return int(
        site.database.value(
            "SELECT count(*) FROM agreements_ledgerentry e JOIN agreements_ledgersubject s ON s.entry_id = e.sequence"
            " WHERE s.role = 'application' AND s.reference = ? AND e.kind = ?",
            reference,
            kind,
        )
    )


_DETAILS = {
    "organization": "Hong Kong University of Science and Technology",
    "position": "Research scientist",
    "address_line1": "Clear Water Bay",
    "city": "Hong Kong",
    "country": "HK",
}
