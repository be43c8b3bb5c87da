"""What an application still needs: the one rule behind the status page, the stepper and the submit button."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.applications.form import REQUIRED, form_of, form_sha256
from agreements.applications.models import Application
from agreements.applications.signing import current
from agreements.documents import issuing
from agreements.documents.models import Inspection, InspectionState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DETAILS: Final = "details"
SITE: Final = "site"
AGREEMENT: Final = "agreement"
SIGNATURE: Final = "signature"

STEP_OF_FIELD: Final = {
    "name": DETAILS,
    "organization": DETAILS,
    "position": DETAILS,
    "address_line1": DETAILS,
    "city": DETAILS,
    "country": DETAILS,
    "site_department": SITE,
    "site_city": SITE,
    "site_country": SITE,
    "intended_use": SITE,
}
_WORDS: Final[dict[str, StrOrPromise]] = {
    "name": gettext_lazy("your full name"),
    "organization": gettext_lazy("your organization"),
    "position": gettext_lazy("your position"),
    "address_line1": gettext_lazy("your postal address"),
    "city": gettext_lazy("your city"),
    "country": gettext_lazy("your country"),
    "site_department": gettext_lazy("the department or laboratory of the site"),
    "site_city": gettext_lazy("the city of the site"),
    "site_country": gettext_lazy("the country of the site"),
    "intended_use": gettext_lazy("what you will use the data for"),
}


@dataclass(frozen=True, slots=True)
class Missing:
    """`step` is the page on which it can be given; `text` says what, as a phrase."""

    step: str
    text: str


def what_is_missing(application: Application) -> list[Missing]:
    """Return everything that must still be given before the application can be submitted; empty when it is ready."""
    missing = [
        Missing(STEP_OF_FIELD[field], str(_WORDS[field])) for field in REQUIRED if not getattr(application, field)
    ]
    return missing + _missing_papers(application)


def _missing_papers(application: Application) -> list[Missing]:
    issued, copy = issuing.newest(application.reference), current(application)
    missing = []
    is_current = False
    if issued is None:
        missing.append(Missing(AGREEMENT, _("the agreement, made from your details")))
    elif issued.form_sha256 != form_sha256(form_of(application)):
        missing.append(Missing(AGREEMENT, _("a new agreement: your details changed after the last one was made")))
    else:
        is_current = True
    if copy is None:
        missing.append(Missing(SIGNATURE, _("the signed copy")))
    elif not is_current or issued is None or copy.received_at < issued.issued_at:
        missing.append(Missing(SIGNATURE, _("a signed copy of the newest agreement")))
    elif Inspection.objects.filter(document=copy.document, state=InspectionState.REFUSED).exists():
        missing.append(Missing(SIGNATURE, _("another signed copy: the one you sent cannot be accepted")))
    return missing
