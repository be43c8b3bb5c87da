"""Addresses of the `delivery` process: the long downloads, and whether it is well."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from agreements.web import delivery_pages, operator_pages

# The `web` process serves these too, where no proxy sends them elsewhere.
download_urls: list[URLPattern | URLResolver] = [
    path("d/<str:token>/<str:name>", delivery_pages.direct, name="direct"),
    path(
        "datasets/<slug:slug>/download/<int:archive_id>/<str:name>", delivery_pages.open_download, name="open-download"
    ),
]
landing_urls: list[URLPattern | URLResolver] = [
    path("l/<str:token>", delivery_pages.landing, name="landing"),
    path("l/<str:token>/SHA256SUMS", delivery_pages.checksums, name="checksums"),
    path("l/<str:token>/aria2.txt", delivery_pages.aria2_txt, name="link-aria2"),
]

urlpatterns = [path("healthz", operator_pages.healthz, name="healthz"), *download_urls]
