"""Keeping papers byte for byte in the private store."""

from __future__ import annotations

import logging
import uuid
from hashlib import sha256

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.core.errors import NotPossible
from agreements.documents.models import Form, StoredDocument
from agreements.vault import stores

log = logging.getLogger(__name__)


class Erased(NotPossible):
    """The document was erased: what it was stays known by its hash alone."""


class NotStored(NotPossible):
    """The store has no room or is out of reach: nothing was stored, and trying again later makes sense."""


def save(data: bytes, *, form: Form = Form.PDF) -> StoredDocument:
    """Return the new row of a stored file. The file is written first: a row never points at nothing.

    Raises NotStored when the store has no room or is out of reach.
    """
    key = uuid.uuid4().hex
    try:
        stores.papers().put(key, iter([data]))
    except OSError as failure:
        log.error("a document of %d bytes could not be stored: %s", len(data), failure)
        raise NotStored(
            _("The file could not be kept: our store is full or does not answer. Nothing was changed; try again later.")
        ) from failure
    return StoredDocument.objects.create(store_key=key, sha256=sha256(data).hexdigest(), size=len(data), form=form)


def discard(document: StoredDocument) -> None:
    """Delete a file and its row, for one that nothing came to refer to."""
    document.delete()
    stores.papers().delete(document.store_key)


def read(document: StoredDocument) -> bytes:
    """Return a stored file. Raises Erased; ValueError if it is no longer the bytes that were stored."""
    check_not_erased(document)
    return _checked(document, b"".join(stores.papers().open_range(document.store_key, 0, document.size)))


def check_not_erased(document: StoredDocument) -> None:
    """Raise Erased, with what a person should read, if nobody is given this document any more."""
    if document.erased_at is not None:
        raise Erased(
            _("This paper was erased on %(date)s. Its SHA-256 is kept: %(digest)s.")
            % {"date": date_format(document.erased_at, "DATE_FORMAT"), "digest": document.sha256}
        )


def _checked(document: StoredDocument, data: bytes) -> bytes:
    if sha256(data).hexdigest() != document.sha256:
        raise ValueError(f"stored document {document.pk} is not what was stored")
    return data
