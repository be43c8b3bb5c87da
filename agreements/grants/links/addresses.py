"""The addresses that mails and pages print. They are made here because the worker and `delivery` serve no pages."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings


def landing(token: str) -> str:
    """Return where a mailed link leads: a page that says what it is."""
    return f"{settings.SITE_URL}/l/{token}"


def direct(token: str, name: str) -> str:
    """Return the address of the bytes, for the button and for scripts."""
    return f"{settings.DELIVERY_URL}/d/{token}/{quote(name)}"


def checksums(token: str) -> str:
    """Return the address of the SHA-256 sums of the plain members."""
    return f"{settings.SITE_URL}/l/{token}/SHA256SUMS"


def grants_page() -> str:
    """Return the page that lists one's access, behind sign-in."""
    return f"{settings.SITE_URL}/grants/"


def grant_page(reference: str) -> str:
    """Return the page of a grant, behind sign-in."""
    return f"{settings.SITE_URL}/grants/{reference}/"


def terms_page(reference: str) -> str:
    """Return where a holder reads the new terms of their access and answers, behind sign-in."""
    return f"{settings.SITE_URL}/grants/{reference}/terms/"


def consent_page(reference: str, consent_pk: int) -> str:
    """Return the address of the certified page that says that a holder agreed, behind sign-in."""
    return f"{settings.SITE_URL}/grants/{reference}/terms/{consent_pk}.pdf"


def published_terms(slug: str, version: str) -> str:
    """Return the page of a version of a dataset's terms."""
    return f"{settings.SITE_URL}/datasets/{slug}/terms/{version}/"


def destruction_page(reference: str) -> str:
    """Return where somebody attests that their copies under an ended grant are destroyed, behind sign-in."""
    return f"{settings.SITE_URL}/grants/{reference}/destruction/"


def open_download(slug: str, archive_pk: int, name: str) -> str:
    """Return the address of an open archive's bytes."""
    return f"{settings.DELIVERY_URL}/datasets/{slug}/download/{archive_pk}/{quote(name)}"


def membership(token: str) -> str:
    """Return where an invited colleague reads what joining means, and joins, behind sign-in."""
    return f"{settings.SITE_URL}/invitations/{token}/member/"


def aria2(token: str) -> str:
    """Return the address of a link's input file for aria2."""
    return f"{settings.SITE_URL}/l/{token}/aria2.txt"
