"""How a signature that was given in the browser is shown."""

from __future__ import annotations

from functools import partial
from typing import Any

from agreements.applications import browser_signatures
from agreements.applications.models import Application, BrowserSignature, SignedCopy
from agreements.documents import strokes
from agreements.documents.models import IssuedAgreement


def signed_context(
    application: Application, copy: SignedCopy | None, *, last: IssuedAgreement | None
) -> dict[str, Any]:
    """Return what the step of the signature shows beside the state of a copy: the signature, if it was given here.

    `last` is the agreement issued last, whatever became of the details since.
    """
    signed = browser_signatures.of(copy)
    issued = browser_signatures.last_if_up_to_date(application, last) if signed else None
    return {
        # Asked for where it is shown alone.
        "issued": partial(browser_signatures.last_if_up_to_date, application, last),
        "signed": signed,
        "is_signed_issue_current": bool(signed and issued and signed.issued_id == issued.pk),
        "path": path_of(signed) if signed else "",
    }


def path_of(signed: BrowserSignature) -> str:
    """Return the SVG path that draws a signature, or nothing for a name that was typed."""
    return strokes.svg_path(strokes.checked(signed.strokes)) if signed.strokes else ""
