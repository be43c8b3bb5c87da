"""What the navigation of every page needs to know."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from agreements.catalog.permissions import Permission, datasets_for
from agreements.people.models import User
from agreements.review.queue import Filters, cases
from agreements.web import access


def nav(request: HttpRequest) -> dict[str, Any]:
    """Return `nav` as base.html describes it, worked out only when a template asks."""
    return {"nav": SimpleLazyObject(lambda: _nav(request))}


def home_of(user: User) -> str:
    """Return where somebody's work is: a steward's desk, a reviewer's queue, or the datasets."""
    desk = datasets_for(Permission.VIEW_DESK, by=user.actor).first()
    if desk is not None:
        return reverse("stewardship", args=[desk.slug])
    return reverse("review-queue" if datasets_for(Permission.VIEW_CASES, by=user.actor).exists() else "datasets")


def _nav(request: HttpRequest) -> dict[str, Any]:
    datasets = list(access.offered_datasets()[:2])
    found: dict[str, Any] = {"contact": datasets[0].contact_address if len(datasets) == 1 else ""}
    # An error page may be shown before anybody was looked up: a hostile Host header is refused first of all.
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return found
    match = request.resolver_match
    # The sources stand beside the record by their address, and belong to what reviewers and stewards read.
    in_sources = match is not None and match.url_name == "sources"
    if datasets_for(Permission.VIEW_CASES, by=user.actor).exists():
        found["review"] = True
        found["in_review"] = match is not None and (match.route.startswith("review/") or in_sources)
        found["review_count"] = cases(by=user.actor, filters=Filters()).count()
        found["stewardship"] = list(datasets_for(Permission.VIEW_DESK, by=user.actor).values("slug", "title"))
        found["in_stewardship"] = match is not None and match.route.startswith("stewardship/")
        found["in_record"] = match is not None and match.route.startswith("record/") and not in_sources
        found["record"] = datasets_for(Permission.VIEW_RECORD, by=user.actor).exists()
    # The administrator looks after the mailbox, with or without a role for a dataset.
    found["mailbox"] = "review" in found or user.is_site_administrator
    # Staff find the sources from the queue, the cases and the rules, which an administrator without a role has not.
    found["sources"] = "review" not in found and user.is_site_administrator
    return found
