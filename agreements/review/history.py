"""What is known of a person and a domain from earlier cases of the same dataset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications.models import Application, State
from agreements.bars.checks import on_organization


@dataclass(frozen=True, slots=True)
class History:
    """Earlier applications of the same dataset, newest first."""

    by_person: list[Application]
    from_domain: list[Application]


def history_of(application: Application) -> History:
    """Return what else this person, and others at the same domain, asked of this dataset."""
    others = Application.objects.filter(dataset=application.dataset).exclude(pk=application.pk)
    others = others.filter(submitted_at__isnull=False).select_related("applicant", "dataset").order_by("-submitted_at")
    domain = "@" + domain_of(application.email)
    return History(
        by_person=list(others.filter(applicant_id=application.applicant_id)[:20]),
        from_domain=list(others.filter(email__iendswith=domain).exclude(applicant_id=application.applicant_id)[:20]),
    )


def history_findings(application: Application) -> list[dict[str, Any]]:
    """Return the history as evidence rows, frozen with the rest."""
    found = history_of(application)
    return [_domain_finding(application, found), *_person_findings(found), *_bar_findings(application)]


def domain_of(email: str) -> str:
    """Return the part of an address behind the @, in lower case."""
    return email.rpartition("@")[2].lower()


def _domain_finding(application: Application, found: History) -> dict[str, Any]:
    domain, count = domain_of(application.email), len(found.from_domain)
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
