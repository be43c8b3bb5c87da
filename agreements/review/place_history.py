"""What became of others who named the same organization, or the same site, for the same dataset before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications.models import Application
from agreements.core.domains import domain_of
from agreements.core.erased import is_erased
from agreements.grants.places import organization_key
from agreements.identity import lists
from agreements.identity.models import RegisteredDomain
from agreements.identity.registry import Registry
from agreements.identity.sources import REGISTRY, current
from agreements.review.history import SHOWN, Finding, of_person, others_of, told

_NOT_PLAIN: Final = r"[^ -~]"
# Of an organization with more domains, or written in more ways, the first are looked for: one question has an end.
_MOST_DOMAINS: Final = 50
_MOST_NAMES: Final = 200
_SITE: Final = ("site_department", "site_city", "site_country")


def place_findings(
    application: Application, *, form: Mapping[str, Any], registry: Registry | None = None
) -> list[Finding]:
    """Return what is known of the organization and the site that `form` names, from other people's applications.

    An organization is known again by its name, however it is written, and by its entry in the registry.
    """
    same = _of_organization(application, str(form.get("organization", "")), registry)
    return [_organization_finding(same), *_site_findings(_of_site(same, form))]


def _of_organization(application: Application, name: str, registry: Registry | None) -> list[Application]:
    others = others_of(application)
    same = Q(organization__in=_spellings(others, organization_key(name)))
    same |= Q(pk__in=_by_registry(others, application.email, registry))
    # The newest are enough to show; all of them would not fit into one question to the database either.
    return list(others.filter(same).exclude(of_person(application))[: 10 * SHOWN])


def _spellings(others: QuerySet[Application], key: str) -> list[str]:
    """Return the ways in which the organization was written before.

    The database leaves out what is plain ASCII and another name; only what is not plain is compared here.
    """
    if not key:
        return []
    candidates = Q(organization__regex=_NOT_PLAIN)
    if key.isascii():
        words = r"\s+".join(map(re.escape, key.split()))
        candidates |= Q(organization__iregex=rf"^\s*{words}\s*$")
    written = others.filter(candidates).order_by().values_list("organization", flat=True).distinct()
    return [each for each in written.iterator() if organization_key(each) == key][:_MOST_NAMES]


def _by_registry(others: QuerySet[Application], email: str, registry: Registry | None) -> list[int]:
    """Return the newest from domains that the registry gives to the organizations behind an address."""
    known = _Registered(registry)
    if not (ids := known.ids(email)):
        return []
    under = Q()
    for domain in known.domains(email):
        under |= Q(email__iendswith=f"@{domain}") | Q(email__iendswith=f".{domain}")
    rows = others.filter(under).values_list("pk", "email")[: 100 * SHOWN]
    return [pk for pk, written in rows if ids & known.ids(written)][: 10 * SHOWN]


def _of_site(same: Iterable[Application], form: Mapping[str, Any]) -> list[Application]:
    site = tuple(organization_key(str(form.get(part, ""))) for part in _SITE)
    if not (site[0] and site[1]):
        return []
    return [each for each in same if tuple(organization_key(getattr(each, part)) for part in _SITE) == site]


class _Registered:
    """The registry's ids behind addresses, each domain looked up once."""

    def __init__(self, registry: Registry | None) -> None:
        self._registry = registry
        self._tables = lists.load()
        self._known: dict[str, frozenset[str]] = {}

    def ids(self, email: str) -> frozenset[str]:
        """Return the ids; none for a mailbox that anyone can have, nor for one that was erased."""
        domain = domain_of(email)
        if domain not in self._known:
            self._known[domain] = self._look(email, domain)
        return self._known[domain]

    def domains(self, email: str) -> list[str]:
        """Return the domains of the organizations behind an address, its own first."""
        if self._registry is None or not (ids := self.ids(email)):
            return []
        rows = RegisteredDomain.objects.filter(
            load=current(REGISTRY), organization__registry_id__in=sorted(ids)[:_MOST_NAMES]
        )
        others = rows.order_by("domain").values_list("domain", flat=True).distinct()[:_MOST_DOMAINS]
        return [*dict.fromkeys([self._registry.matches(domain_of(email))[0].entry, *others])]

    def _look(self, email: str, domain: str) -> frozenset[str]:
        if self._registry is None or is_erased(email) or self._tables.free_provider(domain):
            return frozenset()
        return frozenset(match.registry_id for match in self._registry.matches(domain))


def _organization_finding(found: list[Application]) -> Finding:
    people = len({each.applicant_id for each in found})
    if not people:
        summary = _("This is the first application from this organization, by its name and by the registry.")
        return {"check": "history-organization", "outcome": "pass", "summary": summary, "details": {}}
    summary = ngettext(
        "%(count)d other person of this organization applied before.",
        "%(count)d other people of this organization applied before.",
        people,
    ) % {"count": people}
    return _finding("history-organization", summary, found)


def _site_findings(found: list[Application]) -> list[Finding]:
    people = len({each.applicant_id for each in found})
    if not people:
        return []
    summary = ngettext(
        "%(count)d other person at the same site (department and city) applied before.",
        "%(count)d other people at the same site (department and city) applied before.",
        people,
    ) % {"count": people}
    return [_finding("history-site", summary, found)]


def _finding(check: str, summary: str, found: list[Application]) -> Finding:
    details, bad = told(found)
    if bad:
        summary = _("%(summary)s Among them are refusals, or access that was revoked.") % {"summary": summary}
    return {"check": check, "outcome": "attention" if bad else "pass", "summary": summary, "details": details}
