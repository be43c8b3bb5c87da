"""Addresses of the `web` process."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("agreements.web.account_urls")),
    path("admin/", admin.site.urls),
]
