from __future__ import annotations

import datetime as dt

import pytest

from agreements.catalog.models import Dataset
from agreements.core.actors import job
from agreements.core.clock import frozen, now
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.identity import rules
from agreements.identity.models import DomainRule, Verdict
from agreements.identity.rules import Rule, matching, normal_suffix
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User

ALLOW, REVIEW, DENY = Verdict.ALLOW, Verdict.REVIEW, Verdict.DENY


@pytest.fixture
def dan(db: None) -> User:
    """The dataset's steward."""
    return User.objects.create_user("dan@lab.example.org")


@pytest.fixture
def genebody(db: None) -> Dataset:
    return Dataset.objects.create(
        slug="genebody",
        reference_prefix="GB",
        title="GeneBody",
        summary="Human performances.",
        organization="The lab",
        contact_address="lab@example.org",
        mail_subject="GeneBody Agreement",
    )


@pytest.mark.parametrize(
    ("given", "domain", "decides"),
    [
        ([("hku.hk", ALLOW), ("cs.hku.hk", REVIEW)], "mail.cs.hku.hk", ("cs.hku.hk", REVIEW)),
        ([("hk", DENY), ("hku.hk", ALLOW)], "hku.hk", ("hku.hk", ALLOW)),
        ([("hku.hk", ALLOW), ("hku.hk", DENY), ("hku.hk", REVIEW)], "hku.hk", ("hku.hk", DENY)),
        ([("hku.hk", ALLOW), ("hku.hk", REVIEW)], "hku.hk", ("hku.hk", REVIEW)),
        ([("hku.hk", ALLOW)], "nothku.hk", None),
        ([], "hku.hk", None),
    ],
)
def test_the_longest_suffix_wins_and_deny_beats_allow(
    given: list[tuple[str, Verdict]], domain: str, decides: tuple[str, Verdict] | None
) -> None:
    found = matching([Rule(suffix, verdict) for suffix, verdict in given], domain)
    assert (found and (found.suffix, found.verdict)) == decides


def test_adding_and_ending_a_rule_is_recorded_without_its_words(dan: User, genebody: Dataset) -> None:
    rule = rules.add(
        dataset=genebody, suffix="@PJLab.org.cn", verdict=ALLOW, reason="Checked by telephone", by=dan.actor
    )
    assert rules.rules_for(genebody) == (Rule("pjlab.org.cn", ALLOW, "Checked by telephone"),)
    rules.end(rule=rule, by=dan.actor)
    assert rules.rules_for(genebody) == ()
    added, ended = LedgerEntry.objects.order_by("sequence")
    assert (added.kind, ended.kind) == ("domain-rule.added", "domain-rule.ended")
    assert added.subjects == {"dataset": "genebody"}
    assert (added.payload["suffix"], added.payload["verdict"]) == ("pjlab.org.cn", "allow")
    assert "telephone" not in str(added.payload)
    assert added.actor == dan.actor.id


def test_a_rule_may_end_by_itself(dan: User, genebody: Dataset) -> None:
    week = now() + dt.timedelta(days=7)
    rules.add(dataset=genebody, suffix="hku.hk", verdict=DENY, reason="x", by=dan.actor, expires_at=week)
    with frozen(week - dt.timedelta(seconds=1)):
        assert len(rules.rules_for(genebody)) == 1
    with frozen(week):
        assert rules.rules_for(genebody) == ()


def test_a_rule_ends_once(dan: User, genebody: Dataset) -> None:
    rule = rules.add(dataset=genebody, suffix="hku.hk", verdict=DENY, reason="x", by=dan.actor)
    rules.end(rule=rule, by=dan.actor)
    with pytest.raises(NotPossible, match="ended already"):
        rules.end(rule=rule, by=dan.actor)


def test_a_rule_has_an_author_a_reason_and_a_domain(dan: User, genebody: Dataset) -> None:
    with pytest.raises(NotAllowed):
        rules.add(dataset=genebody, suffix="hku.hk", verdict=DENY, reason="x", by=job("import"))
    with pytest.raises(Invalid, match="say why"):
        rules.add(dataset=genebody, suffix="hku.hk", verdict=DENY, reason=" ", by=dan.actor)
    with pytest.raises(Invalid, match=r"everything that ends in \.edu"):
        rules.add(dataset=genebody, suffix="edu", verdict=ALLOW, reason="x", by=dan.actor)
    with pytest.raises(Invalid, match="would have ended"):
        rules.add(dataset=genebody, suffix="hku.hk", verdict=DENY, reason="x", by=dan.actor, expires_at=now())
    assert not DomainRule.objects.exists()
    assert not LedgerEntry.objects.exists()


@pytest.mark.parametrize(
    ("typed", "suffix"),
    [("hku.hk", "hku.hk"), ("@*.HKU.hk.", "hku.hk"), ("eve@evil.com", "evil.com"), ("公司.cn", "xn--55qx5d.cn")],
)
def test_a_suffix_is_kept_in_one_form(typed: str, suffix: str) -> None:
    assert normal_suffix(typed) == suffix


@pytest.mark.parametrize("typed", ["", "@", "a b.com", "http://hku.hk", "a..b", "*"])
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(Invalid, match="not a domain") as refused:
        normal_suffix(typed)
    assert refused.value.field == "suffix"
