"""Rules about addresses are a steward's: the role is known to the catalog, the rule to identity."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from agreements.applications import evidence
from agreements.applications.models import Application
from agreements.applications.submission import newest
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed, NotPossible
from agreements.flows import rule_preview
from agreements.identity import rules
from agreements.identity.models import DomainRule, Verdict
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
        preview = rule_preview.of_adding(dataset=dataset, suffix=suffix, verdict=verdict, by=by)
        # Cases are locked before the dataset, as by decisions; what is asked for is gathered after the commit.
        asked = _ask_again(preview.to_ask, by=by) if gather_again else 0
        _lock_rules(dataset)
        rule = rules.add(dataset=dataset, suffix=suffix, verdict=verdict, reason=reason, expires_at=expires_at, by=by)
    return Done(rule, asked)


def end_rule(*, rule: DomainRule, by: Actor, gather_again: bool = False) -> Done:
    """End a rule, and ask for evidence as above.

    Raises NotAllowed for anybody but a steward of its dataset, NotPossible if it has ended.
    """
    with act():
        check_may(Permission.CHANGE_RULES, dataset=rule.dataset, by=by)
        asked = _ask_again(rule_preview.of_ending(rule=rule, by=by).to_ask, by=by) if gather_again else 0
        ended = rules.end(rule=rule, by=by)
    return Done(ended, asked)


def _lock_rules(dataset: Dataset) -> None:
    """Let one rule of a dataset be made at a time, so that nobody makes the same one twice."""
    Dataset.objects.select_for_update(no_key=True).get(pk=dataset.pk)


def _ask_again(cases: list[Application], *, by: Actor) -> int:
    """Return for how many it was asked: a case that was decided in this moment needs it no more."""
    count = 0
    for case in cases:
        handed_in = newest(case)
        try:
            if handed_in is not None:
                evidence.request_again(submission=handed_in, by=by)
                count += 1
        except (NotAllowed, NotPossible):
            continue
    return count
