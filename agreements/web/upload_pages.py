"""Where `upload.js` sends a steward's zip piece by piece; answers are JSON for it, and plain words for people."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agreements.catalog.models import Upload
from agreements.catalog.permissions import Permission
from agreements.catalog.publishing import uploads
from agreements.core.errors import DomainError
from agreements.web import access
from agreements.web.publish_forms import BeginForm
from agreements.web.refusals import IntoMessages


@login_required
@never_cache
@require_POST
def begin(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin an upload, or find the one that this person began with such a file."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _refused(_("The file's name or size is missing."))
    announced = form.cleaned_data
    subset = access.publishable_subset(dataset, announced["subset"])
    try:
        upload = uploads.begin(
            subset=subset, file_name=announced["name"], size=announced["size"], by=access.actor(request)
        )
    except DomainError as refusal:
        return _refused(str(refusal))
    return _state(upload)


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Say how much has arrived; a post appends a piece at `Upload-Offset`, 409 with the right one if it is wrong."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    found = access.own_upload(request, dataset, upload_id)
    if request.method == "GET":
        return _state(found)
    offset = _number(request.headers.get("Upload-Offset", ""))
    piece = _body(request, most=uploads.PIECE)
    if offset is None or piece is None:
        return _refused(_("This is no piece of the file, or it broke off on the way."))
    try:
        return _state(uploads.append(upload=found, offset=offset, data=piece, by=access.actor(request)))
    except uploads.WrongOffset as wrong:
        return JsonResponse({"error": str(wrong), "received": wrong.received}, status=409)
    except DomainError as refusal:
        return _refused(str(refusal))


@login_required
@never_cache
@require_POST
def compare(request: HttpRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Say whether the bytes at the sampled places are those that arrived; 409 if it is another file."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    found = access.own_upload(request, dataset, upload_id)
    data = _body(request, most=uploads.SAMPLE * uploads.SAMPLES)
    try:
        if data is None or not uploads.is_same_file(upload=found, data=data):
            return JsonResponse({"error": _("This is another file of the same name and size.")}, status=409)
    except DomainError as refusal:
        return _refused(str(refusal))
    return _state(found)


@login_required
@require_POST
def remove(request: HttpRequest, slug: str, upload_id: uuid.UUID) -> HttpResponse:
    """Delete what has arrived of an upload."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.PUBLISH)
    found = access.waiting_upload(dataset, upload_id)
    with IntoMessages(request):
        uploads.remove(upload=found, by=access.actor(request))
        messages.success(request, _("The upload of %(name)s was removed.") % {"name": found.file_name})
    return redirect("publish", slug=slug)


def _state(upload: Upload) -> JsonResponse:
    slug, parts = upload.subset.dataset.slug, {"subset": upload.subset.slug, "upload": str(upload.pk)}
    return JsonResponse(
        {
            "received": upload.received,
            "size": upload.size,
            "piece": uploads.PIECE,
            "samples": uploads.samples(upload),
            "address": reverse("upload", args=[slug, upload.pk]),
            "compare": reverse("upload-compare", args=[slug, upload.pk]),
            "remove": reverse("upload-remove", args=[slug, upload.pk]),
            "then": f"{reverse('publish-preview', args=[slug])}?{urlencode(parts)}",
        }
    )


def _refused(why: str) -> JsonResponse:
    return JsonResponse({"error": why}, status=422)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _body(request: HttpRequest, *, most: int) -> bytes | None:
    """Return the whole body, or None if it is no plain bytes, longer, or did not arrive as it was announced."""
    announced = _number(request.META.get("CONTENT_LENGTH") or "")
    # Anything else Django may have read already, as a form.
    if not announced or announced > most or request.content_type != "application/octet-stream":
        return None
    body = bytearray()
    try:
        while len(body) < announced and (chunk := request.read(announced - len(body))):
            body += chunk
    except UnreadablePostError:
        return None
    return bytes(body) if len(body) == announced else None
