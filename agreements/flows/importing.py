"""Bringing earlier recipients in: each row an approved application, its signed copy, and suspended access.

A row is a transaction of its own, so that a run that was stopped is simply run again: what is there is skipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from django.utils.translation import gettext as _

from agreements.applications import importing as application_import
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.core.errors import NotPossible
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.flows.import_plan import Plan, Wanted, there_already
from agreements.grants.imported import importing as grant_import
from agreements.grants.imported import messages as imported_messages
from agreements.grants.models import Grant
from agreements.ledger.act import act
from agreements.people import accounts
from agreements.revocation import standing


@dataclass(frozen=True, slots=True)
class Brought:
    """A line of the file that was brought in, and its grant."""

    line: int
    grant: Grant


def carry_out(
    plan: Plan,
    *,
    dataset: Dataset,
    mail: bool,
    by: Actor,
    told: Callable[[int], None] = lambda _rows: None,
) -> list[Brought]:
    """Bring in what a plan wants; with `mail`, each holder is asked to confirm. `told` gets the rows done so far.

    Raises NotAllowed, and NotPossible naming the line if a file changed or cannot be kept; what was brought in before
    stays, and a second run skips it.
    """
    check_may(Permission.BRING_IN, dataset=dataset, by=by)
    brought = []
    for number, wanted in enumerate(plan.wanted, 1):
        if (grant := _bring_in(wanted, dataset=dataset, mail=mail, by=by)) is not None:
            brought.append(Brought(wanted.line, grant))
        told(number)
    return brought


def _bring_in(wanted: Wanted, *, dataset: Dataset, mail: bool, by: Actor) -> Grant | None:
    """Return the grant, or None if another run has brought it in meanwhile."""
    # The file is kept before the transaction begins: large ones take time, and SQLite holds off all other writers.
    document = store.save(_read(wanted))
    kept = False
    try:
        with act():
            # Two runs at once take turns here, and the second sees what the first wrote.
            locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
            grant = _write(wanted, dataset=locked, document=document, mail=mail, by=by)
        kept = grant is not None
        return grant
    finally:
        if not kept:
            store.discard(document)


def _write(wanted: Wanted, *, dataset: Dataset, document: StoredDocument, mail: bool, by: Actor) -> Grant | None:
    if _is_there(wanted, dataset=dataset):
        return None
    person = wanted.user or accounts.enter(wanted.email, name=wanted.cells["name"])
    cells = wanted.cells
    submission = application_import.bring_in(
        dataset=dataset,
        terms=wanted.terms,
        person=person,
        email=wanted.email,
        fields={
            "name": cells["name"],
            "organization": cells["organization"],
            "position": cells["position"],
            "address_line1": cells["address_line1"],
            "address_line2": cells["address_line2"],
            "city": cells["city"],
            "country": wanted.country,
            "site_department": cells["department"],
            "site_city": cells["site_city"],
            "site_country": wanted.site_country,
        },
        document=document,
        original_name=wanted.paper.path.name,
        signed_at=wanted.starts_at,
        note=cells["note"],
    )
    grant = grant_import.bring_in(
        submission=submission, subsets=wanted.subsets, starts_at=wanted.starts_at, ends_at=wanted.ends_at, by=by
    )
    # What the procedure says stands on the page of the access; nobody is written to unasked.
    standing.shut(grant, is_told=False)
    if mail:
        imported_messages.queue_imported(grant)
    return grant


def _is_there(wanted: Wanted, *, dataset: Dataset) -> bool:
    key = (comparison_key(wanted.email), wanted.terms.version, wanted.paper.sha256)
    return key in there_already(dataset, sha256=wanted.paper.sha256)


def _read(wanted: Wanted) -> bytes:
    """Return the signed copy, which must be what was looked at before anything was written."""
    names = {"line": wanted.line, "file": wanted.paper.path.name}
    try:
        data = wanted.paper.path.read_bytes()
    except OSError:
        raise NotPossible(_("line %(line)d: %(file)s cannot be read any more.") % names) from None
    if sha256(data).hexdigest() != wanted.paper.sha256:
        raise NotPossible(_("line %(line)d: %(file)s was changed while this ran.") % names)
    return data
