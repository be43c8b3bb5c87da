"""Addresses of the `delivery` process: the long downloads, and whether it is well."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
