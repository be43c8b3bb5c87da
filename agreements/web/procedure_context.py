"""What the page of a procedure shows: what it was, whom it reached, what each of them owes, and what happened since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from agreements.catalog.models import Terms
from agreements.catalog.permissions import Permission, may
from agreements.core.clock import today
from agreements.grants.models import Grant
from agreements.grants.shared import desk as shared_desk
from agreements.grants.shared import messages as shared_messages
from agreements.grants.terms_change.past import versions_at
from agreements.ledger.kinds import Kind
from agreements.ledger.models import LedgerEntry
from agreements.ledger.queries import entries_about
from agreements.mail import outbox
from agreements.mail import queries as mail_queries
from agreements.revocation import listing
from agreements.revocation.models import AffectedGrant, Procedure, ProcedureAct, ScopeKind
from agreements.revocation.queries import Counts, counts_of
from agreements.web import access, access_procedures, subset_left
from agreements.web.procedure_forms import LiftForm
from agreements.web.timeline import Happening, timeline_of

PER_PAGE: Final = 25
# One row for each grant: the table of whom it reached says the same.
_TOLD_ELSEWHERE: Final = (Kind.GRANT_REVOKED, Kind.GRANT_SUSPENDED, Kind.GRANT_RESUMED, Kind.SUBSET_TAKEN)


@dataclass(frozen=True, slots=True)
class SharedLine:
    """What has to be, or was, done about an archive that is the same file for everyone."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Line(Happening):
    """One line of the timeline, with the access it is about."""

    url: str
    link_label: str


def context(request: HttpRequest, procedure: Procedure, *, lift_form: LiftForm | None = None) -> dict[str, Any]:
    """Return what the page shows; with a form that was refused, as it was filled in."""
    dataset, by = procedure.dataset, access.actor(request)
    reached = listing.reached_by(procedure)
    page = Paginator(reached, PER_PAGE).get_page(request.GET.get("page"))
    notices = Paginator(listing.notices_of(procedure), PER_PAGE).get_page(request.GET.get("notices"))
    happened = _happened(request, procedure)
    grants = reached.order_by().values("grant").distinct().count()
    owed = counts_of([procedure])[procedure.pk]
    may_end = may(Permission.END_ACCESS, dataset=dataset, by=by)
    terms = list(versions_at(Grant.objects.filter(pk__in=reached.order_by().values("grant")), procedure.begun_at))
    return {
        "dataset": dataset,
        "procedure": procedure,
        "progress": listing.progress_of(procedure, owed),
        "words": _words(procedure, grants),
        "numbers": _numbers(owed) if procedure.destroy_by else [],
        "may_end": may_end,
        "may_send": may(Permission.SEND_AGAIN, dataset=dataset, by=by),
        "today": today(),
        "grants": grants,
        "page": page,
        "reached": listing.with_what_is_owed(page.object_list),
        "versions": [each.version for each in terms],
        **_clause(procedure, terms),
        "bars": access_procedures.bars(dataset).filter(procedure=procedure.reference),
        "shared": shared_lines(procedure),
        "left_published": subset_left.words(
            dataset, act=procedure.act, kind=procedure.scope, value=procedure.scope_value
        ),
        "notices": notices,
        "notices_shown": [(mail, outbox.can_resend(mail)) for mail in notices.object_list],
        "happened": happened,
        "timeline": _told(request, procedure, happened.object_list),
        "lift_form": (lift_form or LiftForm()) if may_end and procedure.is_in_force else None,
    }


def scope_words(procedure: Procedure) -> str:
    """Return what a procedure named, in words: as they were then, where those were kept."""
    if procedure.scope_label:
        return procedure.scope_label
    return str(capfirst(f"{ScopeKind(procedure.scope).label}: {procedure.scope_value}".rstrip(": ")))


def shared_lines(procedure: Procedure) -> list[SharedLine]:
    """Return what is to be said of shared archives whose file or password somebody has whom this act cut off."""
    if procedure.act == ProcedureAct.SUSPEND:
        return []
    reached = AffectedGrant.objects.filter(procedure=procedure).values("grant")
    held = shared_desk.handed_under(reached, dataset=procedure.dataset)
    lines = []
    for shelf in shared_desk.shelves(held):
        names = {"name": shelf.archive.name}
        current = shelf.current.generation if shelf.current else None
        if shelf.wants_the_next:
            words = _(
                "Somebody it reached has the present generation of %(name)s, the same file for everyone, or its "
                "password: they can read that copy, and a later download that somebody else passes on. Seal the next "
                "generation."
            )
            lines.append(SharedLine("attention", words % names))
        elif shelf.coming:
            lines.append(SharedLine("accent", _("The next generation of %(name)s is being sealed.") % names))
        elif current and current.ready_at and current.ready_at > procedure.begun_at:
            words = _(
                "Generation %(number)d of %(name)s took the place of the one that somebody it reached had. Everybody "
                "who has access finds its password on their password page; people told by mail: %(told)d."
            )
            lines.append(
                SharedLine(
                    "good", words % (names | {"number": current.generation, "told": shared_messages.told_of(current)})
                )
            )
    return lines


def _words(procedure: Procedure, grants: int) -> dict[str, str]:
    counted = mail_queries.tally(listing.notices_of(procedure))
    told = {**counted, "lost": counted["failed"] + counted["came-back"]}
    opens = ngettext(
        "The %(n)d access it reached opens again at once, unless something else holds it shut. Its people are told.",
        "The %(n)d accesses it reached open again at once, unless something else holds one shut. Their people are "
        "told.",
        grants,
    )
    return {
        "title": capfirst(str(ProcedureAct(procedure.act).label)),
        "scope": scope_words(procedure),
        "what": _("What stopped") if procedure.act == ProcedureAct.SUSPEND else _("What ended"),
        "notices": _("%(sent)d sent, %(waiting)d waiting, %(lost)d failed or came back") % told,
        "lifting": opens % {"n": grants},
    }


def _numbers(owed: Counts) -> list[tuple[str, int]]:
    return [
        (_("Attested"), owed.attested),
        (_("Awaited"), owed.due - owed.overdue),
        (_("Overdue"), owed.overdue),
        (_("Excused"), owed.excused),
    ]


def _clause(procedure: Procedure, terms: list[Terms]) -> dict[str, Any]:
    """Return the clause, as the newest terms have it under which somebody was reached."""
    for each in terms:
        for clause in each.clauses:
            if clause["id"] == procedure.clause_id:
                return {"clause": clause, "clause_terms": each}
    return {"clause": None, "clause_terms": None}


def _happened(request: HttpRequest, procedure: Procedure) -> Page[LedgerEntry]:
    entries = entries_about(procedure.reference).exclude(kind__in=_TOLD_ELSEWHERE)
    return Paginator(entries, PER_PAGE).get_page(request.GET.get("happened"))


def _told(request: HttpRequest, procedure: Procedure, entries: Iterable[LedgerEntry]) -> list[Line]:
    """Return the rows as a timeline, each with the access it is about."""
    shown = list(entries)
    told = timeline_of(shown, viewer=access.person(request), internal=True)
    lines = []
    for entry, line in zip(shown, told, strict=True):
        grant = entry.subjects.get("grant", "")
        url = reverse("steward-grant", args=[procedure.dataset.slug, grant]) if grant else ""
        lines.append(Line(line.text, line.at, line.who, line.tone, url=url, link_label=grant))
    return lines
