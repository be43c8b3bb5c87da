"""Rules about addresses are a steward's: the role is known to the catalog, the rule to identity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from agreements.applications import evidence
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.flows import rule_preview
from agreements.identity import rules
from agreements.identity.models import DomainRule, Verdict
from agreements.identity.rules import Rule, rules_for
from agreements.ledger.act import act


@dataclass(frozen=True, slots=True)
class Done:
    """The rule, and for how many waiting cases evidence is gathered again under what holds now."""

    rule: DomainRule
    asked: int


def add_rule(
    *,
    dataset: Dataset,
    suffix: str,
    verdict: Verdict,
    reason: str,
    by: Actor,
    expires_at: dt.datetime | None = None,
    gather_again: bool = False,
) -> Done:
    """Make a rule, and ask for the evidence of the waiting cases that it decides about; no grant is changed.

    Raises NotAllowed for anybody but a steward, and what `rules.add` raises.
    """
    with act():
        check_may(Permission.CHANGE_RULES, dataset=dataset, by=by)
        _lock_rules(dataset)
        before = rules_for(dataset)
        rule = rules.add(dataset=dataset, suffix=suffix, verdict=verdict, reason=reason, expires_at=expires_at, by=by)
        after = rules_for(dataset)
    return Done(rule, _ask_again(rule, before, after, by) if gather_again else 0)


def end_rule(*, rule: DomainRule, by: Actor, gather_again: bool = False) -> Done:
    """End a rule, and ask for evidence as above.

    Raises NotAllowed for anybody but a steward of its dataset, NotPossible if it has ended.
    """
    with act():
        check_may(Permission.CHANGE_RULES, dataset=rule.dataset, by=by)
        _lock_rules(rule.dataset)
        before = rules_for(rule.dataset)
        ended = rules.end(rule=rule, by=by)
        after = rules_for(rule.dataset)
    return Done(ended, _ask_again(ended, before, after, by) if gather_again else 0)


def _lock_rules(dataset: Dataset) -> None:
    """Let one rule of a dataset be made or ended at a time, so that nobody makes the same one twice."""
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)


def _ask_again(rule: DomainRule, before: Sequence[Rule], after: Sequence[Rule], by: Actor) -> int:
    """Return for how many cases it was asked.

    After the rule's commit: what is being gathered beside it either has seen the rule, or sees when it is frozen that
    the rules have changed. And nobody waits for the rule while there is much to ask for.
    """
    decided = rule_preview.waiting_decided(dataset=rule.dataset, suffix=rule.suffix, before=before, after=after, by=by)
    return evidence.request_again_for(cases=decided, by=by)
