"""Handing out files that strangers sent: as attachments, never rendered by the browser on our origin."""

from __future__ import annotations

from django.http import HttpResponse


def pdf_attachment(data: bytes, name: str) -> HttpResponse:
    """Return a PDF to be saved. `name` is made by us, never the sender's."""
    response = HttpResponse(data, content_type="application/pdf")
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
