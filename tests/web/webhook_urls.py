"""The addresses of a site that takes a mail provider's reports."""

from __future__ import annotations

from django.urls import include, path

from portal.urls import handler500
from portal.urls import urlpatterns as ordinary

urlpatterns = [*ordinary, path("mail-events/", include("agreements.web.mail_webhooks"))]

__all__ = ["handler500", "urlpatterns"]
