"""Addresses of the papers behind an access."""

from __future__ import annotations

from typing import Any, Final

from django.urls import URLPattern, path

from agreements.web import agreement_pages
from agreements.web.agreement_papers import Sort

_EXECUTED: Final[dict[str, Any]] = {"sort": Sort.EXECUTED}
_SIGNED: Final[dict[str, Any]] = {"sort": Sort.SIGNED}
_FILES: Final[dict[str, Any]] = {"sort": Sort.FILES}
_ISSUED: Final[dict[str, Any]] = {"sort": Sort.ISSUED}
_OWN: Final = "grants/<reference:reference>"
_CASE: Final = "review/<reference:reference>"
_DESK: Final = "stewardship/<slug:slug>/grants/<reference:reference>"

urlpatterns: list[URLPattern] = [
    path(f"{_OWN}/agreement.pdf", agreement_pages.own, _EXECUTED, "grant-agreement"),
    path(f"{_OWN}/signed-copy.pdf", agreement_pages.own, _SIGNED, "grant-signed"),
    path(f"{_OWN}/signed-copy.zip", agreement_pages.own, _FILES, "grant-signed-files"),
    path(f"{_OWN}/issued.pdf", agreement_pages.own, _ISSUED, "grant-issued"),
    path(f"{_CASE}/agreement.pdf", agreement_pages.of_case, _EXECUTED, "review-agreement"),
    path(f"{_CASE}/issued.pdf", agreement_pages.of_case, _ISSUED, "review-issued"),
    path(f"{_DESK}/agreement.pdf", agreement_pages.managed, _EXECUTED, "steward-agreement"),
    path(f"{_DESK}/signed-copy.pdf", agreement_pages.managed, _SIGNED, "steward-signed"),
    path(f"{_DESK}/signed-copy.zip", agreement_pages.managed, _FILES, "steward-signed-files"),
    path(f"{_DESK}/issued.pdf", agreement_pages.managed, _ISSUED, "steward-issued"),
]
