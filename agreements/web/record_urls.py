"""Addresses of the record: the questions that it answers, and what follows a restore."""

from __future__ import annotations

from django.urls import URLPattern, path

from agreements.web import question_pages, restored_pages

urlpatterns: list[URLPattern] = [
    path("application/<reference:reference>/", question_pages.application, name="record-application"),
    path("person/", question_pages.person, name="record-person"),
    path("organization/", question_pages.organization, name="record-organization"),
    path("access/", question_pages.access_at, name="record-access"),
    path("downloads/<reference:reference>/", question_pages.downloads_under, name="record-downloads"),
    path("restored/", restored_pages.restored, name="restored"),
    path("restored/<slug:slug>/", restored_pages.reconcile, name="reconcile"),
]
