"""Whom a rule about addresses touches, before it is made or ended: cases and access of its own dataset, none other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import Q, QuerySet

from agreements.applications import evidence
from agreements.applications.models import Application, State
from agreements.applications.permissions import cases_visible_to
from agreements.applications.states import RUNNING
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.addresses import parse
from agreements.core.domains import domain_of
from agreements.core.errors import Invalid
from agreements.grants.ends.due import address_of
from agreements.grants.models import Grant
from agreements.grants.states import NOT_ENDED
from agreements.identity import lists, registry
from agreements.identity.evidence import gather
from agreements.identity.lists import Lists
from agreements.identity.models import DomainRule, Verdict
from agreements.identity.registry import Registry
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
    def holders(self) -> int:
        """Return of how many people access in force is touched."""
        return len({one.grant.holder_id for one in self.touched if one.grant is not None})


def of_adding(*, dataset: Dataset, suffix: str, verdict: Verdict, by: Actor) -> Preview:
    """Return whom a new rule would touch now.

    Raises NotAllowed for anybody but a steward, Invalid for what is no rule, NotPossible where the same is in force
    already.
    """
    check_may(Permission.CHANGE_RULES, dataset=dataset, by=by)
    clean, now_in_force = check(suffix, verdict), rules_for(dataset)
    check_new(dataset, clean, verdict)
    return _preview(dataset, clean, now_in_force, [*now_in_force, Rule(clean, verdict)], by)


def of_ending(*, rule: DomainRule, by: Actor) -> Preview:
    """Return whom the end of a rule would touch now. Raises NotAllowed for anybody but a steward of its dataset."""
    check_may(Permission.CHANGE_RULES, dataset=rule.dataset, by=by)
    now_in_force = list(rules_for(rule.dataset))
    left = list(now_in_force)
    gone = Rule(rule.suffix, Verdict(rule.verdict), rule.reason)
    if gone in left:
        left.remove(gone)
    return _preview(rule.dataset, rule.suffix, now_in_force, left, by)


def waiting_decided(
    *, dataset: Dataset, suffix: str, before: Sequence[Rule], after: Sequence[Rule], by: Actor
) -> list[int]:
    """Return the waiting cases about which another rule decides after than before, or one where none did.

    Primary keys, of what the person may read; neither lists nor the registry are needed for that.
    """
    waiting = _cases(dataset, suffix, by).filter(state=State.SUBMITTED).values_list("pk", "email")
    return [pk for pk, email in waiting if _decides(before, after, domain_of(email))]


def _preview(dataset: Dataset, suffix: str, before: Sequence[Rule], after: Sequence[Rule], by: Actor) -> Preview:
    looking = _Looking(before, after, lists.refresh(), registry.load())
    cases = list(_cases(dataset, suffix, by))
    touched = [
        *(looking.at(case.name, case.email, application=case) for case in cases),
        *(looking.at("", f"@{domain_of(draft.email)}") for draft in _drafts(dataset, suffix)),
        *(looking.at(grant.holder_name, address_of(grant), grant=grant) for grant in _grants(dataset, suffix)),
    ]
    # A rule that decides is a finding of its own, also where the tier stays.
    decides = {case.pk for case in cases if _decides(before, after, domain_of(case.email))}
    open_now = set(evidence.open_to_request(by).filter(dataset=dataset).values_list("pk", flat=True))
    to_ask = [case for case in cases if case.pk in decides and case.pk in open_now]
    return Preview(suffix, touched, to_ask, looking.tables.registrable(suffix) is None)


def _decides(before: Iterable[Rule], after: Iterable[Rule], domain: str) -> bool:
    return matching(before, domain) != matching(after, domain)


@dataclass(slots=True)
class _Looking:
    """Looks once at each domain, all by the same tables."""

    before: Sequence[Rule]
    after: Sequence[Rule]
    tables: Lists
    registry: Registry | None
    seen: dict[str, tuple[Tier, Tier, str]] = field(default_factory=dict)

    def at(
        self, name: str, address: str, *, application: Application | None = None, grant: Grant | None = None
    ) -> Touched:
        domain = domain_of(address)
        if domain not in self.seen:
            first, then = matching(self.before, domain), matching(self.after, domain)
            decided_by = first.suffix if first is not None and first == then else ""
            self.seen[domain] = (*self._tiers(domain, first, then), decided_by)
        return Touched(application, grant, name, address, *self.seen[domain])

    def _tiers(self, domain: str, first: Rule | None, then: Rule | None) -> tuple[Tier, Tier]:
        # Which mailbox it is makes no difference: tiers are about domains.
        try:
            facts = gather(parse(f"someone@{domain}"), (), registry=self.registry, tables=self.tables)
        except Invalid:
            return Tier.BLOCKED, Tier.BLOCKED
        return tier_of(replace(facts, rule=first)), tier_of(replace(facts, rule=then))


def _cases(dataset: Dataset, suffix: str, by: Actor) -> QuerySet[Application]:
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
