from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from agreements.applications import drafting
from agreements.applications.models import Application, EvidenceRun, EvidenceState, State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.core.clock import frozen, now
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.flows import address_rules, rule_preview
from agreements.grants.models import Grant
from agreements.identity import rules
from agreements.identity.models import DomainRule, Verdict
from agreements.identity.tiers import Tier
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from agreements.review import gathering
from tests.applications.cases import SYSTEM, put, with_evidence
from tests.flows.scene import Scene

ALLOW, REVIEW, DENY = Verdict.ALLOW, Verdict.REVIEW, Verdict.DENY


def adding(scene: Scene, suffix: str, verdict: Verdict) -> rule_preview.Preview:
    return rule_preview.of_adding(dataset=scene.dataset, suffix=suffix, verdict=verdict, by=scene.dan.actor)


def make(scene: Scene, suffix: str, verdict: Verdict, *, gather_again: bool = False) -> address_rules.Done:
    return address_rules.add_rule(
        dataset=scene.dataset,
        suffix=suffix,
        verdict=verdict,
        reason="Known.",
        gather_again=gather_again,
        by=scene.dan.actor,
    )


def seen(preview: rule_preview.Preview) -> list[tuple[str, str, Tier, Tier]]:
    return [(one.reference, one.address, one.before, one.after) for one in preview.touched]


def test_a_waiting_case_is_named_with_its_tier_before_and_after(scene: Scene) -> None:
    case = put(scene, State.SUBMITTED)
    preview = adding(scene, "ust.hk", DENY)
    assert seen(preview) == [(case.reference, "alice@connect.ust.hk", Tier.INSTITUTIONAL, Tier.BLOCKED)]
    assert (preview.cases, preview.holders, preview.changed, preview.to_ask) == (1, 0, 1, [case])
    assert seen(adding(scene, "st.hk", DENY)) == []
    assert seen(adding(scene, "ethz.ch", DENY)) == []
    assert not DomainRule.objects.exists()


def test_access_in_force_is_named_and_what_ended_is_not(scene: Scene) -> None:
    put(scene, State.APPROVED)
    grant = Grant.objects.get()
    preview = adding(scene, "hk", DENY)
    assert seen(preview) == [(grant.reference, "alice@connect.ust.hk", Tier.INSTITUTIONAL, Tier.BLOCKED)]
    assert (preview.cases, preview.holders, preview.to_ask) == (0, 1, [])
    Grant.objects.update(state="expired")
    assert seen(adding(scene, "hk", DENY)) == []


def test_of_a_draft_only_the_domain_is_shown(scene: Scene) -> None:
    drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor)
    preview = adding(scene, "hk", REVIEW)
    assert seen(preview) == [("", "@connect.ust.hk", Tier.INSTITUTIONAL, Tier.REVIEW)]
    assert (preview.touched[0].name, preview.cases, preview.to_ask) == ("", 1, [])


def test_a_longer_rule_decides_in_any_case_and_is_named(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    make(scene, "connect.ust.hk", REVIEW)
    preview = adding(scene, "ust.hk", DENY)
    assert [(one.before, one.after, one.decided_by) for one in preview.touched] == [
        (Tier.REVIEW, Tier.REVIEW, "connect.ust.hk")
    ]
    assert (preview.changed, preview.to_ask) == (0, [])


def test_among_equals_the_stricter_one_decides_and_ending_it_leaves_the_other(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    make(scene, "ust.hk", ALLOW)
    denied = make(scene, "ust.hk", DENY).rule
    preview = rule_preview.of_ending(rule=denied, by=scene.dan.actor)
    assert [(one.before, one.after) for one in preview.touched] == [(Tier.BLOCKED, Tier.INSTITUTIONAL)]
    allowed = DomainRule.objects.get(verdict=ALLOW)
    preview = rule_preview.of_ending(rule=allowed, by=scene.dan.actor)
    assert [(one.before, one.after, one.decided_by) for one in preview.touched] == [
        (Tier.BLOCKED, Tier.BLOCKED, "ust.hk")
    ]


def test_other_datasets_are_neither_shown_nor_touched(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="a@b.example")
    roles.give(user=scene.dan, dataset=other, role=Role.STEWARD, by=SYSTEM)
    assert seen(adding(replace(scene, dataset=other), "ust.hk", DENY)) == []


def test_a_case_that_the_steward_may_not_read_is_not_shown(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    User.objects.filter(pk=scene.dan.pk).update(email="alice+dan@connect.ust.hk")
    assert seen(adding(scene, "ust.hk", DENY)) == []


def test_making_a_rule_gathers_the_evidence_of_waiting_cases_again_if_asked(scene: Scene) -> None:
    case = put(scene, State.SUBMITTED)
    assert make(scene, "ust.hk", REVIEW).asked == 0
    assert EvidenceRun.objects.count() == 1
    done = make(scene, "ust.hk", DENY, gather_again=True)
    assert done.asked == 1
    gathering.work_off()
    first, second = EvidenceRun.objects.order_by("number")
    assert (first.state, second.state) == (EvidenceState.COMPLETE, EvidenceState.COMPLETE)
    assert [found["outcome"] for found in second.findings if found["check"] == "address-rule"] == ["fail"]
    assert Application.objects.get(pk=case.pk).state == State.SUBMITTED
    kinds = list(LedgerEntry.objects.order_by("sequence").values_list("kind", flat=True))
    assert kinds.count("evidence.requested") == 1
    assert kinds.count("domain-rule.added") == 2


def test_ending_a_rule_gathers_again_if_asked_and_says_who_ended_it(scene: Scene) -> None:
    put(scene, State.SUBMITTED)
    rule = make(scene, "ust.hk", DENY).rule
    assert address_rules.end_rule(rule=rule, gather_again=True, by=scene.dan.actor).asked == 1
    rule.refresh_from_db()
    assert rule.ended_by == scene.dan
    assert [one.pk for one in rules.past(scene.dataset)] == [rule.pk]


def test_no_rule_changes_a_grant(scene: Scene) -> None:
    put(scene, State.APPROVED)
    before = Grant.objects.values().get()
    make(scene, "ust.hk", DENY, gather_again=True)
    assert Grant.objects.values().get() == before


def test_a_case_that_is_being_looked_at_already_is_not_asked_for_twice(scene: Scene) -> None:
    case = put(scene, State.SUBMITTED)
    make(scene, "ust.hk", REVIEW, gather_again=True)
    assert adding(scene, "ust.hk", DENY).to_ask == []
    assert make(scene, "ust.hk", DENY, gather_again=True).asked == 0
    with_evidence(case)
    assert EvidenceRun.objects.count() == 2


def test_a_case_of_the_stewards_own_organization_is_left_to_another(scene: Scene) -> None:
    Dataset.objects.update(reviewers_decide_on_own_organization=False)
    User.objects.filter(pk=scene.dan.pk).update(email="dan@ust.hk")
    put(scene, State.SUBMITTED)
    preview = adding(scene, "ust.hk", DENY)
    assert (len(preview.touched), preview.to_ask) == (1, [])


def test_the_same_rule_is_not_made_twice_while_it_is_in_force(scene: Scene) -> None:
    with frozen(dt.datetime(2026, 6, 1, tzinfo=dt.UTC)):
        rule = make(scene, "ust.hk", DENY).rule
    words = "Dan made the same rule on 1 June 2026, and it is in force. End that one first to change it."
    with pytest.raises(NotPossible, match=words):
        adding(scene, "@UST.hk", DENY)
    with pytest.raises(NotPossible, match=words):
        make(scene, "ust.hk", DENY)
    address_rules.end_rule(rule=rule, by=scene.dan.actor)
    make(scene, "ust.hk", DENY)


def test_a_rule_that_ran_out_cannot_be_ended_and_stands_among_those_that_are_over(scene: Scene) -> None:
    week = now() + dt.timedelta(days=7)
    rule = address_rules.add_rule(
        dataset=scene.dataset, suffix="ust.hk", verdict=DENY, reason="x", expires_at=week, by=scene.dan.actor
    ).rule
    with frozen(week):
        assert list(rules.rows(scene.dataset)) == []
        assert [rule.expires_at for rule in rules.past(scene.dataset)] == [week]
        with pytest.raises(NotPossible, match="ended already"):
            address_rules.end_rule(rule=rule, by=scene.dan.actor)
        make(scene, "ust.hk", DENY)


def test_only_stewards_make_and_end_rules(scene: Scene) -> None:
    rule = make(scene, "ust.hk", DENY).rule
    for person in (scene.carol, scene.alice, scene.eve):
        with pytest.raises(NotAllowed):
            address_rules.add_rule(dataset=scene.dataset, suffix="a.org", verdict=DENY, reason="x", by=person.actor)
        with pytest.raises(NotAllowed):
            address_rules.end_rule(rule=rule, by=person.actor)


def test_an_ending_under_which_anybody_registers_is_marked(scene: Scene) -> None:
    assert adding(scene, "edu.cn", ALLOW).is_shared
    assert not adding(scene, "pjlab.org.cn", ALLOW).is_shared
    with pytest.raises(Invalid, match="is not a domain"):
        adding(scene, "a b", ALLOW)


def test_a_rule_finds_addresses_in_the_form_in_which_they_are_stored(scene: Scene) -> None:
    person = User.objects.create_user("eve@straße.example", name="Eve")
    drafting.start(dataset=scene.dataset, email=person.email, by=person.actor)
    assert [one.address for one in adding(scene, "Straße.example", DENY).touched] == ["@xn--strae-oqa.example"]
