"""Archives on the steward's desk: all that was published, publishing something new, withdrawing a version."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.catalog import shelf
from agreements.catalog.models import Access, Dataset, SealKind
from agreements.catalog.permissions import Permission, may
from agreements.catalog.publishing import contents, inbox, jobs, uploads
from agreements.catalog.publishing.choosing import Chosen, choose
from agreements.catalog.withdrawing import withdraw_archive
from agreements.core.errors import DomainError, Invalid
from agreements.flows import archive_impact
from agreements.grants.shared import desk as shared_desk
from agreements.web import access
from agreements.web.posted import posted
from agreements.web.publish_forms import MemberSearchForm, NameForm, PublishForm, SubsetForm, WithdrawalForm
from agreements.web.refusals import IntoForm, IntoMessages

MEMBERS_PER_PAGE = 200


@login_required
@never_cache
@require_safe
def archives(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every archive of the dataset and what is being published; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    context = {
        "dataset": dataset,
        "may_publish": may(Permission.PUBLISH, dataset=dataset, by=access.actor(request)),
        "shelves": _shelves(dataset),
        "jobs": [(job, jobs.is_open(job), jobs.may_ask_again(job)) for job in jobs.shown(dataset)],
    }
    return render(request, "stewardship/archives.html", context)


@login_required
@never_cache
@require_safe
def job_progress(request: HttpRequest, slug: str, job_id: int) -> HttpResponse:
    """Show how far a job is. Once it has ended the whole page is shown anew."""
    dataset = access.staffed_dataset(request, slug)
    job = access.publish_job(dataset, job_id)
    is_open = jobs.is_open(job)
    response = render(
        request, "stewardship/publish_progress.html", {"dataset": dataset, "job": job, "is_open": is_open}
    )
    if not is_open:
        response["HX-Refresh"] = "true"
    return response


@login_required
@never_cache
@require_safe
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for the subset, and for something of the inbox or of the steward's own computer."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    subsets = shelf.publishable_subsets(dataset)
    context = {
        "dataset": dataset,
        "form": SubsetForm(request.GET if "subset" in request.GET else None, subsets=subsets),
        "subsets": subsets,
        "inbox": inbox.listing(dataset),
        "inbox_place": inbox.place(dataset),
        "uploads": uploads.waiting(dataset),
        "person": access.person(request),
        "kept_days": uploads.KEPT.days,
    }
    return render(request, "stewardship/publish.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what would be published, as what, and what that means; a post asks for it."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    try:
        chosen = _chosen(request, dataset)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("publish", slug=slug)
    shown = _members(request, chosen)
    is_open = chosen.subset.access == Access.OPEN
    form = PublishForm(
        posted(request),
        seals=shelf.seals_for(chosen.subset),
        is_open=is_open,
        initial={"previewed": shown["held"].digest},
    )
    if chosen.refusal and form.is_bound:
        form.add_error(None, chosen.refusal)
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            jobs.ask(
                subset=chosen.subset,
                name=chosen.name,
                seal=SealKind(form.cleaned_data["seal"]),
                source=chosen.source,
                upload=chosen.upload,
                previewed=form.cleaned_data["previewed"],
                by=access.actor(request),
            )
            messages.success(request, _("%(name)s is being published.") % {"name": chosen.name})
            return redirect("archives", slug=slug)
    context = {
        "dataset": dataset,
        "chosen": chosen,
        "fields": _fields(chosen),
        "address": f"?{_query(chosen)}",
        "naming": _naming(request, chosen),
        "is_open": is_open,
        "form": form,
        "meaning": archive_impact.count_for_publishing(subset=chosen.subset, name=chosen.name),
        **shown,
    }
    return render(request, "stewardship/publish_preview.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def stop_job(request: HttpRequest, slug: str, job_id: int) -> HttpResponse:
    """Stop a publishing."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    job = access.publish_job(dataset, job_id)
    with IntoMessages(request):
        jobs.stop(job=job, by=access.actor(request))
        messages.success(request, _("Publishing %(name)s is being stopped.") % {"name": job.name})
    return redirect("archives", slug=slug)


@login_required
@require_POST
def repeat_job(request: HttpRequest, slug: str, job_id: int) -> HttpResponse:
    """Ask once more for a publishing that failed or was stopped."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    job = access.publish_job(dataset, job_id)
    with IntoMessages(request):
        jobs.ask_again(job=job, by=access.actor(request))
        messages.success(request, _("%(name)s is being published.") % {"name": job.name})
    return redirect("archives", slug=slug)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def withdraw(request: HttpRequest, slug: str, archive_id: int) -> HttpResponse:
    """Withdraw one version of an archive; the page names what will happen."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    archive = access.archive(dataset, archive_id)
    form = WithdrawalForm(posted(request))
    if request.method == "POST" and form.is_valid():
        with IntoForm(form):
            withdraw_archive(archive=archive, reason=form.cleaned_data["reason"], by=access.actor(request))
            told = {"name": archive.name, "version": archive.version}
            messages.success(request, _("%(name)s, version %(version)s is withdrawn.") % told)
            return redirect("archives", slug=slug)
    loss = archive_impact.count_for_withdrawal(archive=archive)
    context = {"dataset": dataset, "archive": archive, "form": form, "loss": loss}
    return render(request, "stewardship/archive_withdraw.html", context, status=422 if form.errors else 200)


def _shelves(dataset: Dataset) -> list[tuple[shelf.Shelf, list[tuple[shelf.Book, shared_desk.Shelf | None]]]]:
    """Return the dataset's shelves, each with its books and how far the sealing of the shared ones is."""
    sealing = {each.archive.pk: each for each in shared_desk.shelves(shared_desk.shared_archives(dataset))}
    return [(each, [(book, sealing.get(book.archive.pk)) for book in each.books]) for each in shelf.shelves(dataset)]


def _naming(request: HttpRequest, chosen: Chosen) -> NameForm:
    """Return the form with the name as it was typed, what is wrong with it, and one like it that can be."""
    naming = NameForm({"name": request.GET.get("name", chosen.name)})
    if chosen.refusal:
        hint = _("%(name)s would do.") % {"name": chosen.suggestion} if chosen.suggestion else ""
        naming.add_error("name", f"{chosen.refusal} {hint}".strip())
    return naming


def _chosen(request: HttpRequest, dataset: Dataset) -> Chosen:
    """Return what the address names. Raises Http404, or Invalid if it names nothing."""
    if not request.GET.get("subset") or not {"upload", "inbox"} & set(request.GET):
        raise Invalid(_("Choose first what to publish."))
    subset = access.publishable_subset(dataset, request.GET["subset"])
    upload = access.own_upload(request, dataset, request.GET["upload"]) if "upload" in request.GET else None
    source = "" if upload else request.GET["inbox"]
    return choose(subset=subset, name=request.GET.get("name"), source=source, upload=upload)


def _fields(chosen: Chosen) -> dict[str, str]:
    """Return the address's parameters that name a choice, but for the archive's name."""
    source = {"upload": str(chosen.upload.pk)} if chosen.upload else {"inbox": chosen.source}
    return {"subset": chosen.subset.slug, **source}


def _query(chosen: Chosen) -> str:
    return urlencode({**_fields(chosen), "name": chosen.name})


def _members(request: HttpRequest, chosen: Chosen) -> dict[str, Any]:
    """Return what the source holds, and those of its members that were asked for."""
    held = contents.look(chosen.place, called=chosen.called)
    search = MemberSearchForm(request.GET)
    words = search.cleaned_data["words"] if search.is_valid() else ""
    page = Paginator(held.named(words), MEMBERS_PER_PAGE).get_page(request.GET.get("page"))
    query = f"{_query(chosen)}&{urlencode({'words': words})}" if words else _query(chosen)
    return {"held": held, "search": search, "words": words, "page": page, "query": query}
