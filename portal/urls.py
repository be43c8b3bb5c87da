"""Addresses of the `web` process."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from portal.delivery_urls import download_urls, landing_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("agreements.web.urls")),
    *landing_urls,
    *download_urls,
    path("admin/", admin.site.urls),
]
if settings.MAIL_WEBHOOK_SECRET:
    urlpatterns.append(path("mail-events/", include("agreements.web.mail_webhooks")))
handler500 = "agreements.web.failures.server_error"
