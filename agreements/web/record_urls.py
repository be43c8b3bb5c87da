"""Addresses of the record: the questions that it answers, and what follows a restore."""

from __future__ import annotations

from django.urls import URLPattern, path

from agreements.web import checkpoint_pages, question_pages, record_exports, restored_pages, source_pages

urlpatterns: list[URLPattern] = [
    path("application/<reference:reference>/", question_pages.application, name="record-application"),
    path("person/", question_pages.person, name="record-person"),
    path("organization/", question_pages.organization, name="record-organization"),
    path("access/", question_pages.access_at, name="record-access"),
    path("downloads/<reference:reference>/", question_pages.downloads_under, name="record-downloads"),
    path("sources/", source_pages.sources, name="sources"),
    path("restored/", restored_pages.restored, name="restored"),
    path("restored/<slug:slug>/", restored_pages.reconcile, name="reconcile"),
    path("checkpoints/", checkpoint_pages.checkpoints, name="checkpoints"),
    path("checkpoints/make/", checkpoint_pages.make, name="make-checkpoint"),
    path("checkpoints/<int:sequence>.txt", checkpoint_pages.checkpoint, name="checkpoint"),
    path("record.jsonl", record_exports.record_jsonl, name="record-jsonl"),
    path("whole-record.jsonl", record_exports.whole_record, name="whole-record"),
    path("verify_record.py", record_exports.verifier, name="record-verifier"),
]
