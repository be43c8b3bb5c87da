"""The questions of the record as pages and CSV, for stewards and auditors, within their datasets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import partial

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.catalog.models import Access, Subset
from agreements.flows.questions import downloads, lives
from agreements.flows.questions.facts import rows_of
from agreements.flows.questions.holders import Holder, shut_since, who_could_open, who_could_open_on
from agreements.flows.questions.lives import Answer
from agreements.ledger.models import LedgerEntry
from agreements.ledger.sentences import sentence
from agreements.web import access, access_record
from agreements.web.csv_answer import as_csv
from agreements.web.question_forms import AccessForm, OrganizationForm, PersonForm
from agreements.web.timeline import timeline_of

PER_PAGE = 50
ROWS = ("row", "at", "actor", "role", "kind", "sentence", "application", "grant", "person", "member", "hash")
FACTS = ("what", "at", "reference", "application", "who", "state")
HOLDERS = ("name", "email", "person", "standing", "organization", "grant", "terms", "rows")
DOWNLOADS = ("at", "person", "archive", "first byte", "last byte", "bytes sent", "end", "digested by row")


@login_required
@never_cache
@require_safe
def application(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Show the life of an application: every row that names it, its grant or what ended that."""
    found = access_record.application(request, reference)
    entries = lives.life_of(found)
    if _wants_csv(request):
        return as_csv(found.reference, ROWS, _ledger_cells(entries))
    return render(request, "record/application.html", {"application": found, **_told(request, entries)})


@login_required
@never_cache
@require_safe
def person(request: HttpRequest) -> HttpResponseBase:
    """Show everything about a person. Somebody who is known to other datasets only is as nobody."""
    within = access_record.datasets(request)
    form = PersonForm(request.GET or None)
    asked = form.cleaned_data["who"] if form.is_valid() else ""
    found = lives.find_person(asked) if asked else None
    answer = lives.about_person(found, within=within)
    context = {"form": form, "asked": asked, "person": None if answer.is_empty else found}
    return _answered(request, "record/person.html", "person", answer, context)


@login_required
@never_cache
@require_safe
def organization(request: HttpRequest) -> HttpResponseBase:
    """Show everything about an organization, by its name, its domain, or both."""
    within = access_record.datasets(request)
    form = OrganizationForm(request.GET or None)
    name, domain = (form.cleaned_data["name"], form.cleaned_data["domain"]) if form.is_valid() else ("", "")
    answer = lives.about_organization(name=name, domain=domain, within=within)
    context = {"form": form, "asked": name or domain, "name": name, "domain": domain}
    return _answered(request, "record/organization.html", "organization", answer, context)


@login_required
@never_cache
@require_safe
def access_at(request: HttpRequest) -> HttpResponseBase:
    """Show who could open a subset on a given moment, under which terms, by which rows."""
    subsets = access_record.subsets(request)
    form = AccessForm(request.GET if "subset" in request.GET else None, subsets=subsets)
    context: dict[str, object] = {"form": form, "query": _query(request)}
    if form.is_valid():
        asked, chosen = form.cleaned_data, _chosen(subsets, form.cleaned_data["subset"])
        at, day = asked["at"], asked["on"]
        found = (
            who_could_open(chosen.dataset, subset=chosen.slug, at=at)
            if at is not None
            else who_could_open_on(chosen.dataset, subset=chosen.slug, day=day)
        )
        if _wants_csv(request):
            when = f"{at or day:%Y-%m-%d}"
            return as_csv(f"{chosen.dataset.slug}-{chosen.slug}-{when}", HOLDERS, map(_holder_cells, found))
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        shut = shut_since(chosen.dataset, at=at or dt.datetime.combine(day, dt.time.max, dt.UTC))
        context |= {"subset": chosen, "at": at, "day": day, "shut_since": shut, "page": page}
        context["is_open"] = chosen.access == Access.OPEN
    return render(request, "record/access.html", context, status=422 if form.errors else 200)


@login_required
@never_cache
@require_safe
def downloads_under(request: HttpRequest, reference: str) -> HttpResponseBase:
    """Show every request for bytes under a grant, with totals."""
    found = access_record.grant(request, reference)
    opened = downloads.opened_under(found)
    if _wants_csv(request):
        lines = downloads.lines(found, opened.iterator(chunk_size=1000))
        return as_csv(f"{found.reference}-downloads", DOWNLOADS, map(_download_cells, lines))
    page = Paginator(opened, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "grant": found,
        "page": page,
        "lines": list(downloads.lines(found, page.object_list)),
        "totals": downloads.totals(found),
        "query": _query(request),
    }
    return render(request, "record/downloads.html", context)


def _answered(
    request: HttpRequest, template: str, name: str, answer: Answer, context: dict[str, object]
) -> HttpResponseBase:
    """Show an answer, or give its facts, or its rows of the record, as CSV."""
    if _wants_csv(request):
        if request.GET.get("csv") == "rows":
            return as_csv(f"{name}-rows", ROWS, _ledger_cells(answer.entries.order_by("sequence")))
        return as_csv(name, FACTS, rows_of(answer.facts))
    facts = Paginator(answer.facts, PER_PAGE).get_page(request.GET.get("facts"))
    return render(request, template, context | {"answer": answer, "facts": facts, **_told(request, answer.entries)})


def _told(request: HttpRequest, entries: QuerySet[LedgerEntry]) -> dict[str, object]:
    page = Paginator(entries, PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    told = timeline_of(rows, viewer=access.person(request), internal=True)
    return {"page": page, "rows": list(zip(rows, told, strict=True)), "query": _query(request)}


def _wants_csv(request: HttpRequest) -> bool:
    return "csv" in request.GET


def _query(request: HttpRequest) -> str:
    """Return what was asked, without the page that it was read on."""
    query = request.GET.copy()
    for name in ("page", "facts", "csv"):
        query.pop(name, None)
    return query.urlencode()


def _chosen(subsets: list[Subset], value: str) -> Subset:
    return next(each for each in subsets if f"{each.dataset.slug}/{each.slug}" == value)


def _ledger_cells(entries: QuerySet[LedgerEntry]) -> Iterator[list[object]]:
    for entry in entries.iterator(chunk_size=1000):
        named = partial(entry.subjects.get)
        yield [
            entry.sequence,
            entry.at,
            entry.actor,
            entry.role,
            entry.kind,
            sentence(entry.kind, entry.payload),
            *(named(role, "") for role in ("application", "grant", "person", "member")),
            entry.hash,
        ]


def _holder_cells(holder: Holder) -> list[object]:
    holding = holder.holding
    standing = _("member") if holding.is_member else _("holder")
    numbers = " ".join(map(str, holding.by_rows))
    return [
        holder.name,
        holder.email,
        holding.person,
        standing,
        holder.organization,
        holding.grant,
        holding.terms,
        numbers,
    ]


def _download_cells(line: downloads.Line) -> list[object]:
    one = line.download
    end = one.end.label if one.end else _("runs")
    return [one.at, one.person, one.archive, one.start, one.last, one.sent, end, line.digested_by]
