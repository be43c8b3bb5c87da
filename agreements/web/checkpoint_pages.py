"""Checkpoints of the record: to be kept, and to be compared with it. Reading them changes nothing, so auditors may."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from agreements.catalog.permissions import Permission, datasets_for
from agreements.core.errors import NotPossible
from agreements.flows.checkpoint_check import judge
from agreements.flows.checkpoint_mail import make_on_purpose
from agreements.ledger import checkpoints as kept
from agreements.web import access, access_checkpoints
from agreements.web.refusals import IntoForm

PER_PAGE: Final = 30
MOST: Final = 256 * 1024
"""Bytes of what is compared: some hundred mails."""


class KeptForm(forms.Form):
    """One checkpoint or several, pasted or as a file."""

    text = forms.CharField(
        label=gettext_lazy("The checkpoint, or the mail that it is in"),
        help_text=gettext_lazy("Several at once narrow down where a difference begins."),
        widget=forms.Textarea(attrs={"rows": 9, "spellcheck": "false"}),
        max_length=MOST,
        required=False,
    )
    file = forms.FileField(label=gettext_lazy("Or a file"), required=False, widget=forms.FileInput())

    def clean_file(self) -> UploadedFile[Any] | None:
        file: UploadedFile[Any] | None = self.cleaned_data["file"]
        if file is not None and (file.size or 0) > MOST:
            raise forms.ValidationError(_("This is more than a few checkpoints: at most 256 KiB are read here."))
        return file

    def clean(self) -> dict[str, Any]:
        """Join what was pasted and what the file holds as `kept`."""
        data = super().clean() or self.cleaned_data
        file = data.get("file")
        written = file.read().decode("utf-8", "replace") if file is not None else ""
        data["kept"] = f"{data.get('text', '')}\n{written}".replace("\0", "").strip()
        if not data["kept"] and not self.errors:
            raise forms.ValidationError(_("Paste a checkpoint that you kept, or choose its file."))
        return data


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def checkpoints(request: HttpRequest) -> HttpResponse:
    """List the checkpoints, newest first, and compare what somebody kept with the record."""
    access.staffed_datasets(request, Permission.VIEW_RECORD)
    form = KeptForm(request.POST, request.FILES) if request.method == "POST" else KeptForm()
    context: dict[str, object] = {"form": form, "may_make": _may_make(request)}
    if form.is_bound and form.is_valid():
        with IntoForm(form):
            context["judged"] = judge(form.cleaned_data["kept"], walk=True)
    page = Paginator(kept.every(), PER_PAGE).get_page(request.GET.get("page"))
    context |= {"page": page, "rows": [(entry, kept.of(entry)) for entry in page.object_list]}
    return render(request, "record/checkpoints.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Make a checkpoint now, for a steward; it goes to every steward by mail."""
    access.staffed_datasets(request, Permission.MAKE_CHECKPOINT)
    try:
        made = make_on_purpose(by=access.actor(request))
    except NotPossible as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("Checkpoint of row %(row)s made. It goes to every steward by mail.") % {"row": made.count}
        )
    return redirect("checkpoints")


def _may_make(request: HttpRequest) -> bool:
    return datasets_for(Permission.MAKE_CHECKPOINT, by=access.actor(request)).exists()


@login_required
@never_cache
@require_safe
def checkpoint(request: HttpRequest, sequence: int) -> HttpResponse:
    """Give one checkpoint as a small text file."""
    access.staffed_datasets(request, Permission.VIEW_RECORD)
    found = access_checkpoints.checkpoint(sequence)
    response = HttpResponse(found.text, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="checkpoint-{found.made[:10]}-{found.count}.txt"'
    return response
