"""What is known of a person and a domain from earlier cases of the same dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications.models import Application, State
from agreements.bars.checks import on_organization
from agreements.core.clock import now
from agreements.core.domains import domain_of, domains_of
from agreements.core.erased import is_erased

SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class History:
    """Earlier submissions for the same dataset, newest first, at most twenty each.

    `people_at_domain` counts the other people behind all of those from the domain, shown or not.
    """

    by_person: list[Application]
    from_domain: list[Application]
    people_at_domain: int


def history_of(application: Application) -> History:
    """Return what this person, and others at the same organization, submitted for this dataset before."""
    others = Application.objects.filter(dataset=application.dataset).exclude(pk=application.pk)
    others = others.filter(submitted_at__lt=application.submitted_at or now())
    others = others.select_related("applicant", "dataset").order_by("-submitted_at", "-pk")
    colleagues = others.filter(_of_domain(application.email)).exclude(applicant_id=application.applicant_id)
    if is_erased(application.email):
        colleagues = others.none()  # what was erased has no domain in common
    return History(
        by_person=list(others.filter(applicant_id=application.applicant_id)[:SHOWN]),
        from_domain=list(colleagues[:SHOWN]),
        people_at_domain=colleagues.order_by().values("applicant").distinct().count(),
    )


def history_findings(application: Application) -> list[dict[str, Any]]:
    """Return the history as evidence rows, frozen with the rest."""
    found = history_of(application)
    return [_domain_finding(application, found), *_person_findings(found), *_bar_findings(application)]


def _of_domain(email: str) -> Q:
    """The address's domain, those above and those below it, as in `core.domains`, for the database."""
    found = Q()
    for domain in domains_of(email):
        found |= Q(email__iendswith=f"@{domain}")
    return found | Q(email__iendswith=f".{domain_of(email)}")


def _domain_finding(application: Application, found: History) -> dict[str, Any]:
    domain, count = domain_of(application.email), found.people_at_domain
    if not count:
        summary = _("This is the first application from %(domain)s.") % {"domain": domain}
    else:
        summary = ngettext(
            "%(count)d other person from %(domain)s applied before.",
            "%(count)d other people from %(domain)s applied before.",
            count,
        ) % {"count": count, "domain": domain}
    details = {item.reference: str(item.get_state_display()) for item in found.from_domain}
    return {"check": "history-domain", "outcome": "pass", "summary": summary, "details": details}


def _person_findings(found: History) -> list[dict[str, Any]]:
    if not found.by_person:
        return []
    declined = any(item.state == State.DECLINED for item in found.by_person)
    return [
        {
            "check": "history-person",
            "outcome": "attention" if declined else "pass",
            "summary": _("This person was declined before.") if declined else _("This person applied before."),
            "details": {item.reference: str(item.get_state_display()) for item in found.by_person},
        }
    ]


def _bar_findings(application: Application) -> list[dict[str, Any]]:
    if not on_organization(dataset_pk=application.dataset_id, email=application.email).exists():
        return []
    summary = _("The organization behind this address is barred from applying.")
    return [{"check": "history-bar", "outcome": "fail", "summary": summary, "details": {}}]
