"""Erasing papers: first the row says so, then the files go. A file that was in the way is deleted by the next sweep."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Iterable
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agreements.core.clock import now
from agreements.documents.models import Inspection, InspectionState, IssuedAgreement, PageImage, StoredDocument
from agreements.vault import stores

log = logging.getLogger(__name__)

_SEEN: Final = "documents.erasing.nothing-refers-to"
_LEFT_ALONE: Final = dt.timedelta(days=1)
"""A file is stored before its row, and its row before what refers to it: none of that takes a day."""


def mark(documents: Iterable[StoredDocument]) -> list[StoredDocument]:
    """Erase documents in the caller's transaction: nobody is given them any more. Return those that were not before.

    What `inspect` found in them goes at once, their files with `remove_files`.
    """
    keys = {document.pk for document in documents}
    # What was put together of several files goes with them.
    keys |= set(
        Inspection.objects.filter(document__in=keys, assembled__isnull=False).values_list("assembled", flat=True)
    )
    fresh = list(StoredDocument.objects.select_for_update().filter(pk__in=keys, erased_at=None).order_by("pk"))
    StoredDocument.objects.filter(pk__in=[document.pk for document in fresh]).update(erased_at=now())
    found = Inspection.objects.filter(document__in=fresh)
    found.filter(state=InspectionState.PENDING).update(state=InspectionState.FAILED, finished_at=now())
    found.update(reason="", reason_code="erased", pages=[], flags=[], fields={}, judgement={})
    return fresh


def agreements_of(*application_references: str) -> list[StoredDocument]:
    """Return the agreements that were issued for applications."""
    return list(StoredDocument.objects.filter(_issued_for(application_references)))


def remove_files(*, budget: float = 120.0) -> int:
    """Delete the files of erased documents that are still there, for `budget` seconds; return how many documents.

    Raises vault.protocol.OutOfReach; what was not deleted is taken up by the next call.
    """
    stop, removed = time.monotonic() + budget, 0
    store = stores.papers()
    for document in still_there().iterator():
        if time.monotonic() > stop:
            break
        images = PageImage.objects.filter(document=document)
        for key in images.values_list("store_key", flat=True):
            store.delete(key)
        store.delete(document.store_key)
        with transaction.atomic():
            images.delete()
            StoredDocument.objects.filter(pk=document.pk).update(removed_at=now())
        removed += 1
    return removed


def still_there() -> QuerySet[StoredDocument]:
    """Return the erased documents whose files were not deleted yet."""
    return StoredDocument.objects.filter(erased_at__isnull=False, removed_at=None).order_by("pk")


def remove_lost() -> int:
    """Delete what nothing refers to since a day: uploads and drawings that were cut off. Return how many files.

    The first call sees what is lost, one a day later deletes it. Raises vault.protocol.OutOfReach.
    """
    removed = 0
    for document in _unused_rows().filter(created_at__lt=now() - _LEFT_ALONE):
        with transaction.atomic():
            mark([document])
        removed += 1
    known = set(StoredDocument.objects.filter(removed_at=None).values_list("store_key", flat=True))
    known |= set(PageImage.objects.values_list("store_key", flat=True))
    store = stores.papers()
    before: dict[str, str] = cache.get(_SEEN) or {}
    lost = {key: before.get(key, now().isoformat()) for key in store.names() if _is_paper(key) and key not in known}
    old = [key for key, since in lost.items() if dt.datetime.fromisoformat(since) < now() - _LEFT_ALONE]
    for key in old:
        # Looked at once more: a row may have been written since the list was made.
        if not StoredDocument.objects.filter(store_key=key, removed_at=None).exists():
            store.delete(key)
            lost.pop(key)
            removed += 1
    cache.set(_SEEN, lost, timeout=None)
    return removed


def _unused_rows() -> QuerySet[StoredDocument]:
    """Return the documents to which no other row refers, whichever package it belongs to."""
    rows = StoredDocument.objects.filter(erased_at=None)
    for relation in StoredDocument._meta.get_fields(include_hidden=True):
        model: Any = getattr(relation, "related_model", None)
        field: Any = getattr(relation, "field", None)
        if not relation.auto_created or relation.concrete or model in {None, PageImage}:
            continue
        if model is Inspection and field.name == "document":  # a look at a document is no use of it
            continue
        rows = rows.exclude(Exists(model.objects.filter(**{field.name: OuterRef("pk")})))
    return rows


def _issued_for(references: Iterable[str]) -> Exists:
    return Exists(IssuedAgreement.objects.filter(document=OuterRef("pk"), application_reference__in=list(references)))


def _is_paper(key: str) -> bool:
    """Return whether a name is one that `store.save` or `inspecting` gave: other things lie in the store too."""
    return len(key) == 32 and all(character in "0123456789abcdef" for character in key)
