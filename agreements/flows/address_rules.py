"""Rules about addresses are a steward's: the role is known to the catalog, the rule to identity."""

from __future__ import annotations

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.identity import rules
from agreements.identity.models import DomainRule, Verdict
from agreements.ledger.act import act


def add_rule(*, dataset: Dataset, suffix: str, verdict: Verdict, reason: str, by: Actor) -> DomainRule:
    """Return the new rule. Raises NotAllowed for anybody but a steward, and what `rules.add` raises."""
    with act():
        check_may(Permission.CHANGE_RULES, dataset=dataset, by=by)
        return rules.add(dataset=dataset, suffix=suffix, verdict=verdict, reason=reason, by=by)


def end_rule(*, rule: DomainRule, by: Actor) -> None:
    """End a rule. Raises NotAllowed for anybody but a steward of its dataset, NotPossible if it has ended."""
    with act():
        check_may(Permission.CHANGE_RULES, dataset=rule.dataset, by=by)
        rules.end(rule=rule, by=by)
