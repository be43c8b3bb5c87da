"""Having uploaded documents looked at by `inspect`, one after another, whatever is killed in between."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path
from typing import Final, Literal

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from agreements.core import sweep
from agreements.core.clock import now
from agreements.core.errors import NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import store
from agreements.documents.inspection import InspectionReport, Outcome, PageFinding, inspect
from agreements.documents.judgement import from_json
from agreements.documents.models import Form, Inspection, InspectionState, PageImage, StoredDocument
from agreements.keys import signing_keys
from agreements.vault import stores

# A claim outlives the wall clock of one look (60 s); after that a killed worker's document is taken up again.
CLAIM: Final = dt.timedelta(seconds=90)
ATTEMPTS: Final = 3
# How often a person may have a failed look repeated; each repetition has attempts of its own.
REPETITIONS: Final = 3
# `attempts` counts on over the repetitions: its tens say which one it is.
_ROUND: Final = 10

_OUTCOMES: Final[dict[InspectionState, Outcome]] = {
    InspectionState.OK: "ok",
    InspectionState.REFUSED: "refused",
    InspectionState.FAILED: "failed",
}


def ask(*, document: StoredDocument, original: StoredDocument | None = None) -> Inspection:
    """Put a document in line, in the caller's transaction.

    `original` is the agreement as it was issued, where it is known which one should have come back: pages of a file
    that lost our certification are compared with it.
    """
    inspection, created = Inspection.objects.get_or_create(document=document, defaults={"original": original})
    if created:
        poke(Wakeup.INSPECTION)
    return inspection


def ask_again(*, document: StoredDocument) -> Inspection:
    """Put a document in line once more after it could not be opened. What was found is forgotten.

    Nothing happens unless it failed. Raises NotPossible when it was repeated often enough.
    """
    with transaction.atomic():
        inspection = Inspection.objects.select_for_update().get(document=document)
        if inspection.state != InspectionState.FAILED:
            return inspection
        repetition = inspection.attempts // _ROUND + 1
        if repetition > REPETITIONS:
            raise NotPossible(_("This file was tried often enough: it cannot be opened here."))
        inspection.state, inspection.attempts = InspectionState.PENDING, repetition * _ROUND
        inspection.reason = inspection.reason_code = ""
        inspection.due_at, inspection.finished_at = now(), None
        inspection.save()
    poke(Wakeup.INSPECTION)
    return inspection


def work_off() -> int:
    """Look at the documents that are due, for two minutes at most; return how many were settled."""
    settled = 0
    for inspection in sweep.taken(_claim):
        settle(inspection)
        settled += 1
    return settled


def claim(inspection: Inspection) -> bool:
    """Take one pending inspection for this process; False if another has it or it is settled."""
    waiting = Inspection.objects.filter(pk=inspection.pk, state=InspectionState.PENDING, due_at__lte=now())
    taken = waiting.filter(attempts=inspection.attempts).update(due_at=now() + CLAIM, attempts=inspection.attempts + 1)
    inspection.refresh_from_db()
    return taken == 1


def settle(inspection: Inspection) -> None:
    """Open a claimed document in the `inspect` process and write down what was found."""
    if inspection.attempts % _ROUND > ATTEMPTS:
        _write(inspection, _given_up())
        return
    form: Literal["pdf", "papers"] = "papers" if inspection.document.form == Form.PAPERS else "pdf"
    report = inspect(
        store.read(inspection.document),
        form=form,
        original=_original(inspection),
        certificates=signing_keys.trusted(),
        spool_folder=spool_folder(),
    )
    _write(inspection, report)


def report_of(inspection: Inspection) -> InspectionReport:
    """Return the findings as a report again, without the pictures."""
    pages = tuple(
        PageFinding(
            page["number"], page["width"], page["height"], tuple(page["codes"]), b"", source=page.get("source", 0)
        )
        for page in inspection.pages
    )
    return InspectionReport(
        _OUTCOMES[InspectionState(inspection.state)],
        inspection.reason,
        inspection.reason_code,
        pages,
        tuple(inspection.flags),
        inspection.fields,
        judgement=from_json(inspection.judgement),
    )


def _claim() -> Inspection | None:
    due = Inspection.objects.filter(state=InspectionState.PENDING, due_at__lte=now()).select_related(
        "document", "original"
    )
    for inspection in due.order_by("due_at")[:10]:
        if claim(inspection):
            return inspection
    return None


def _write(inspection: Inspection, report: InspectionReport) -> None:
    images = [_store_page(inspection.document, page) for page in report.pages if page.png]
    assembled = store.save(report.assembled) if report.assembled else None
    if not _written(inspection, report, images, assembled):
        # Another process was first, or the document was erased meanwhile: nothing refers to these files.
        for image in images:
            stores.papers().delete(image.store_key)
        if assembled is not None:
            store.discard(assembled)


def _written(
    inspection: Inspection, report: InspectionReport, images: list[PageImage], assembled: StoredDocument | None
) -> bool:
    with transaction.atomic():
        locked = Inspection.objects.select_for_update().get(pk=inspection.pk)
        if locked.state != InspectionState.PENDING:
            return False
        locked.state = InspectionState(report.outcome)
        locked.reason, locked.reason_code = report.reason, report.reason_code
        locked.flags = list(report.flags)
        locked.pages = [
            {"number": page.number, "width": page.width, "height": page.height, "codes": list(page.codes)}
            | ({"source": page.source} if page.source else {})
            for page in report.pages
        ]
        # One of an earlier look that failed half way is not used any more: the sweep removes it.
        locked.assembled = assembled
        locked.fields = dict(report.fields)
        locked.judgement = {} if report.judgement is None else report.judgement.as_json()
        locked.finished_at = now()
        locked.save()
        PageImage.objects.filter(document=locked.document).delete()
        PageImage.objects.bulk_create(images)
        poke(Wakeup.EVIDENCE)
    return True


def _original(inspection: Inspection) -> bytes | None:
    """Return the agreement to compare a document with; None where none is known, or nobody is given it any more."""
    if inspection.original is None or inspection.original.erased_at is not None:
        return None
    return store.read(inspection.original)


def _store_page(document: StoredDocument, page: PageFinding) -> PageImage:
    key = uuid.uuid4().hex
    stores.papers().put(key, iter([page.png]))
    return PageImage(document=document, number=page.number, store_key=key, width=page.width, height=page.height)


def _given_up() -> InspectionReport:
    reason = _("Opening this file stopped the inspection %(times)d times; a person must look at it.")
    return InspectionReport("failed", reason % {"times": ATTEMPTS}, "gave-up", (), ())


def spool_folder() -> Path | None:
    """Return the folder that the `inspect` process watches; None if a child of this process is to look."""
    kind, _colon, folder = settings.INSPECT.partition(":")
    return Path(folder) if kind == "spool" else None
