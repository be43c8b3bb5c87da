"""A dataset's numbers over time, drawn and as tables."""

from __future__ import annotations

import csv

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.flows import numbers
from agreements.web import access, charts


@login_required
@never_cache
@require_safe
def numbers_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every figure of the dataset, each with its table."""
    dataset = access.staffed_dataset(request, slug)
    months = _months(request)
    found = numbers.figures(dataset, months=months)
    context = {
        "dataset": dataset,
        "months": months,
        "periods": numbers.PERIODS,
        "figures": [(figure, charts.draw(figure)) for figure in found],
    }
    return render(request, "stewardship/numbers.html", context)


@login_required
@never_cache
@require_safe
def numbers_csv(request: HttpRequest, slug: str, figure: str) -> HttpResponse:
    """Give the table of one figure as CSV."""
    dataset = access.staffed_dataset(request, slug)
    found = numbers.figure(dataset, figure, months=_months(request))
    if found is None:
        raise Http404
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{dataset.slug}-{found.slug}.csv"'
    writer = csv.writer(response)
    writer.writerow(["", *(one.name for one in found.series)])
    writer.writerows([label, *("" if value is None else value for value in values)] for label, values in found.rows)
    return response


def _months(request: HttpRequest) -> int:
    asked = request.GET.get("months", "")
    return int(asked) if asked in map(str, numbers.PERIODS) else numbers.PERIODS[0]
