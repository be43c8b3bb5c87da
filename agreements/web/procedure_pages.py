"""Procedures on the steward's desk: what ended or suspended access, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, may
from agreements.flows import mail_again
from agreements.revocation import lifting, listing
from agreements.revocation.models import Procedure
from agreements.revocation.queries import Counts, counts_in
from agreements.web import access, access_procedures, procedure_context
from agreements.web.csv_answer import as_csv
from agreements.web.procedure_forms import LiftForm, ProcedureFilterForm
from agreements.web.refusals import IntoForm, IntoMessages

PER_PAGE = 25
COLUMNS = (
    "procedure",
    "access",
    "holder",
    "organization",
    "terms",
    "what",
    "person",
    "address",
    "due",
    "destruction",
    "settled",
    "reminders",
)


@dataclass(frozen=True, slots=True)
class ListRow:
    """A procedure as the list shows it."""

    procedure: Procedure
    grants: int
    owed: Counts
    progress: listing.Progress
    words: str


@login_required
@never_cache
@require_safe
def procedures(request: HttpRequest, slug: str) -> HttpResponse:
    """List the procedures of a dataset, what is overdue first; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    filters = ProcedureFilterForm(request.GET)
    chosen: dict[str, str] = filters.cleaned_data if filters.is_valid() else {}
    found = listing.procedures(dataset, act=chosen.get("act", ""), progress=chosen.get("progress", ""))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "dataset": dataset,
        "filters": filters,
        "filtered": any(chosen.values()),
        "page": page,
        "query": query.urlencode(),
        "listed": [_list_row(each) for each in listing.listed(page.object_list)],
        "numbers": _numbers(dataset),
        "may_end": may(Permission.END_ACCESS, dataset=dataset, by=access.actor(request)),
    }
    return render(request, "stewardship/procedures.html", context)


@login_required
@never_cache
@require_safe
def procedure(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show one procedure with everything that follows from it; auditors read it."""
    found = access_procedures.procedure(access.staffed_dataset(request, slug), reference)
    return render(request, "stewardship/procedure.html", procedure_context.context(request, found))


@login_required
@never_cache
@require_POST
def lift(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Lift a suspension, saying why."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.END_ACCESS)
    found = access_procedures.procedure(dataset, reference)
    form = LiftForm(request.POST)
    if form.is_valid():
        with IntoForm(form):
            lifting.lift(procedure=found, reason=form.cleaned_data["reason"], by=access.actor(request))
            messages.success(request, _("The suspension is lifted; those whom it reached are told."))
            return redirect("procedure", slug=slug, reference=reference)
    if not access_procedures.procedure(dataset, reference).is_in_force:
        messages.error(request, _("This was lifted already, or is no suspension."))
        return redirect("procedure", slug=slug, reference=reference)
    shown = procedure_context.context(request, found, lift_form=form)
    return render(request, "stewardship/procedure.html", shown, status=422)


@login_required
@require_POST
def resend_notice(request: HttpRequest, slug: str, reference: str, message_id: int) -> HttpResponse:
    """Send a notice of a procedure again."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.SEND_AGAIN)
    message = access_procedures.notice(access_procedures.procedure(dataset, reference), message_id)
    with IntoMessages(request):
        mail_again.send(dataset=dataset, message=message, by=access.actor(request))
        messages.success(request, _("The mail is on its way again to %(address)s.") % {"address": message.recipient})
    return redirect("procedure", slug=slug, reference=reference)


@login_required
@never_cache
@require_safe
def reached_csv(request: HttpRequest, slug: str, reference: str) -> StreamingHttpResponse:
    """Give whom a procedure reached as CSV: a row for each person who owes, or for the access where nobody does."""
    found = access_procedures.procedure(access.staffed_dataset(request, slug), reference)
    return as_csv(found.reference, COLUMNS, _csv_lines(found))


def _list_row(each: listing.Listed) -> ListRow:
    words = procedure_context.scope_words(each.procedure)
    return ListRow(each.procedure, each.grants, each.owed, each.progress, words)


def _numbers(dataset: Dataset) -> list[tuple[str, int]]:
    owed = counts_in(dataset)
    return [
        (_("Overdue"), owed.overdue),
        (_("Awaited"), owed.due - owed.overdue),
        (_("Attested"), owed.attested),
        (_("Excused"), owed.excused),
    ]


def _csv_lines(found: Procedure) -> Iterator[list[Any]]:
    for row in listing.with_what_is_owed(listing.reached_by(found)):
        yield from _csv_rows(found, row)


def _csv_rows(found: Procedure, row: listing.Row) -> Iterator[list[Any]]:
    grant, part = row.affected.grant, row.affected.subset or row.affected.member
    start = [found.reference, grant.reference, grant.holder_name, grant.organization, grant.terms.version]
    start.append("" if part is None else getattr(part, "slug", "") or getattr(part, "email", ""))
    for owed in row.owed:
        person = [owed.person.display_name, owed.person.email, owed.due_on.isoformat()]
        yield [*start, *person, owed.state, owed.settled_at, owed.reminders]
    if not row.owed:
        yield [*start, "", "", "", "", "", ""]
