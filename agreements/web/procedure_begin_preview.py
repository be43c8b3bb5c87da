"""What a steward reads before access is ended or suspended: whom it reaches, and everything that then happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.core.domains import domain_of
from agreements.core.errors import NotPossible
from agreements.grants.models import Grant
from agreements.grants.shared import desk as shared_desk
from agreements.revocation import hits
from agreements.revocation.hits import Hits
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope, describe
from agreements.web import subset_left

SHOWN: Final = 50
"""Rows on the page; the number of all of them stands over the table, and a file has them all."""
COLUMNS: Final = ("access", "holder", "organization", "terms", "status", "part", "why", "name", "email")
PERSON: Final = "person"
DOMAIN: Final = "domain:"
"""The choices of a bar: the one person whom the scope names, or a domain, as `domain:ust.hk`."""
_BY_PERSON: Final = frozenset({ScopeKind.GRANT, ScopeKind.PERSON})
_BY_PLACE: Final = frozenset({ScopeKind.ORGANIZATION, ScopeKind.DOMAIN, ScopeKind.SITE})


def address(scope: Scope, act: ProcedureAct, *, route: str = "procedure-begin") -> str:
    """Return the address of the preview, or of the same as a file."""
    query = urlencode({"act": act.value, "scope": scope.kind.value, "value": scope.value})
    return f"{reverse(route, args=[scope.dataset.slug])}?{query}"


def context(scope: Scope, act: ProcedureAct, found: Hits) -> dict[str, Any]:
    """Return what the page shows beside its form. `scope` is one that `hit_by` took."""
    return {
        "dataset": scope.dataset,
        "hits": found,
        "first": found.grants[:SHOWN],
        "is_cut": found.count > SHOWN,
        "all_of_them": address(scope, act, route="procedure-begin-csv"),
        "words": _words(scope, act, found),
        "consequences": _consequences(scope, act, found),
        "address": address(scope, act),
        "instead": _instead(scope, act, found),
        "keep": _back(scope),
        "left_published": subset_left.words(scope.dataset, act=act, kind=scope.kind, value=scope.value),
    }


def csv_lines(found: Hits) -> Iterator[list[str]]:
    """Return a line for each person whom it reaches, in `COLUMNS`."""
    for hit in found.grants:
        grant, part = hit.grant, hit.subset.slug if hit.subset else hit.member.email if hit.member else ""
        start = [grant.reference, grant.holder_name, grant.organization, grant.terms.version, grant.state, part]
        for person in hit.people:
            yield [*start, hit.why, person.name, person.email]


def bar_choices(scope: Scope, act: ProcedureAct, found: Hits) -> list[tuple[str, str]]:
    """Return whom a bar may name that comes with it; empty where none does."""
    if act != ProcedureAct.REVOKE or scope.kind not in _BY_PERSON | _BY_PLACE:
        return []
    named = {person.email for hit in found.grants for person in hit.people[:1]}
    one = [(PERSON, email) for email in named] if scope.kind in _BY_PERSON else []
    domains = {scope.value} if scope.kind == ScopeKind.DOMAIN else {domain_of(email) for email in named}
    words = _("everybody with an address at %(domain)s")
    return one + [(f"{DOMAIN}{domain}", words % {"domain": domain}) for domain in sorted(domains)]


def _words(scope: Scope, act: ProcedureAct, found: Hits) -> dict[str, str]:
    revokes = act == ProcedureAct.REVOKE
    reach = ngettext("It reaches %(n)d access", "It reaches %(n)d accesses", found.count) % {"n": found.count}
    people = ngettext("%(n)d person", "%(n)d people", found.people) % {"n": found.people}
    return {
        "title": _("End access for good") if revokes else _("Suspend access"),
        "scope": describe(scope),
        "reach": f"{reach}, {people}",
        "nothing": _nothing(scope, found),
        "what": _("What ends") if revokes else _("What stops"),
        "instead": _("Suspend it instead; that can be lifted") if revokes else _("End it for good instead"),
        "not_instead": _not_instead(act, found),
        "do": (_("Revoke") if revokes else _("Suspend")) + (f" ({found.count})" if found.count > 1 else ""),
    }


def _instead(scope: Scope, act: ProcedureAct, found: Hits) -> str:
    """Return where the other act is begun; empty where that would reach nothing."""
    if act == ProcedureAct.SUSPEND:
        return address(scope, ProcedureAct.REVOKE)
    can_be_suspended = any(hit.member is None for hit in found.grants)
    return address(scope, ProcedureAct.SUSPEND) if can_be_suspended else ""


def _not_instead(act: ProcedureAct, found: Hits) -> str:
    """Return why what would be ended cannot be suspended."""
    if act == ProcedureAct.SUSPEND or not found.grants or any(hit.member is None for hit in found.grants):
        return ""
    return _("It cannot be suspended instead: a membership is suspended only with the access that it belongs to.")


def _nothing(scope: Scope, found: Hits) -> str:
    try:
        hits.check_any(found, scope)
    except NotPossible as refusal:
        return str(refusal)
    return ""


def _consequences(scope: Scope, act: ProcedureAct, found: Hits) -> list[str]:
    """Return what happens at once and what cannot, a sentence each."""
    if not found.grants:
        return []
    revokes = act == ProcedureAct.REVOKE
    lines = [
        _("Links and the password page stop with the next request; downloads that run are cut within seconds."),
        _("Notice is mailed to everybody whom it reaches: what ends, under which clause, why, and what to do.")
        if revokes
        else _("Notice is mailed to everybody whom it reaches: what stops, under which clause, and why."),
    ]
    colleagues = sum(max(0, len(hit.people) - 1) for hit in found.grants if hit.member is None)
    if colleagues:
        lines.append(_for_members(act, colleagues))
    if found.invitations:
        words = ngettext(
            "%(n)d invitation that waits is withdrawn.",
            "%(n)d invitations that wait are withdrawn.",
            len(found.invitations),
        )
        lines.append(words % {"n": len(found.invitations)})
    if any(hit.subset for hit in found.grants):
        lines.append(_("Who has other subsets as well keeps those."))
    return lines + (_for_good(scope, found) if revokes else _for_a_while())


def _for_members(act: ProcedureAct, number: int) -> str:
    if act == ProcedureAct.REVOKE:
        words = ngettext(
            "It ends for %(n)d member as well, who is given the same notice.",
            "It ends for %(n)d members as well, who are given the same notice.",
            number,
        )
    else:
        words = ngettext(
            "It stops for %(n)d member as well, who is given the same notice.",
            "It stops for %(n)d members as well, who are given the same notice.",
            number,
        )
    return words % {"n": number}


def _for_good(scope: Scope, found: Hits) -> list[str]:
    lines = [
        ngettext(
            "Within %(n)d day each of them has to destroy their copies and say so; you see who does not.",
            "Within %(n)d days each of them has to destroy their copies and say so; you see who does not.",
            scope.dataset.destroy_days,
        )
        % {"n": scope.dataset.destroy_days}
    ]
    if any(hit.is_expired for hit in found.grants):
        lines.append(_("Access that had run out is ended as well: copies may still be there."))
    reached = Grant.objects.filter(pk__in=found.pks).values("pk")
    held = [
        archive
        for archive in shared_desk.handed_under(reached, dataset=scope.dataset, present=True)
        if scope.kind != ScopeKind.SUBSET or archive.subset.slug == scope.value
    ]
    if held:
        words = _(
            "The present generation of %(names)s, the same file for everyone, was handed out under what ends here, or "
            "its password shown: whoever has it can read that copy, and a later download that somebody else passes on. "
            "Seal the next generation afterwards."
        )
        lines.append(words % {"names": ", ".join(archive.name for archive in held)})
    lines.append(_("It cannot be undone; they would have to apply again."))
    lines.append(_("Copies that were downloaded already cannot be reached: revoking stops further ones."))
    return lines


def _for_a_while() -> list[str]:
    return [
        _("Nobody has to destroy anything. The suspension can be lifted at any time; passwords stay as they are."),
        _("Time goes on: an access whose end comes while it is suspended ends."),
    ]


def _back(scope: Scope) -> str:
    if scope.kind == ScopeKind.GRANT:
        return reverse("steward-grant", args=[scope.dataset.slug, scope.value])
    return reverse("stewardship", args=[scope.dataset.slug])
