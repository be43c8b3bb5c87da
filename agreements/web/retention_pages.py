"""What a dataset keeps for how long: its rules, what goes within the next days, what went."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from agreements.flows import retention
from agreements.web import access
from agreements.web.retention_rows import WENT, due_rows, rules_of, went_rows


@login_required
@never_cache
@require_safe
def retention_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the rules, what goes soon and what went; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    coming = retention.due(dataset, within=retention.AHEAD)
    context = {
        "dataset": dataset,
        "rules": rules_of(dataset),
        "coming": due_rows(dataset, coming[:WENT]),
        "coming_count": len(coming),
        "days": retention.AHEAD.days,
        "went": went_rows(retention.erased_of(dataset)[:WENT]),
        "shown": WENT,
    }
    return render(request, "stewardship/retention.html", context)
