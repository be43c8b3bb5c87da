"""The fields of the agreement as one value: what is printed, frozen and compared."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Final

from agreements.applications.models import Application, ApplicationMember

REQUIRED: Final = (
    "name",
    "organization",
    "position",
    "address_line1",
    "city",
    "country",
    "site_department",
    "site_city",
    "site_country",
    "intended_use",
)
FIELDS: Final = (*REQUIRED, "address_line2")


def form_of(application: Application) -> dict[str, Any]:
    """Return the form as plain values: every field, the address, the members in order, the terms' version and hash."""
    form: dict[str, Any] = {field: getattr(application, field) for field in FIELDS}
    form["email"] = application.email
    form["terms"] = {"version": application.terms.version, "sha256": application.terms.sha256}
    form["members"] = [{"name": member.name, "email": member.email} for member in members_of(application)]
    return form


def form_sha256(form: dict[str, Any]) -> str:
    """Return the SHA-256, in hex, of the form's canonical JSON."""
    return sha256(json.dumps(form, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def members_of(application: Application) -> list[ApplicationMember]:
    """Return the named colleagues in the order in which they were named."""
    return list(ApplicationMember.objects.filter(application=application))
