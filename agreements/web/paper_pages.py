"""The agreement as paper: made, downloaded, sent back signed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from agreements.applications import browser_signatures, signing
from agreements.applications.missing import AGREEMENT, DETAILS, SIGNATURE, SITE
from agreements.applications.models import Application, SignedCopy
from agreements.documents import inspecting, issuing, signatures_said
from agreements.documents.file_order import in_words
from agreements.documents.inspection import InspectionReport
from agreements.documents.models import Form, Inspection, IssuedAgreement
from agreements.documents.page_set import is_of
from agreements.documents.papers import MOST_FILES
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.signed_copy import Sent, receive_files
from agreements.web import access
from agreements.web.application_forms import SignedCopyForm
from agreements.web.application_status import frame, inspection_of, is_opened, is_refused
from agreements.web.papers import files_as_sent, paper, signed_paper
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.several_files import read_all
from agreements.web.signature_shown import signed_context
from agreements.web.stepper import next_step, still_missing


@login_required
@require_http_methods(["GET", "POST"])
def agreement(request: HttpRequest, reference: str) -> HttpResponse:
    """The page on which the agreement is made and fetched."""
    found = access.own_application(request, reference)
    if access.is_late_form(request, found):
        return redirect("application", reference=reference)
    if request.method == "POST":
        with IntoMessages(request):
            issue_agreement(application=found, by=access.actor(request))
        return redirect("application-agreement", reference=reference)
    missing = still_missing(found)
    context = {
        **frame(found, at=AGREEMENT, missing=missing),
        "agreement": issuing.newest(found.reference),
        "needs_new": AGREEMENT in {item.step for item in missing},
        "first": [item for item in missing if item.step in {DETAILS, SITE}],
        "next_step": next_step(found, missing=missing, after=AGREEMENT),
    }
    return render(request, "applications/agreement.html", context)


@login_required
@never_cache
@require_GET
def agreement_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the agreement that was issued last, byte for byte."""
    found = access.own_application(request, reference)
    issued = issuing.newest(found.reference)
    if issued is None:
        raise Http404
    return paper(request, issued.document, f"{found.reference}-agreement-{issued.issue_number}.pdf")


@login_required
@require_http_methods(["GET", "POST"])
def signature(request: HttpRequest, reference: str) -> HttpResponse:
    """The page on which the signed copy comes back."""
    found = access.own_application(request, reference)
    if access.is_late_form(request, found):
        return redirect("application", reference=reference)
    form = SignedCopyForm(posted(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            read = read_all(form.cleaned_data["file"], most=settings.SIGNED_COPY_LIMIT)
            receive_files(application=found, files=[Sent(*each) for each in read], by=access.actor(request))
            messages.success(request, _("Your signed copy was received."))
            return redirect("application-signature", reference=reference)
    missing = still_missing(found)
    context = {
        **frame(found, at=SIGNATURE, missing=missing),
        "form": form,
        "limit": settings.SIGNED_COPY_LIMIT,
        "most_files": MOST_FILES,
        "next_step": next_step(found, missing=missing, after=SIGNATURE),
        **_copy_context(found),
    }
    return render(request, "applications/signature.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_GET
def signed_copy_state(request: HttpRequest, reference: str) -> HttpResponse:
    """The part of the page that says whether the file could be opened; asked for again until it is settled."""
    found = access.own_application(request, reference)
    context = {"application": found, **_copy_context(found)}
    response = render(request, "applications/copy_state.html", context)
    if is_refused(context["inspection"]) or context.get("odd_pages"):
        response["HX-Refresh"] = "true"  # the buttons around this part depend on it too
    return response


@login_required
@require_http_methods(["POST"])
def inspect_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Have the signed copy opened once more after it could not be."""
    found = access.own_application(request, reference)
    access.signed_copy(found)  # 404 rather than a refusal: without a copy the address names nothing
    with IntoMessages(request):
        signing.inspect_again(application=found, by=access.actor(request))
    return redirect("application-signature", reference=reference)


@login_required
@never_cache
@require_GET
def signed_copy(request: HttpRequest, reference: str) -> HttpResponse:
    """Give back the signed copy as one PDF, as an attachment and nothing else."""
    found = access.own_application(request, reference)
    copy = access.signed_copy(found)
    return signed_paper(request, copy.document, f"{found.reference}-signed.pdf")


@login_required
@never_cache
@require_GET
def signed_copy_files(request: HttpRequest, reference: str) -> HttpResponse:
    """Give back the files of a signed copy that came as several, as they were sent."""
    found = access.own_application(request, reference)
    copy = access.signed_copy(found)
    return files_as_sent(request, copy.document, f"{found.reference}-signed-files.zip")


def _copy_context(application: Application) -> dict[str, Any]:
    copy = signing.current(application)
    inspection, issued = inspection_of(copy), issuing.newest(application.reference)
    context = {"copy": copy, "inspection": inspection, **signed_context(application, copy, last=issued)}
    return context if copy is None else context | _pages(copy, inspection, issued)


def _pages(copy: SignedCopy, inspection: Inspection | None, issued: IssuedAgreement | None) -> dict[str, Any]:
    """Return what a reviewer will find odd about the pages, and of several files where each page came from."""
    if issued is None or inspection is None or not is_opened(inspection):
        return {}
    report = inspecting.report_of(inspection)
    finding = browser_signatures.page_finding(copy, report, issued)
    sources = [page.source for page in report.pages]
    first, *others = finding.details.get("problems") or [""]
    return {
        "odd_pages": "" if finding.outcome == "pass" else first or finding.summary,
        "odd_besides": " ".join(others),
        "order": in_words(sources),
        "found_pages": [
            {"source": source, "is_ours": is_of(said, issued.application_reference), **said}
            for source, said in zip(sources, finding.details.get("pages", []), strict=False)
            if source
        ],
        **_digital_signatures(copy, report),
    }


def _digital_signatures(copy: SignedCopy, report: InspectionReport) -> dict[str, Any]:
    """Return what is said of the digital signatures in a PDF; of handwriting nothing is known here."""
    if copy.document.form != Form.PDF or report.judgement is None or browser_signatures.of(copy) is not None:
        return {}
    if not report.judgement.signatures:
        words = _(
            "No digital signature was found in it. If you signed by hand, on paper or on the screen, the reviewer "
            "looks for your signature on its pages."
        )
        return {"signatures": {"words": words, "outcome": "pass"}}
    outcome, words = signatures_said.said(report.judgement.signatures)
    return {"signatures": {"words": words, "outcome": outcome}}
