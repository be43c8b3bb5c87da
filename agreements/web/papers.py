"""Handing out files that strangers sent: as attachments, never rendered by the browser on our origin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from agreements.documents import store
from agreements.documents.models import StoredDocument


def paper(request: HttpRequest, document: StoredDocument, name: str) -> HttpResponse:
    """Return a stored PDF to be saved; a page that says so, with status 410, if it was erased."""
    try:
        data = store.read(document)
    except store.Erased:
        return gone(request, document)
    return pdf_attachment(data, name)


def gone(request: HttpRequest, document: StoredDocument) -> HttpResponse:
    """Return the page in the place of a paper that was erased."""
    return render(request, "410.html", {"document": document}, status=410)


def pdf_attachment(data: bytes, name: str) -> HttpResponse:
    """Return a PDF to be saved. `name` is made by us, never the sender's."""
    response = HttpResponse(data, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def bytes_attachment(data: bytes, name: str) -> HttpResponse:
    """Return bytes of which nothing is said but that they are to be saved. `name` is made by us."""
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def png_inline(data: bytes) -> HttpResponse:
    """Return a picture that we drew ourselves."""
    response = HttpResponse(data, content_type="image/png")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
