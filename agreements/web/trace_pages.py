"""Whose seal is on a file that turned up, asked on the steward's desk."""

from __future__ import annotations

from typing import Any, BinaryIO, Final, cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission
from agreements.core.actors import Actor
from agreements.grants.tracing.searching import PAGE, Report
from agreements.grants.tracing.searching import trace as trace_file
from agreements.web import access
from agreements.web.refusals import IntoForm

MOST: Final = 25 * 1024 * 1024
"""Bytes that are taken here; more is for `manage.py trace`. No more than `upload_limit` lets in."""


class PieceForm(forms.Form):
    """A file, or a piece of one."""

    file = forms.FileField(
        label=gettext_lazy("The file, or a piece of it"),
        help_text=gettext_lazy("A piece will do if it holds the beginning of one member."),
        widget=forms.FileInput(),
    )

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        if (file.size or 0) > MOST:
            raise forms.ValidationError(
                _("At most 25 MiB can be looked at here. Send the first megabytes, or use the command on the server.")
            )
        return file


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def trace(request: HttpRequest, slug: str) -> HttpResponse:
    """Say whose seals a file carries. The file is kept for this request alone."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.TRACE)
    form = PieceForm(request.POST, request.FILES) if request.method == "POST" else PieceForm()
    context: dict[str, object] = {"dataset": dataset, "form": form, "limit": MOST}
    if form.is_bound and form.is_valid():
        with IntoForm(form):
            context |= _answer(form.cleaned_data["file"], dataset, by=access.actor(request))
    return render(request, "stewardship/trace.html", context, status=422 if form.errors else 200)


def _answer(file: UploadedFile[Any], dataset: Dataset, *, by: Actor) -> dict[str, object]:
    report: Report = trace_file(cast(BinaryIO, file.file), size=file.size or 0, by=by, desk=dataset, limits=PAGE)
    return {"report": report, "file_name": file.name, "form": PieceForm()}
