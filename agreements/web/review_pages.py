"""The reviewers' queue and the case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from agreements.applications import evidence, remarks
from agreements.applications.models import Application, DecisionKind, Visibility
from agreements.catalog.permissions import Permission as DatasetPermission
from agreements.core.actors import Actor
from agreements.documents import pictures
from agreements.flows.approving import approve
from agreements.ledger.queries import entries_about
from agreements.mail import dead_addresses
from agreements.review import case as cases
from agreements.review import decisions, queue
from agreements.review.decisions import Seen
from agreements.review.queue import Filters
from agreements.web import access, access_mailbox, agreement_papers, earlier_cases, mail_waiting
from agreements.web.evidence_rows import rows_of
from agreements.web.mailbox_rows import rows_about
from agreements.web.papers import files_as_sent, png_inline, signed_paper
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.review_forms import DecisionForm, QueueForm, RemarkForm
from agreements.web.timeline import timeline_of

PER_PAGE = 25


@login_required
@never_cache
@require_safe
def review_queue(request: HttpRequest) -> HttpResponse:
    """List the cases, oldest first."""
    datasets = list(access.staffed_datasets(request, DatasetPermission.VIEW_CASES))
    form = QueueForm(request.GET, datasets=datasets)
    chosen = form.cleaned_data if form.is_valid() else {}
    filters = Filters(chosen.get("show") or "waiting", chosen.get("dataset", ""), chosen.get("words", ""))
    page = Paginator(queue.cases(by=access.actor(request), filters=filters), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "page": page,
        "filters": filters,
        "query": query.urlencode(),
        "unread_mail": mail_waiting.of_all(access.actor(request)),
    }
    template = "review/queue_table.html" if getattr(request, "htmx", False) else "review/queue.html"
    return render(request, template, context)


@login_required
@never_cache
@require_safe
def review_case(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one case on one screen."""
    return _show(request, access.case(request, reference))


@login_required
@require_POST
def decide(request: HttpRequest, reference: str) -> HttpResponse:
    """Approve, return or decline what was on the screen."""
    found = access.case(request, reference)
    form = DecisionForm(request.POST)
    if form.is_valid():
        with IntoForm(form):
            messages.success(request, _carry_out(request, found, form))
            return redirect("review-queue")
    return _show(request, found, decision=form)


@login_required
@require_POST
def remark(request: HttpRequest, reference: str) -> HttpResponse:
    """Keep a remark."""
    found = access.case(request, reference)
    form = RemarkForm(request.POST)
    if form.is_valid():
        with IntoForm(form):
            chosen = Visibility(form.cleaned_data["visibility"])
            remarks.add(application=found, text=form.cleaned_data["text"], visibility=chosen, by=access.actor(request))
            return redirect(f"{reverse('review-case', args=[reference])}#remarks")
    return _show(request, found, remark_form=form)


@login_required
@require_POST
def gather_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Ask for the evidence once more."""
    found = access.case(request, reference)
    handed_in = access.submitted(found)
    with IntoMessages(request):
        evidence.request_again(submission=handed_in, by=access.actor(request))
        messages.success(request, _("Evidence is being gathered again; the earlier findings are kept."))
    return redirect("review-case", reference=reference)


@login_required
@never_cache
@require_GET
def evidence_part(request: HttpRequest, reference: str) -> HttpResponse:
    """The evidence alone, asked for again until it is there."""
    found = access.case(request, reference)
    shown = cases.load(application=found, by=access.actor(request))
    return render(request, "review/evidence_pending.html", {"case": shown, "application": found})


@login_required
@require_GET
def page_image(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """Give a page of the signed copy as a picture that `inspect` drew."""
    found = access.case(request, reference)
    data = pictures.page(access.submitted(found).signed_copy.document, number)
    if data is None:
        raise Http404
    return png_inline(data)


@login_required
@never_cache
@require_GET
def original(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the signed copy as one PDF, as an attachment: as it came, or put together of the files that came."""
    found = access.case(request, reference)
    handed_in = access.submitted(found)
    return signed_paper(request, handed_in.signed_copy.document, f"{reference}-signed.pdf")


@login_required
@never_cache
@require_GET
def original_files(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the files of a signed copy that came as several, as they were sent."""
    found = access.case(request, reference)
    handed_in = access.submitted(found)
    return files_as_sent(request, handed_in.signed_copy.document, f"{reference}-signed-files.zip")


def _carry_out(request: HttpRequest, found: Application, form: DecisionForm) -> str:
    """Make the decision and return what to tell the reviewer."""
    kind = DecisionKind(form.cleaned_data["kind"])
    return _VERBS[kind](found, form.seen, form.cleaned_data["reason"], access.actor(request))


def _approve(found: Application, seen: Seen, reason: str, by: Actor) -> str:
    approved, grant = approve(application=found, seen=seen, reason=reason, by=by)
    names = {"reference": found.reference}
    if grant is None:
        names |= {"given": str(approved.given), "needed": str(approved.needed)}
        return _("Your approval of %(reference)s is kept: %(given)s of %(needed)s.") % names
    return _("%(reference)s was approved: access %(grant)s begins now.") % (names | {"grant": grant.reference})


def _return(found: Application, seen: Seen, reason: str, by: Actor) -> str:
    decisions.return_for_changes(application=found, seen=seen, reason=reason, by=by)
    return _("%(reference)s was returned; the applicant is told why.") % {"reference": found.reference}


def _decline(found: Application, seen: Seen, reason: str, by: Actor) -> str:
    decisions.decline(application=found, seen=seen, reason=reason, by=by)
    return _("%(reference)s was declined; the applicant is told why.") % {"reference": found.reference}


_VERBS: Final[Mapping[DecisionKind, Callable[[Application, Seen, str, Actor], str]]] = {
    DecisionKind.APPROVE: _approve,
    DecisionKind.RETURN: _return,
    DecisionKind.DECLINE: _decline,
}


def _show(
    request: HttpRequest,
    found: Application,
    *,
    decision: DecisionForm | None = None,
    remark_form: RemarkForm | None = None,
) -> HttpResponse:
    shown = cases.load(application=found, by=access.actor(request))
    context = {
        "application": found,
        "case": shown,
        "rows": rows_of(shown.run),
        "pages": [
            {
                "number": page.number,
                "width": page.width,
                "height": page.height,
                "url": reverse("review-page-image", args=[found.reference, page.number]),
            }
            for page in shown.pages
        ],
        "papers": agreement_papers.of_case(found),
        "dead": dead_addresses.is_dead(found.applicant.email),
        "mailed": rows_about(found),
        "all_mail": access_mailbox.all_about(request, found),
        "earlier": earlier_cases.rows_of(shown.history),
        "decide": _decision_forms(shown, decision),
        "refused": decision if decision is not None and shown.why_not else None,
        "remark_form": remark_form or RemarkForm(),
        "timeline": timeline_of(entries_about(found.reference), viewer=access.person(request), internal=True),
    }
    failed = (decision is not None and decision.errors) or (remark_form is not None and remark_form.errors)
    return render(request, "review/case.html", context, status=422 if failed else 200)


def _decision_forms(shown: cases.Case, tried: DecisionForm | None) -> dict[str, DecisionForm]:
    """Return a form for each decision, by its kind."""
    forms = {}
    for kind in DecisionKind:
        was_tried = tried is not None and tried.data.get("kind") == kind
        forms[str(kind)] = (
            tried.after_refusal(kind, shown.seen) if tried and was_tried else DecisionForm.empty(kind, shown.seen)
        )
    return forms
