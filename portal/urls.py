"""Addresses of the `web` process."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from portal.delivery_urls import download_urls, landing_urls

urlpatterns = [
    path("", include("agreements.web.account_urls")),
    path("admin/", admin.site.urls),
    *landing_urls,
    *download_urls,
]
