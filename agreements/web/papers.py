"""Handing out files that strangers sent: as attachments, never rendered by the browser on our origin."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from agreements.documents import store
from agreements.documents.models import Form, StoredDocument
from agreements.documents.papers import as_one_pdf


def paper(request: HttpRequest, document: StoredDocument, name: str) -> HttpResponse:
    """Return a stored PDF to be saved; a page that says so, with status 410, if it was erased."""
    try:
        data = store.read(document)
    except store.Erased:
        return gone(request, document)
    return pdf_attachment(data, name)


def signed_paper(request: HttpRequest, document: StoredDocument, name: str) -> HttpResponse:
    """Return a signed copy as one PDF to be saved; Http404 while none was made of the files that were sent."""
    if document.erased_at is not None:
        return gone(request, document)
    pdf = as_one_pdf(document)
    if pdf is None:
        raise Http404
    return paper(request, pdf, name)


def files_as_sent(request: HttpRequest, document: StoredDocument, name: str) -> HttpResponse:
    """Return the files of a signed copy that came as several, as one archive to be saved; Http404 for a single PDF."""
    if document.form != Form.PAPERS:
        raise Http404
    try:
        data = store.read(document)
    except store.Erased:
        return gone(request, document)
    return _attachment(data, name, "application/zip")


def gone(request: HttpRequest, document: StoredDocument) -> HttpResponse:
    """Return the page in the place of a paper that was erased."""
    return render(request, "410.html", {"document": document}, status=410)


def pdf_attachment(data: bytes, name: str) -> HttpResponse:
    """Return a PDF to be saved. `name` is made by us, never the sender's."""
    return _attachment(data, name, "application/pdf")


def bytes_attachment(data: bytes, name: str) -> HttpResponse:
    """Return bytes of which nothing is said but that they are to be saved. `name` is made by us."""
    return _attachment(data, name, "application/octet-stream")


def png_inline(data: bytes) -> HttpResponse:
    """Return a picture that we drew ourselves."""
    response = HttpResponse(data, content_type="image/png")
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _attachment(data: bytes, name: str, content_type: str) -> HttpResponse:
    response = HttpResponse(data, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    return response
