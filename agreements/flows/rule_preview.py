"""Whom a rule about addresses touches, before it is made or ended: cases and access of its own dataset, none other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Q

from agreements.applications import evidence
from agreements.applications.models import Application, State
from agreements.applications.permissions import cases_visible_to
from agreements.applications.states import RUNNING
from agreements.applications.submission import newest
from agreements.catalog.models import Dataset
from agreements.core.actors import Actor
from agreements.core.addresses import parse
from agreements.core.domains import domain_of
from agreements.core.errors import Invalid
from agreements.grants.ends.due import address_of
from agreements.grants.models import Grant
from agreements.grants.states import NOT_ENDED
from agreements.identity import lists, registry
from agreements.identity.evidence import gather
from agreements.identity.models import DomainRule, Verdict
from agreements.identity.rules import Rule, check, check_new, matching, rules_for
from agreements.identity.tiers import Tier, tier_of


@dataclass(frozen=True, slots=True)
class Touched:
    """A case or an access whose address ends in the rule's domain.

    A draft was shown to nobody yet: of it only the domain is given, and that it is one. `decided_by` names the longer
    or stricter rule that decides here in any case, or is empty.
    """

    application: Application | None
    grant: Grant | None
    name: str
    address: str
    before: Tier
    after: Tier
    decided_by: str

    @property
    def reference(self) -> str:
        """Return the reference of the case or the access; of a draft nothing."""
        thing = self.grant or self.application
        return thing.reference if thing else ""

    @property
    def state(self) -> str:
        """Return how the case or the access stands."""
        thing = self.grant or self.application
        return thing.state if thing else State.DRAFT

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Preview:
    """`to_ask` are the waiting cases whose evidence would come out otherwise, and that the viewer may have gathered."""

    suffix: str
    touched: list[Touched]
    to_ask: list[Application]
    is_shared: bool

    @property
    def changed(self) -> int:
        """Return for how many the tier would be another."""
        return sum(one.changes for one in self.touched)

    @property
    def cases(self) -> int:
        """Return how many applications it touches, drafts among them."""
        return sum(one.grant is None for one in self.touched)

    @property
    def grants(self) -> int:
        """Return how much access in force it touches."""
        return sum(one.grant is not None for one in self.touched)


def of_adding(*, dataset: Dataset, suffix: str, verdict: Verdict, by: Actor) -> Preview:
    """Return whom a new rule would touch now. The caller has checked who looks.

    Raises Invalid for what is no rule, NotPossible where the same is in force already.
    """
    clean, now_in_force = check(suffix, verdict), rules_for(dataset)
    check_new(dataset, clean, verdict)
    return _preview(dataset, clean, now_in_force, [*now_in_force, Rule(clean, verdict)], by)


def of_ending(*, rule: DomainRule, by: Actor) -> Preview:
    """Return whom the end of a rule would touch now."""
    now_in_force = list(rules_for(rule.dataset))
    left = list(now_in_force)
    gone = Rule(rule.suffix, Verdict(rule.verdict), rule.reason)
    if gone in left:
        left.remove(gone)
    return _preview(rule.dataset, rule.suffix, now_in_force, left, by)


def _preview(dataset: Dataset, suffix: str, before: Iterable[Rule], after: Iterable[Rule], by: Actor) -> Preview:
    look = _looking(list(before), list(after))
    cases = list(_cases(dataset, suffix, by))
    touched = [
        *(look(case, None, case.name, case.email) for case in cases),
        *(look(None, None, "", f"@{domain_of(draft.email)}") for draft in _drafts(dataset, suffix)),
        *(look(None, grant, grant.holder_name, address_of(grant)) for grant in _grants(dataset, suffix)),
    ]
    waiting = [one.application for one in touched if one.application and one.application.state == State.SUBMITTED]
    # A rule that decides is a finding of its own, also where the tier stays.
    decides = {one.application.pk for one in touched if one.application and not one.decided_by}
    to_ask = [case for case in waiting if case.pk in decides and may_ask_again(case, by=by)]
    return Preview(suffix, touched, to_ask, lists.load().registrable(suffix) is None)


def may_ask_again(application: Application, *, by: Actor) -> bool:
    """Return whether somebody may have the evidence of a case gathered again now."""
    handed_in = newest(application)
    last = evidence.newest(handed_in) if handed_in else None
    return evidence.may_request_again(application=application, last=last, by=by)


_Look = Callable[[Application | None, Grant | None, str, str], Touched]


def _looking(before: list[Rule], after: list[Rule]) -> _Look:
    tiers: dict[str, tuple[Tier, Tier, str]] = {}

    def look(application: Application | None, grant: Grant | None, name: str, address: str) -> Touched:
        domain = domain_of(address)
        if domain not in tiers:
            first, then = matching(before, domain), matching(after, domain)
            same = first is not None and first == then
            tiers[domain] = (_tier(domain, before), _tier(domain, after), first.suffix if first and same else "")
        return Touched(application, grant, name, address, *tiers[domain])

    return look


def _tier(domain: str, rules: Iterable[Rule]) -> Tier:
    # Which mailbox it is makes no difference: tiers are about domains.
    try:
        return tier_of(gather(parse(f"someone@{domain}"), rules, registry=registry.load()))
    except Invalid:
        return Tier.BLOCKED


def _cases(dataset: Dataset, suffix: str, by: Actor) -> Iterable[Application]:
    mine = cases_visible_to(by).filter(dataset=dataset, state__in=RUNNING)
    return mine.filter(_falls_under(suffix, "email")).select_related("dataset", "applicant").order_by("pk")


def _drafts(dataset: Dataset, suffix: str) -> Iterable[Application]:
    never = Application.objects.filter(dataset=dataset, state=State.DRAFT, submitted_at=None)
    return never.filter(_falls_under(suffix, "email")).order_by("email", "pk")


def _grants(dataset: Dataset, suffix: str) -> Iterable[Grant]:
    shown = Q(application__email="") & _falls_under(suffix, "holder__email")
    found = Grant.objects.filter(shown | _falls_under(suffix, "application__email"), dataset=dataset)
    return found.filter(state__in=NOT_ENDED).select_related("dataset", "application", "holder").order_by("pk")


def _falls_under(suffix: str, field: str) -> Q:
    return Q(**{f"{field}__iendswith": f"@{suffix}"}) | Q(**{f"{field}__iendswith": f".{suffix}"})
