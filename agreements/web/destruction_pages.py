"""Attesting that one's copies are destroyed, its certificate, and what the dataset's staff do about it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog.permissions import Permission
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.grants.permissions import is_held_by
from agreements.grants.terms_change.past import terms_at
from agreements.revocation import attesting, certificate_values, certifying, queries
from agreements.revocation.models import Destruction, ProcedureAct
from agreements.web import access, access_destruction, proofs
from agreements.web.code_page import away
from agreements.web.destruction_forms import AttestForm, ExcuseForm
from agreements.web.papers import pdf_attachment
from agreements.web.posted import posted
from agreements.web.refusals import IntoForm, IntoMessages

_TYPED: Final = "destruction_typed"


@login_required
@never_cache
@require_safe
def own(request: HttpRequest, reference: str) -> HttpResponse:
    """Lead to what the person owes after an end of this access; say so if it is nothing."""
    found = access_destruction.own_of_grant(request, reference)
    if found is not None:
        return redirect("destruction", reference=reference, destruction_id=found.pk)
    return render(request, "grants/destruction_none.html", {"reference": reference})


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def destruction(request: HttpRequest, reference: str, destruction_id: int) -> HttpResponse:
    """Show what is to be destroyed and what is attested; take the attestation, given on fresh proof of the mailbox."""
    found = access_destruction.own(request, reference, destruction_id)
    if not queries.is_due(found):
        if request.method == "POST":
            return _settled(request, found)
        return _page(request, found)
    if request.method == "POST" and not proofs.is_fresh(request):
        _keep_typed(request, found)
        return away(request, reverse("fresh-code"), back_after_post=request.path)
    form = _form(request, found)
    if form.is_valid():
        with IntoForm(form):
            given = form.cleaned_data
            attesting.attest(destruction=found, name=given["name"], remark=given["remark"], by=access.actor(request))
            messages.success(request, _("Thank you. Your attestation was received, and your certificate is made."))
            return redirect("destruction", reference=reference, destruction_id=destruction_id)
        found = access_destruction.own(request, reference, destruction_id)
        if not queries.is_due(found):
            return _settled(request, found)
    return _page(request, found, form=form)


@login_required
@never_cache
@require_safe
def certificate(request: HttpRequest, reference: str, destruction_id: int) -> HttpResponse:
    """Give the certificate of one's own attestation, byte for byte."""
    found = access_destruction.own(request, reference, destruction_id)
    return _paper(
        request,
        _of_attestation(found),
        f"{reference}-destruction-{found.pk}.pdf",
        back=reverse("destruction", args=[reference, destruction_id]),
    )


@login_required
@never_cache
@require_safe
def revocation_certificate(request: HttpRequest, reference: str, destruction_id: int) -> HttpResponse:
    """Give the certificate of the end that this destruction followed from."""
    found = access_destruction.own(request, reference, destruction_id)
    back = reverse("destruction", args=[reference, destruction_id])
    return _of_end(request, found.affected, back=back)


@login_required
@never_cache
@require_safe
def staff_certificate(request: HttpRequest, slug: str, reference: str, affected_id: int) -> HttpResponse:
    """Give the certificate of an end to the dataset's staff; drawn now if the worker has not come to it."""
    found = access_destruction.affected(request, slug, reference, affected_id)
    return _of_end(request, found, back=reverse("procedure", args=[slug, reference]))


@login_required
@never_cache
@require_safe
def staff_attestation(request: HttpRequest, slug: str, reference: str, destruction_id: int) -> HttpResponse:
    """Give the certificate of an attestation to the dataset's staff."""
    found = access_destruction.of_procedure(request, slug, reference, destruction_id)
    name = f"{found.affected.grant.reference}-destruction-{found.pk}.pdf"
    return _paper(request, _of_attestation(found), name, back=reverse("procedure", args=[slug, reference]))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def excuse(request: HttpRequest, slug: str, reference: str, destruction_id: int) -> HttpResponse:
    """Settle for somebody who cannot attest, with a reason."""
    found = access_destruction.of_procedure(request, slug, reference, destruction_id, needs=Permission.END_ACCESS)
    form = ExcuseForm(posted(request))
    if form.is_valid():
        with IntoForm(form):
            attesting.excuse(destruction=found, reason=form.cleaned_data["reason"], by=access.actor(request))
            messages.success(request, _("%(name)s is excused.") % {"name": found.person.display_name})
            return redirect("procedure", slug=slug, reference=reference)
        found = access_destruction.of_procedure(request, slug, reference, destruction_id)
    context = {
        "dataset": found.affected.procedure.dataset,
        "procedure": found.affected.procedure,
        "destruction": found,
        "name": queries.name_on_agreement(found) or found.person.display_name,
        "is_due": queries.is_due(found),
        "is_own": found.person_id == access.person(request).pk,
        "form": form,
    }
    return render(request, "stewardship/destruction_excuse.html", context, status=422 if form.errors else 200)


def _page(request: HttpRequest, found: Destruction, *, form: AttestForm | None = None) -> HttpResponse:
    reached = found.affected
    statement = attesting.statement_of(found)
    context = {
        "destruction": found,
        "badge": "late" if queries.is_overdue(found) else found.state,
        "grant": reached.grant,
        "procedure": reached.procedure,
        "clause": certificate_values.clause_of(reached),
        "terms": terms_at(reached.grant, reached.procedure.begun_at),
        "extent": certificate_values.extent(reached),
        "is_whole": reached.subset is None and reached.member is None,
        "is_due": queries.is_due(found),
        "is_overdue": queries.is_overdue(found),
        "is_revocation": reached.procedure.act == ProcedureAct.REVOKE,
        "is_holder": queries.is_holders(found),
        "may_read_grant": is_held_by(found.person_id, reached.grant),
        "is_fresh": proofs.is_fresh(request),
        "held": queries.held(found),
        "statement": statement,
        "form": form,
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "grants/destruction.html", context, status=status)


def _form(request: HttpRequest, found: Destruction) -> AttestForm:
    typed = {} if request.method == "POST" else _take_typed(request, found)
    return AttestForm(
        posted(request),
        statement=attesting.statement_of(found),
        known_as=queries.name_on_agreement(found),
        initial=typed,
        auto_id="%s",
    )


def _settled(request: HttpRequest, found: Destruction) -> HttpResponse:
    """Answer whoever sends what was settled meanwhile: by another tab of theirs, or by a steward."""
    if queries.is_attested(found):
        messages.info(request, _("You attested this already; your first attestation stands, and its certificate."))
    else:
        messages.info(request, _("A steward has settled this already; nothing is asked of you any more."))
    return redirect("destruction", reference=found.affected.grant.reference, destruction_id=found.pk)


def _keep_typed(request: HttpRequest, found: Destruction) -> None:
    """Keep what was typed while a code is asked for; the ticks are set again by hand, under the statement."""
    typed: dict[str, Any] = {
        "name": request.POST.get("name", "")[: attesting.LONGEST_NAME],
        "remark": request.POST.get("remark", "")[: attesting.LONGEST_REMARK],
    }
    request.session[_TYPED] = {"about": found.pk, "fields": typed}


def _take_typed(request: HttpRequest, found: Destruction) -> dict[str, Any]:
    kept = request.session.get(_TYPED)
    if not proofs.is_fresh(request) or not isinstance(kept, dict) or kept.get("about") != found.pk:
        return {}
    del request.session[_TYPED]
    return dict(kept["fields"])


def _of_attestation(found: Destruction) -> StoredDocument:
    if found.certificate is None:
        raise Http404
    return found.certificate


def _of_end(request: HttpRequest, affected: Any, *, back: str) -> HttpResponse:
    if affected.procedure.act != ProcedureAct.REVOKE:
        raise Http404
    with IntoMessages(request):
        drawn = certifying.certificate_of(affected)
        name = f"{affected.grant.reference}-revocation-{affected.pk}.pdf"
        return _paper(request, drawn, name, back=back)
    return redirect(back)


def _paper(request: HttpRequest, document: StoredDocument, name: str, *, back: str) -> HttpResponse:
    with IntoMessages(request):
        return pdf_attachment(store.read(document), name)
    return redirect(back)
