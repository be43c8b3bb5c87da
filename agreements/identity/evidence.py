"""What an address says about who is behind it: findings that a reviewer can check, and a tier that informs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypedDict

from django.utils.translation import gettext as _

from agreements.core.addresses import Address, parse
from agreements.core.errors import Invalid
from agreements.identity import hosts, lists, lookalikes, organizations, rules, wording
from agreements.identity.lookalikes import LookAlike
from agreements.identity.rules import Rule
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


def assess(address: str, *, organization: str, rules: Iterable[Rule]) -> AddressEvidence:
    """Return what the domain of an address says; never raises for an address. Asks no server."""
    sources = dict(lists.load().versions)
    try:
        parsed = parse(address)
    except Invalid as problem:
        finding = _finding("address-domain", "fail", str(problem), {_("address"): address})
        return AddressEvidence(Tier.BLOCKED, [finding], sources)
    facts = gather(parsed, rules)
    tier = tier_of(facts)
    findings = [
        _domain_finding(facts, tier),
        *_rule_finding(facts),
        _look_alike_finding(parsed, facts.look_alike),
        *_host_finding(facts),
        *_organization_finding(facts, organization),
    ]
    return AddressEvidence(tier, findings, sources)


def gather(address: Address, in_force: Iterable[Rule]) -> Facts:
    """Return everything that is known about the domain of an address."""
    tables = lists.load()
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
        alumni_label=hosts.alumni_label(domain, registrable=registrable or domain),
        student_label=hosts.student_label(domain, registrable=registrable or domain),
        look_alike=lookalikes.find(address.domain, ascii_domain=domain),
        rule=rules.matching(in_force, domain),
        international="xn--" in domain,
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
    return _finding("address-domain", _OUTCOME_OF_TIER[tier], wording.domain_summary(facts), wording.looked_at(facts))


def _rule_finding(facts: Facts) -> list[Finding]:
    if facts.rule is None:
        return []
    outcome = {"allow": "pass", "review": "attention", "deny": "fail"}[facts.rule.verdict]
    details = {_("ending"): facts.rule.suffix, _("reason"): facts.rule.reason}
    return [_finding("address-rule", outcome, wording.rule_summary(facts.rule), details)]


def _look_alike_finding(address: Address, found: LookAlike | None) -> Finding:
    details = {_("domain"): address.domain, _("as mail servers write it"): address.ascii_domain}
    if found is None:
        summary = _("%(domain)s does not look like the domain of another institution.") % {"domain": address.domain}
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
    details = {_("domain"): facts.domain, _("part of the name"): facts.student_label}
    return [_finding("address-student", "attention", summary, details)]


def _organization_finding(facts: Facts, organization: str) -> list[Finding]:
    if not organization.strip():
        return []
    names = [name for match in facts.academic for name in match.names]
    fits = organizations.goes_with(organization, names=names, registrable=facts.registrable or facts.domain)
    outcome = {True: "pass", False: "attention", None: "unknown"}[fits]
    details = {
        _("in the form"): organization,
        _("in the lists"): "; ".join(dict.fromkeys(names)) or _("nothing"),
        _("domain"): facts.domain,
    }
    return [_finding("address-organization", outcome, wording.organization_summary(facts, names, fits), details)]
