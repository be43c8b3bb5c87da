"""An application from the time before this portal: it comes in approved, decided by nobody here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from agreements.applications.form import form_of, form_sha256
from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog.models import Dataset, Terms
from agreements.core.clock import now
from agreements.core.references import APPLICATION, free_reference
from agreements.documents import inspecting
from agreements.documents.models import StoredDocument
from agreements.people.models import User

FIELDS: Final = frozenset(
    {
        "name",
        "organization",
        "position",
        "address_line1",
        "address_line2",
        "city",
        "country",
        "site_department",
        "site_city",
        "site_country",
    }
)


def bring_in(
    *,
    dataset: Dataset,
    terms: Terms,
    person: User,
    email: str,
    fields: Mapping[str, str],
    document: StoredDocument,
    original_name: str,
    signed_at: dt.datetime,
    note: str,
) -> Submission:
    """Return what was handed in then, frozen with its application and signed copy, which is looked at as uploads are.

    In the caller's transaction; the caller has checked who may, and records it. `fields` has all of FIELDS. The note
    is read by the dataset's staff.
    """
    if set(fields) != FIELDS:
        raise ValueError(f"not the fields of an earlier agreement: {sorted(set(fields) ^ FIELDS)}")
    # No step leads here: nobody applied, and nobody decided. `imported_at` says so wherever the state is read.
    application = Application.objects.create(
        reference=free_reference(Application.objects.all(), prefix=dataset.reference_prefix, kind=APPLICATION),
        dataset=dataset,
        terms=terms,
        applicant=person,
        email=email,
        state=State.APPROVED,
        submitted_at=signed_at,
        decided_at=signed_at,
        imported_at=now(),
        **fields,
    )
    copy = SignedCopy.objects.create(application=application, document=document, original_name=original_name[:200])
    inspecting.ask(document=document)
    form = form_of(application) | ({"note": note} if note else {})
    return Submission.objects.create(
        application=application,
        number=1,
        form=form,
        form_sha256=form_sha256(form),
        signed_copy=copy,
        terms=terms,
        submitted_at=signed_at,
    )
