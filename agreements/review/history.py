"""What is known of a person, their domain, organization and site from earlier cases of the same dataset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.applications.models import Application, State
from agreements.bars import checks
from agreements.bars.models import Bar
from agreements.core.addresses import same_mailbox_pattern
from agreements.core.clock import now
from agreements.core.domains import domain_of, domains_of
from agreements.core.erased import is_erased
from agreements.grants.models import Grant, GrantState

SHOWN: Final = 20

Finding = dict[str, Any]


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
    others = others_of(application)
    person = of_person(application)
    colleagues = others.filter(_of_domain(application.email)).exclude(person)
    if is_erased(application.email):
        colleagues = others.none()  # what was erased has no domain in common
    return History(
        by_person=list(others.filter(person)[:SHOWN]),
        from_domain=list(colleagues[:SHOWN]),
        people_at_domain=colleagues.order_by().values("applicant").distinct().count(),
    )


def others_of(application: Application) -> QuerySet[Application]:
    """Return what was submitted for the same dataset before, newest first."""
    others = Application.objects.filter(dataset=application.dataset).exclude(pk=application.pk)
    others = others.filter(submitted_at__lt=application.submitted_at or now())
    return others.select_related("applicant", "dataset").order_by("-submitted_at", "-pk")


def of_person(application: Application) -> Q:
    """Return the condition that an application is of the same person, whatever account or spelling they used."""
    found = Q(applicant_id=application.applicant_id)
    for address in {application.email, application.applicant.email}:
        if not is_erased(address):
            pattern = same_mailbox_pattern(address)
            found |= Q(email__iregex=pattern) | Q(applicant__email__iregex=pattern)
    return found


def history_findings(application: Application) -> list[Finding]:
    """Return the history as evidence rows, frozen with the rest."""
    found = history_of(application)
    return [_domain_finding(application, found), *_person_findings(found), *_bar_findings(application)]


def told(applications: Iterable[Application]) -> tuple[dict[str, str], bool]:
    """Return by reference what became of some applications, and whether anything among it calls for attention."""
    some = list(applications)
    access = dict(Grant.objects.filter(application__in=some).values_list("application_id", "state"))
    details = {}
    for item in some[:SHOWN]:
        parts = [str(item.get_state_display())]
        if item.decided_at is not None and item.state in {State.APPROVED, State.DECLINED}:
            parts.append(item.decided_at.date().isoformat())
        if (state := access.get(item.pk)) is not None:
            parts.append(_("access %(state)s") % {"state": GrantState(state).label})
        details[item.reference] = ", ".join(parts)
    bad = any(item.state == State.DECLINED or access.get(item.pk) == GrantState.REVOKED for item in some)
    return details, bad


def _of_domain(email: str) -> Q:
    """The address's domain, those above and those below it, as in `core.domains`, for the database."""
    found = Q()
    for domain in domains_of(email):
        found |= Q(email__iendswith=f"@{domain}")
    return found | Q(email__iendswith=f".{domain_of(email)}")


def _domain_finding(application: Application, found: History) -> Finding:
    domain, count = domain_of(application.email), found.people_at_domain
    if not count:
        summary = _("This is the first application from %(domain)s.") % {"domain": domain}
    else:
        summary = ngettext(
            "%(count)d other person from %(domain)s applied before.",
            "%(count)d other people from %(domain)s applied before.",
            count,
        ) % {"count": count, "domain": domain}
    details, _bad = told(found.from_domain)
    return {"check": "history-domain", "outcome": "pass", "summary": summary, "details": details}


def _person_findings(found: History) -> list[Finding]:
    if not found.by_person:
        return []
    details, bad = told(found.by_person)
    summary = _("This person applied before.")
    if any(item.state == State.DECLINED for item in found.by_person):
        summary = _("This person was declined before.")
    elif bad:
        summary = _("This person's access was revoked before.")
    outcome = "attention" if bad else "pass"
    return [{"check": "history-person", "outcome": outcome, "summary": summary, "details": details}]


def _bar_findings(application: Application) -> list[Finding]:
    """Return the running bars; without their reasons, which are kept in one place so that they can be erased there."""
    pk, found = application.dataset_id, []
    if bars := list(checks.on_organization(dataset_pk=pk, email=application.email)):
        summary = _("The organization behind this address is barred from applying.")
        found.append(_bar_finding(summary, bars))
    addresses = (application.email, application.applicant.email)
    if any(checks.on_person(dataset_pk=pk, person_pk=application.applicant_id, email=each) for each in addresses):
        found.append(_bar_finding(_("This person is barred from applying."), []))
    return found


def _bar_finding(summary: str, bars: Iterable[Bar]) -> Finding:
    details = {}
    for bar in bars:
        until = bar.until.date().isoformat() if bar.until else _("for good")
        words = _("since %(day)s, until %(until)s") if bar.until else _("since %(day)s, %(until)s")
        said = words % {"day": bar.set_at.date().isoformat(), "until": until}
        details[bar.domain] = f"{said}, {bar.procedure}" if bar.procedure else said
    return {"check": "history-bar", "outcome": "fail", "summary": summary, "details": details}
