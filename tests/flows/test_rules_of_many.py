"""Rules about addresses of which many cases wait: few questions, short acts, one look at the lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from agreements.applications import evidence
from agreements.applications.models import Application, EvidenceRun, EvidenceState, State, Submission
from agreements.catalog.models import Dataset, Role
from agreements.core.actors import job
from agreements.core.errors import NotAllowed
from agreements.documents.models import Inspection, InspectionState
from agreements.flows import address_rules, rule_preview
from agreements.identity import list_updates, lists, packaged, registry
from agreements.identity.list_updates import Plan, Update
from agreements.identity.models import DomainRule, Verdict
from agreements.identity.packaged import Package
from agreements.identity.tiers import Tier
from agreements.ledger import act
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from agreements.review import gathering
from tests.applications.cases import put, staff, with_evidence
from tests.flows.scene import Scene, submitted

DENY = Verdict.DENY


def many(case: Application, numbers: range) -> None:
    """Let further cases wait like this one, each of a person of its own at a host of ust.hk."""
    handed_in = Submission.objects.get(application=case)
    run = EvidenceRun.objects.filter(submission=handed_in).latest("number")
    for number in numbers:
        email = f"a{number}@host{number}.ust.hk"
        person = User.objects.create_user(email, name="A")
        other = _like(case, reference=f"GB-X-{number}", email=email, applicant=person)
        _like(run, submission=_like(handed_in, application=other), number=1)


def _like(row: models.Model, **other: Any) -> Any:
    names = [each.name for each in row._meta.concrete_fields if not each.primary_key]
    return type(row)._default_manager.create(**{name: getattr(row, name) for name in names} | other)


def preview(scene: Scene, by: User | None = None) -> rule_preview.Preview:
    return rule_preview.of_adding(dataset=scene.dataset, suffix="ust.hk", verdict=DENY, by=(by or scene.dan).actor)


def make(scene: Scene) -> address_rules.Done:
    return address_rules.add_rule(
        dataset=scene.dataset, suffix="ust.hk", verdict=DENY, reason="x", gather_again=True, by=scene.dan.actor
    )


@contextmanager
def counted(counts: list[int]) -> Iterator[None]:
    with CaptureQueriesContext(connection) as asked:
        yield
    counts.append(len(asked))


def test_more_waiting_cases_ask_the_database_no_more(scene: Scene) -> None:
    case = put(scene, State.SUBMITTED)
    previewing: list[int] = []
    making: list[int] = []
    ending: list[int] = []
    for waiting, added in ((3, range(1, 3)), (30, range(3, 30))):
        many(case, added)
        with counted(previewing):
            assert len(preview(scene).to_ask) == waiting
        with counted(making):
            done = make(scene)
        EvidenceRun.objects.update(state=EvidenceState.COMPLETE)
        with counted(ending):
            ended = address_rules.end_rule(rule=done.rule, gather_again=True, by=scene.dan.actor)
        EvidenceRun.objects.update(state=EvidenceState.COMPLETE)
        assert (done.asked, ended.asked) == (waiting, waiting)
    assert [few for few, _much in (previewing, making, ending)] == [much for _few, much in (previewing, making, ending)]
    assert LedgerEntry.objects.filter(kind="evidence.requested").count() == 66


def test_the_act_of_a_rule_holds_no_preview_and_ends_before_anything_is_asked_for(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    running: list[object] = []
    ask = evidence.request_again_for

    def watched(**given: Any) -> int:
        running.append(act._current.get())
        assert DomainRule.objects.exists()
        return ask(**given)

    looked = mock.Mock(side_effect=AssertionError("nothing is looked at while a rule is made"))
    with mock.patch.object(evidence, "request_again_for", watched), mock.patch.object(rule_preview, "gather", looked):
        rule = make(scene).rule
        EvidenceRun.objects.update(state=EvidenceState.COMPLETE)
        assert address_rules.end_rule(rule=rule, gather_again=True, by=scene.dan.actor).asked == 1
    assert running == [None, None]


def test_they_are_asked_for_some_at_a_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    many(put(scene, State.SUBMITTED), range(1, 7))
    monkeypatch.setattr(evidence, "AT_ONCE", 3)
    with CaptureQueriesContext(connection) as asked:
        assert make(scene).asked == 7
    assert sum("INSERT INTO" in each["sql"] and "evidencerun" in each["sql"] for each in asked) == 3
    assert sorted(EvidenceRun.objects.values_list("number", "state")) == [(1, "complete")] * 7 + [(2, "pending")] * 7


def test_a_copy_that_cannot_be_opened_any_more_keeps_its_case_back_and_no_other(scene: Scene) -> None:
    case = put(scene, State.SUBMITTED)
    Inspection.objects.update(state=InspectionState.FAILED, attempts=3)
    assert make(scene).asked == 1
    assert Inspection.objects.get().state == InspectionState.PENDING
    with_evidence(case)
    Inspection.objects.update(state=InspectionState.FAILED, attempts=33)
    address_rules.end_rule(rule=DomainRule.objects.get(), by=scene.dan.actor)
    assert make(scene).asked == 0


def test_the_lists_and_the_registry_are_asked_for_once(scene: Scene) -> None:
    many(put(scene, State.SUBMITTED), range(1, 5))
    with (
        mock.patch.object(lists, "refresh", wraps=lists.refresh) as tables,
        mock.patch.object(lists, "load", side_effect=AssertionError("these may be old")),
        mock.patch.object(registry, "load", wraps=registry.load) as known,
    ):
        assert preview(scene).changed == 5
    assert (tables.call_count, known.call_count) == (1, 1)


def test_a_preview_is_by_the_lists_that_another_process_stored(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    lists.forget()
    lists.load()
    held = lists._Memory.held
    found = packaged.installed("disposable-email-domains")
    disposable = sorted([*found.tables["disposable"], "connect.ust.hk"])
    newer = Package(found.name, "9999.0", dict(found.tables) | {"disposable": disposable})
    list_updates.carry_out(Plan((Update(newer, "0" * 64, found),)), by=job("tests"))
    lists._Memory.held = held
    try:
        assert [one.before for one in preview(scene).touched] != [Tier.INSTITUTIONAL]
    finally:
        lists.forget()


def test_only_stewards_preview(scene: Scene) -> None:
    rule = make(scene).rule
    for person in (scene.carol, scene.alice, scene.eve, staff(scene, "audrey", Role.AUDITOR)):
        with pytest.raises(NotAllowed):
            preview(scene, by=person)
        with pytest.raises(NotAllowed):
            rule_preview.of_ending(rule=rule, by=person.actor)


@pytest.mark.parametrize("own_allowed", [True, False])
@pytest.mark.parametrize("state", [None, State.DRAFT, State.SUBMITTED, State.RETURNED, State.APPROVED, State.DECLINED])
def test_the_list_of_what_may_be_asked_for_agrees_with_the_check(
    scene: Scene, state: State | None, own_allowed: bool
) -> None:
    # None: submitted, and its evidence is being gathered.
    case = submitted(scene) if state is None else put(scene, state)
    Dataset.objects.update(reviewers_decide_on_own_organization=own_allowed)
    case.refresh_from_db()
    handed_in = Submission.objects.filter(application=case).last()
    last = evidence.newest(handed_in) if handed_in else None
    others = [staff(scene, f"rita{n}", Role.REVIEWER, host=host) for n, host in enumerate(_HOSTS)]
    named = [staff(scene, "alice+r", Role.STEWARD, host="connect.ust.hk"), staff(scene, "audrey", Role.AUDITOR)]
    for person in (scene.alice, scene.carol, scene.dan, scene.eve, *others, *named):
        may = evidence.may_request_again(application=case, last=last, by=person.actor)
        assert evidence.open_to_request(person.actor).filter(pk=case.pk).exists() == may, person.email
    assert not evidence.open_to_request(job("tests")).exists()


_HOSTS = ("ust.hk", "connect.ust.hk", "cs.connect.ust.hk", "notust.hk", "hk", "t.ust.hk", "CONNECT.UST.HK")


@pytest.mark.parametrize("asked_for", [False, True])
def test_a_rule_made_while_evidence_is_gathered_is_in_it(scene: Scene, asked_for: bool) -> None:
    submitted(scene)
    look, looks = gathering._mail_findings, []

    def slow(email: str) -> list[dict[str, Any]]:
        looks.append(email)
        if len(looks) == 1:
            address_rules.add_rule(
                dataset=scene.dataset,
                suffix="ust.hk",
                verdict=DENY,
                reason="x",
                gather_again=asked_for,
                by=scene.dan.actor,
            )
        return look(email)

    with mock.patch.object(gathering, "_mail_findings", slow):
        assert gathering.work_off() == 1
    run = EvidenceRun.objects.get()
    assert (run.state, len(looks), run.attempts) == (EvidenceState.COMPLETE, 2, 1)
    assert [found["outcome"] for found in run.findings if found["check"] == "address-rule"] == ["fail"]
