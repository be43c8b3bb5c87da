"""Rules about addresses are a steward's: the role is known to the catalog, the rule to identity."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog.models import Dataset, Role
from agreements.catalog.roles import has_role
from agreements.core.actors import Actor
from agreements.core.errors import NotAllowed
from agreements.identity import rules
from agreements.identity.models import DomainRule, Verdict
from agreements.ledger.act import act


def add_rule(*, dataset: Dataset, suffix: str, verdict: Verdict, reason: str, by: Actor) -> DomainRule:
    """Return the new rule. Raises NotAllowed for anybody but a steward, and what `rules.add` raises."""
    with act():
        _check_steward(dataset, by=by)
        return rules.add(dataset=dataset, suffix=suffix, verdict=verdict, reason=reason, by=by)


def end_rule(*, rule: DomainRule, by: Actor) -> None:
    """End a rule. Raises NotAllowed for anybody but a steward of its dataset, NotPossible if it has ended."""
    with act():
        _check_steward(rule.dataset, by=by)
        rules.end(rule=rule, by=by)


def _check_steward(dataset: Dataset, *, by: Actor) -> None:
    if not has_role(person_pk=by.person_pk, dataset=dataset, roles={Role.STEWARD}):
        raise NotAllowed(_("Only a steward of the dataset can change its rules."))
