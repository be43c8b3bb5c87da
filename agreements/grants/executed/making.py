"""Executed agreements are drawn outside of every transaction, certified, stored byte for byte, never drawn again."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from agreements.applications.blank_form import blank_form
from agreements.applications.models import SignedCopy
from agreements.core import actors, sweep
from agreements.core.clock import now
from agreements.core.errors import DomainError, NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import pictures, store
from agreements.documents.certifying import Certified, certify, check_ready
from agreements.documents.copy_pages import picture_pages
from agreements.documents.executed import Shown, render_approval
from agreements.documents.joining import join
from agreements.documents.models import PageImage, StoredDocument
from agreements.documents.paper_pieces import moment
from agreements.documents.stamping import stamped
from agreements.grants import lifecycle
from agreements.grants.executed import due
from agreements.grants.executed.behind import Behind, papers_behind
from agreements.grants.executed.values import approval_of, how_shown
from agreements.grants.models import ExecutedAgreement, Grant
from agreements.keys.signing_keys import NoSigningKey
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people.accounts import known_language

log = logging.getLogger(__name__)

# Seconds in which one task draws; then it wakes the next, so that mail and evidence get their turns in between.
SLICE: Final = 15.0
_JOB: Final = actors.job("agreements")


@dataclass(frozen=True, slots=True)
class _Made:
    """What was drawn and stored, and is not registered yet."""

    document: StoredDocument
    certified: Certified
    issued_sha256: str
    original_sha256: str


def work_off() -> int:
    """Draw what is due, for some seconds; return how many. Wakes itself while there are more.

    Without a signing key nothing is taken up: all of it waits until there is one.
    """
    if not due.waiting().exists() or not _is_ready():
        return 0
    drawn = 0
    for row in sweep.taken(due.claim, budget=SLICE):
        drawn += _draw(row)
    if due.waiting().exists():
        poke(Wakeup.AGREEMENTS)
    return drawn


def execute(row: ExecutedAgreement) -> StoredDocument:
    """Return the executed agreement of a due row, drawn now if it was not yet; of two at once, both get the same.

    Not for a transaction. Raises NoSigningKey; NotPossible where the store is out of reach, or papers were erased.
    """
    grant = _grant_of(row)
    if (first := _document_of(row)) is not None:
        return first
    made = _made(grant)
    try:
        return _register(row, grant, made)
    except BaseException:
        store.discard(made.document)
        raise


def why_waiting(row: ExecutedAgreement) -> str:
    """Return in words why one that is due is not there yet; nothing if it is only its turn that is waited for."""
    if row.document_id is not None:
        return ""
    if not due.still_possible().filter(pk=row.pk).exists():
        return _("It cannot be made any more: papers that it would be made of were erased.")
    try:
        check_ready()
    except NoSigningKey as missing:
        return str(missing)
    if row.attempts > 1:
        return _("It could not be made yet; it is tried again by itself. The operator finds the cause in the log.")
    return ""


def _is_ready() -> bool:
    try:
        check_ready()
    except NoSigningKey as missing:
        log.warning("executed agreements wait: %s", missing)
        return False
    return True


def _draw(row: ExecutedAgreement) -> bool:
    """Draw a claimed one; what fails is tried again later."""
    try:
        execute(row)
    except DomainError as refused:
        log.warning("the executed agreement of grant %s is put off: %s", row.grant_id, refused)
    except Exception:
        log.exception("the executed agreement of grant %s could not be made", row.grant_id)
    else:
        return True
    due.put_off(row)
    return False


def _made(grant: Grant) -> _Made:
    behind = papers_behind(grant.application)
    if behind.submission is None or behind.copy is None:
        raise NotPossible(_("This access was not approved here: there is nothing to execute."))
    with override(known_language(grant.holder.language)):
        pdf = _put_together(grant, behind, behind.copy)
        reason = _("Executed agreement %(reference)s") % {"reference": grant.reference}
    certified = certify(pdf, permits="nothing", reason=reason)
    return _Made(
        store.save(certified.pdf),
        certified,
        behind.issued.document.sha256 if behind.issued else "",
        behind.copy.document.sha256,
    )


def _put_together(grant: Grant, behind: Behind, copy: SignedCopy) -> bytes:
    """Return issued pages, signed copy and approval as one PDF. What was sealed in the browser is both of the first."""
    if behind.browser is not None:
        approval = approval_of(grant, behind, shown=Shown.SEALED)
        return join([store.read(copy.document), render_approval(approval)])
    store.check_not_erased(copy.document)
    shown = _copy_pages(grant, copy)
    assert behind.submission is not None
    approval = approval_of(grant, behind, shown=how_shown(behind.submission) if shown else Shown.MISSING)
    words = (
        _("Pages of the agreement as it was issued. The copy that was signed follows, in pictures, then the approval.")
        if shown
        else _("Pages of the agreement as it was issued. The copy that was signed is kept beside this file.")
    )
    return join([stamped(_first_pages(behind), words), *shown, render_approval(approval)])


def _first_pages(behind: Behind) -> bytes:
    if behind.issued is not None:
        return store.read(behind.issued.document)
    assert behind.submission is not None
    return blank_form(behind.submission.terms)


def _copy_pages(grant: Grant, copy: SignedCopy) -> list[bytes]:
    """Return the pages of the signed copy in the pictures that were drawn of it; none if it could not be opened."""
    numbers = list(PageImage.objects.filter(document=copy.document).values_list("number", flat=True))
    found = [data for number in numbers if (data := pictures.page(copy.document, number)) is not None]
    if not found:
        return []
    if len(found) != len(numbers):
        raise NotPossible(_("Pictures of the signed copy are missing."))
    captions = [_caption(grant, copy, at, len(found)) for at in range(1, len(found) + 1)]
    return [picture_pages(found, captions=captions)]


def _caption(grant: Grant, copy: SignedCopy, page: int, pages: int) -> tuple[str, str]:
    values = {
        "page": page,
        "pages": pages,
        "application": grant.application.reference,
        "at": moment(copy.received_at.astimezone(dt.UTC)),
        "sha256": copy.document.sha256,
    }
    return (
        _("Signed copy, page %(page)d of %(pages)d, in a picture · application %(application)s") % values,
        _("Received %(at)s · SHA-256 of the file as it came %(sha256)s") % values,
    )


def _register(row: ExecutedAgreement, grant: Grant, made: _Made) -> StoredDocument:
    with act() as record:
        locked = lifecycle.lock(grant)
        free = ExecutedAgreement.objects.select_for_update().filter(pk=row.pk, document=None).first()
        if free is not None and due.still_possible().filter(pk=free.pk).exists():
            ExecutedAgreement.objects.filter(pk=free.pk).update(
                document=made.document,
                original_sha256=made.original_sha256,
                certified_with=made.certified.certificate,
                made_at=now(),
            )
            record.record(
                Kind.AGREEMENT_EXECUTED,
                by=_JOB,
                as_role="system",
                subjects=lifecycle.subjects(locked),
                sha256=made.document.sha256,
                issued_sha256=made.issued_sha256 or None,
                original_sha256=made.original_sha256,
            )
            return made.document
    first = _document_of(row)
    if first is None:
        raise NotPossible(_("Papers that this agreement would be made of were erased."))
    store.discard(made.document)
    return first


def _document_of(row: ExecutedAgreement) -> StoredDocument | None:
    return ExecutedAgreement.objects.select_related("document").get(pk=row.pk).document


def _grant_of(row: ExecutedAgreement) -> Grant:
    known = Grant.objects.select_related("dataset", "terms", "holder", "application")
    return known.get(pk=row.grant_id)
