"""Two of everything at the same moment: one outcome, told plainly to whoever came too late, and the chain holds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from agreements.applications import evidence, submission, withdrawing
from agreements.applications.models import Application, Decision, EvidenceRun, Submission
from agreements.core.errors import DomainError
from agreements.grants.downloads.redeeming import Ticket, redeem
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened, Grant, Link
from agreements.ledger.models import LedgerEntry
from agreements.mail import outbox
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.review import decisions, gathering
from agreements.review.decisions import Seen
from agreements.revocation.models import Procedure
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World, approving, check_told, note, revoking_it
from tests.flows.scene import signed_in

pytestmark = pytest.mark.timeout(900)

TOO_LATE = re.compile(
    r"GB-A-\w+ is (in review|approved|declined|withdrawn|returned for changes): this can no longer be"
)


@ROUNDS
def test_a_double_click_on_submit_hands_in_once(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        application = world.ready()
        address = f"/applications/{application.reference}/submit/"
        browsers = [signed_in(application.applicant) for _ in range(2)]
        answers = at_once(*(_press(browser, address) for browser in browsers))
        assert Submission.objects.filter(application=application).count() == 1
        assert EvidenceRun.objects.filter(submission__application=application).count() == 1
        assert OutboxMessage.objects.filter(subject_reference=application.reference).count() == 1
        assert _recorded(application, "application.submitted") == 1
        for answer in answers:
            seen[str(answer.status_code)] += 1
            if answer.status_code != 302:
                assert TOO_LATE.search(answer.content.decode()), answer.content.decode()
    note("double submit", seen, rounds=rounds)


@ROUNDS
@pytest.mark.parametrize("against", ["approve", "decline", "return", "withdraw"])
def test_of_two_decisions_at_the_same_moment_one_counts(world: World, rounds: int, against: str) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        application = world.submitted()
        others: dict[str, Callable[[], Any]] = {
            "approve": approving(application, world.scene.dan),
            "decline": _decide(decisions.decline, application, world.scene.dan),
            "return": _decide(decisions.return_for_changes, application, world.scene.dan),
            "withdraw": partial(withdrawing.withdraw, application=application, by=application.applicant.actor),
        }
        ends = at_once(approving(application, world.scene.carol), others[against])
        told = refusals(ends)
        assert len(told) == 1, told
        assert TOO_LATE.match(told[0]), told
        application.refresh_from_db()
        granted = application.state == "approved"
        seen[f"{against} first" if isinstance(ends[0], DomainError) else "first approval first"] += 1
        assert Grant.objects.filter(application=application).count() == int(granted)
        assert Decision.objects.filter(application=application).count() == (application.state != "withdrawn")
        # The receipt of the submission, and the news of the one decision.
        assert OutboxMessage.objects.filter(recipient=application.email).count() == 2
    note(f"approve against {against}", seen, rounds=rounds, orders=2)


@ROUNDS
def test_one_reviewer_pressing_twice_approves_once(world: World, rounds: int) -> None:
    dataset = world.scene.dataset
    dataset.approvals_needed = 2
    dataset.save()
    for _ in range(rounds):
        application = world.submitted()
        told = refusals(at_once(*[approving(application, world.scene.carol)] * 2))
        assert told == ["You approved this submission already; another reviewer has to approve it too."]
        assert Decision.objects.filter(application=application).count() == 1
        told = refusals(at_once(approving(application, world.scene.dan), approving(application, world.scene.dan)))
        assert len(told) == 1
        assert Grant.objects.filter(application=application).count() == 1


@ROUNDS
def test_two_first_approvals_of_two_needed_make_one_grant(world: World, rounds: int) -> None:
    dataset = world.scene.dataset
    dataset.approvals_needed = 2
    dataset.save()
    for _ in range(rounds):
        application = world.submitted()
        ends = at_once(approving(application, world.scene.carol), approving(application, world.scene.dan))
        assert refusals(ends) == []
        assert Grant.objects.filter(application=application).count() == 1


@ROUNDS
def test_a_decision_and_evidence_that_arrives_in_that_moment_agree_on_what_was_seen(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        application = world.submitted()
        run = evidence.claim_due()
        assert run is not None
        ends = at_once(approving(application, world.scene.carol), _complete(run))
        told = refusals(ends)
        assert told in ([], ["The case changed while you read it. Nothing was decided; what you wrote is kept below."])
        application.refresh_from_db()
        assert application.state == ("submitted" if told else "approved")
        assert EvidenceRun.objects.get(submission__application=application).state == "complete"
        seen[str(application.state)] += 1
    note("approve against evidence", seen, rounds=rounds, orders=2)


@ROUNDS
def test_two_workers_freeze_one_run_of_evidence_once(world: World, rounds: int) -> None:
    for _ in range(rounds):
        application = world.submitted()
        assert sum(at_once(gathering.work_off, gathering.work_off)) == 1
        run = EvidenceRun.objects.get(submission__application=application)
        assert (run.state, run.attempts) == ("complete", 1)
        assert _recorded(application, "evidence.gathered") == 1


@ROUNDS
def test_two_drains_send_each_mail_once(world: World, rounds: int) -> None:
    for _ in range(rounds):
        world.submitted()
        mail.outbox.clear()
        assert sum(at_once(drain, drain)) == 1
        assert len(mail.outbox) == 1


@ROUNDS
def test_two_clicks_on_send_again_queue_one_mail(world: World, rounds: int) -> None:
    for _ in range(rounds):
        application = world.submitted()
        drain()
        message = OutboxMessage.objects.get(subject_reference=application.reference)
        again = partial(outbox.resend, message=message, by=application.applicant.actor, as_role="applicant")
        assert refusals(at_once(again, again)) == ["This mail is already waiting to be sent."]
        assert OutboxMessage.objects.filter(resend_of=message).count() == 1
        drain()


@ROUNDS
def test_nothing_is_redeemed_after_a_revocation(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        grant = world.granted()
        link = Link.objects.get(grant=grant)
        token = tokens.token(link)

        def fetch(token: str = token) -> Ticket:
            return redeem(token, start=0, stop=10)

        ends = at_once(fetch, revoking_it(grant, world.scene.dan))
        assert isinstance(ends[1], Procedure), ends
        seen["redeemed first" if isinstance(ends[0], Ticket) else "revoked first"] += 1
        assert DownloadOpened.objects.filter(grant=grant).count() == isinstance(ends[0], Ticket)
        with pytest.raises(Refused):
            fetch()
        check_told(link, number=number)
        _opened_rows_come_before_the_revocation(grant)
    note("redeem against revoke", seen, rounds=rounds, orders=2)


@ROUNDS
def test_two_stewards_revoke_once(world: World, rounds: int) -> None:
    for _ in range(rounds):
        grant = world.granted()
        ends = at_once(revoking_it(grant, world.scene.dan), revoking_it(grant, world.scene.dan))
        told = refusals(ends)
        assert told == [f"Access {grant.reference} is revoked: this can no longer be done."]
        assert Procedure.objects.filter(scope_value=grant.reference).count() == 1
        # The receipt, the links, one notice.
        assert OutboxMessage.objects.filter(recipient=grant.holder.email).count() == 3


@ROUNDS
def test_acts_on_different_things_all_go_through(world: World, rounds: int) -> None:
    for _ in range(max(1, rounds // 5)):
        waiting, grant = world.submitted(), world.granted()
        # Evidence that arrives between reading and deciding is rightly told of; here the case stands still.
        gathering.work_off()
        ready = world.ready()
        ends = at_once(
            partial(submission.submit, application=ready, by=ready.applicant.actor),
            approving(waiting, world.scene.carol),
            revoking_it(grant, world.scene.dan),
            gathering.work_off,
        )
        assert not any(isinstance(end, Exception) for end in ends), ends


def _press(browser: Client, address: str) -> Callable[[], Any]:
    return lambda: browser.post(address, {"accept": "on"})


def _decide(how: Callable[..., None], application: Application, reviewer: User) -> Callable[[], None]:
    seen = Seen(submission_number=1, evidence_digest="")
    return lambda: how(application=application, seen=seen, reason="Not this group.", by=reviewer.actor)


def _complete(run: EvidenceRun) -> Callable[[], bool]:
    return lambda: evidence.complete(run=run, findings=[], sources={})


def _recorded(application: Application, kind: str) -> int:
    return LedgerEntry.objects.filter(kind=kind, subjects__application=application.reference).count()


def _opened_rows_come_before_the_revocation(grant: Grant) -> None:
    revoked = LedgerEntry.objects.get(kind="grant.revoked", subjects__grant=grant.reference)
    assert not DownloadOpened.objects.filter(grant=grant, at__gt=revoked.at).exists()
