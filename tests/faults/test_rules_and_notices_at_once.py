"""Two stewards make the same rule, and two workers tell the same reviewer: it happens once.

And a rule made in the moment in which evidence is gathered is in the evidence.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from functools import partial

import pytest

from agreements.applications import withdrawing
from agreements.applications.models import EvidenceRun, EvidenceState
from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.core import actors
from agreements.core.clock import frozen
from agreements.flows import address_rules
from agreements.identity.models import DomainRule, Verdict
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.review import gathering, notices
from agreements.review.models import ReviewerNotices
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World

pytestmark = pytest.mark.timeout(900)
MORNING = dt.datetime(2027, 6, 1, 9, 0, tzinfo=dt.UTC)
SINCE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@ROUNDS
def test_the_same_rule_of_two_stewards_is_made_once(world: World, rounds: int) -> None:
    dora = User.objects.create_user("dora@genebody.example", name="Dora")
    roles.give(user=dora, dataset=world.scene.dataset, role=Role.STEWARD, by=actors.job("tests"))
    seen: Counter[str] = Counter()
    for number in range(rounds):
        make = partial(
            address_rules.add_rule,
            dataset=world.scene.dataset,
            suffix=f"host{number}.example",
            verdict=Verdict.DENY,
            reason="Known.",
        )
        (told,) = refusals(at_once(*(partial(make, by=who.actor) for who in (world.scene.dan, dora))))
        assert "made the same rule on" in told
        seen[DomainRule.objects.get(suffix=f"host{number}.example").author.name] += 1
    assert sum(seen.values()) == rounds


def test_a_rule_made_beside_a_gathering_is_in_the_newest_evidence(world: World) -> None:
    by = world.scene.dan.actor
    for _ in range(10):
        case = world.submitted()
        make = partial(
            address_rules.add_rule,
            dataset=world.scene.dataset,
            suffix="ust.hk",
            verdict=Verdict.DENY,
            reason="Known.",
            gather_again=True,
            by=by,
        )
        _gathered, done = at_once(gathering.work_off, make)
        gathering.work_off()
        run = EvidenceRun.objects.filter(submission__application=case).latest("number")
        outcomes = [found["outcome"] for found in run.findings if found["check"] == "address-rule"]
        assert (run.state, outcomes) == (EvidenceState.COMPLETE, ["fail"])
        address_rules.end_rule(rule=done.rule, by=by)
        withdrawing.withdraw(application=case, by=case.applicant.actor)


def test_two_stewards_have_the_same_cases_gathered_again_once(world: World) -> None:
    dora = User.objects.create_user("dora@genebody.example", name="Dora")
    roles.give(user=dora, dataset=world.scene.dataset, role=Role.STEWARD, by=actors.job("tests"))
    for _ in range(3):
        world.submitted()
    gathering.work_off()
    rules = [(world.scene.dan, "hk", Verdict.DENY), (dora, "ust.hk", Verdict.REVIEW)]
    makes = [
        partial(
            address_rules.add_rule,
            dataset=world.scene.dataset,
            suffix=suffix,
            verdict=verdict,
            reason="Known.",
            gather_again=True,
            by=person.actor,
        )
        for person, suffix, verdict in rules
    ]
    assert sum(done.asked for done in at_once(*makes)) == 3
    gathering.work_off()
    newest = EvidenceRun.objects.filter(number=2)
    suffixes = [
        found["details"]["ending"] for run in newest for found in run.findings if found["check"] == "address-rule"
    ]
    assert suffixes == ["ust.hk"] * 3


@ROUNDS
def test_two_workers_tell_a_reviewer_once(world: World, rounds: int) -> None:
    world.submitted()
    carol = world.scene.carol
    ReviewerNotices.objects.create(person=carol, each_case_since=SINCE)

    def tell(at: dt.datetime) -> int:
        with frozen(at):
            return notices.tell_due()

    assert sum(at_once(partial(tell, MORNING), partial(tell, MORNING))) == 1
    for number in range(1, rounds):
        at = MORNING + dt.timedelta(days=number)
        assert sum(at_once(partial(tell, at), partial(tell, at))) == 1
    assert OutboxMessage.objects.filter(kind__in=["review-digest", "review-reminder"]).count() == rounds


def test_two_workers_mail_a_case_once(world: World) -> None:
    ReviewerNotices.objects.create(person=world.scene.carol, each_case_since=SINCE)
    for _ in range(10):
        world.submitted()
        at_once(notices.tell_due, notices.tell_due)
    told = OutboxMessage.objects.filter(kind="review-case")
    assert told.count() == 10
    assert len(set(told.values_list("subject_reference", flat=True))) == 10
