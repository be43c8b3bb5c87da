"""Earlier access on the desk: who has confirmed what was brought in, who has not, and writing to them again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, may
from agreements.grants.imported import confirming
from agreements.web import access, access_opening, imported_rows
from agreements.web.refusals import IntoMessages

PER_PAGE: Final = 50
FILTERS: Final = ("", "waiting", "confirmed", "over")


@login_required
@never_cache
@require_safe
def imported(request: HttpRequest, slug: str) -> HttpResponse:
    """List what was brought in; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    which = _which(request)
    page = Paginator(imported_rows.wanted(dataset, which=which), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "dataset": dataset,
        "page": page,
        "rows": imported_rows.rows(list(page.object_list)),
        "counts": imported_rows.counts(dataset),
        "which": which,
        "query": f"which={which}" if which else "",
        "may_write": may(Permission.BRING_IN, dataset=dataset, by=access.actor(request)),
    }
    return render(request, "stewardship/imported.html", context)


@login_required
@never_cache
@require_safe
def imported_csv(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Give the same as CSV, all of it."""
    dataset = access.staffed_dataset(request, slug)
    response = StreamingHttpResponse(_csv_lines(dataset, _which(request)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{dataset.slug}-imported.csv"'
    return response


@login_required
@require_POST
def write_again(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Mail one holder the invitation to confirm again."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.BRING_IN)
    grant = access_opening.imported_grant(dataset, reference)
    with IntoMessages(request):
        confirming.write_again(grant=grant, by=access.actor(request))
        messages.success(request, _("The mail is on its way to %(email)s.") % {"email": grant.holder.email})
    return redirect("imported", slug=slug)


@login_required
@require_POST
def write_to_all(request: HttpRequest, slug: str) -> HttpResponse:
    """Mail everybody who has not confirmed yet."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.BRING_IN)
    with IntoMessages(request):
        number = confirming.write_to_all(dataset=dataset, by=access.actor(request))
        words = ngettext("%(number)d mail is on its way.", "%(number)d mails are on their way.", number)
        if number:
            messages.success(request, words % {"number": number})
        else:
            messages.info(request, _("Everybody who has not confirmed was written to within a day."))
    return redirect("imported", slug=slug)


def _which(request: HttpRequest) -> str:
    asked = request.GET.get("which", "")
    return asked if asked in FILTERS else ""


class _Echo:
    """A file that hands back what the CSV writer gives it."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(dataset: Dataset, which: str) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield str(writer.writerow(imported_rows.COLUMNS))
    pages = Paginator(imported_rows.wanted(dataset, which=which), 500)
    for number in pages.page_range:
        for row in imported_rows.rows(list(pages.page(number).object_list)):
            yield str(writer.writerow(imported_rows.csv_cells(row)))
