"""After a restore: which datasets are shut, what is missing, and how a steward opens one again. Auditors read."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, may
from agreements.core.errors import DomainError, Invalid
from agreements.flows import reconciling
from agreements.flows.reconciling import Proof
from agreements.web import access
from agreements.web.refusals import IntoForm
from agreements.web.restored_forms import ReconcilingForm, checkpoint_text


@login_required
@never_cache
@require_safe
def restored(request: HttpRequest) -> HttpResponse:
    """Show which of one's datasets are shut after a restore, and how others were opened again."""
    mine = access.staffed_datasets(request, Permission.VIEW_RECORD)
    context = {
        "shut": [(dataset, reconciling.lost(dataset)) for dataset in reconciling.shut_datasets(mine)],
        "earlier": reconciling.earlier(mine)[:50],
    }
    return render(request, "record/restored.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def reconcile(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what one dataset lacks; its steward looks at what a checkpoint proves, and then opens it."""
    needs = Permission.RECONCILE if request.method == "POST" else Permission.VIEW_RECORD
    dataset = access.staffed_dataset(request, slug, needs=needs)
    if dataset.shut_at is None:
        if request.method == "POST":
            messages.info(request, _("%(dataset)s is open already.") % {"dataset": dataset.title})
        return redirect("restored")
    if request.method == "GET":
        return _page(request, dataset, ReconcilingForm(dataset=dataset))
    given = request.POST.copy()
    given["checkpoint"] = checkpoint_text(ReconcilingForm(given, request.FILES, dataset=dataset))
    if "look" in request.POST:
        return _looked(request, dataset, given)
    form = ReconcilingForm(given, dataset=dataset)
    if form.is_valid():
        with IntoForm(form):
            reconciling.reconcile(
                dataset=dataset,
                checkpoint=form.cleaned_data["checkpoint"],
                without=form.cleaned_data["without"],
                reason=form.cleaned_data["reason"],
                by=access.actor(request),
            )
            messages.success(request, _("%(dataset)s is open again.") % {"dataset": dataset.title})
            return redirect("restored")
    return _page(request, dataset, form)


def _looked(request: HttpRequest, dataset: Dataset, given: QueryDict) -> HttpResponse:
    """Say what a checkpoint proves and change nothing; what was typed so far stays."""
    form = ReconcilingForm(initial={name: given.get(name) for name in ("checkpoint", "reason")}, dataset=dataset)
    try:
        proof, trouble = reconciling.prove(dataset, str(given["checkpoint"])), ""
    except Invalid as refusal:
        proof, trouble = None, str(refusal)
    except DomainError:
        raise Http404 from None
    return _page(request, dataset, form, proof=proof, trouble=trouble)


def _page(
    request: HttpRequest, dataset: Dataset, form: ReconcilingForm, *, proof: Proof | None = None, trouble: str = ""
) -> HttpResponse:
    context = {
        "dataset": dataset,
        "lost": reconciling.lost(dataset),
        "may_open": may(Permission.RECONCILE, dataset=dataset, by=access.actor(request)),
        "form": form,
        "proof": proof,
        "trouble": trouble,
    }
    return render(request, "record/reconcile.html", context, status=422 if trouble or form.errors else 200)
