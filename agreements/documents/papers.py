"""A signed copy that came as several files: kept together as they were sent, and read as the PDF made of them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Final

from agreements.documents.inspector.kinds import HEAD, MOST_FILES, kind_of
from agreements.documents.models import Form, Inspection, StoredDocument

__all__ = ["HEAD", "MOST_FILES", "as_one_pdf", "bundle", "is_page", "made_of"]

_SUFFIXES: Final = {"pdf": "pdf", "jpeg": "jpg", "png": "png", "heic": "heic"}
# Not before it, says the format; the same files make the same archive.
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def is_page(head: bytes) -> bool:
    """Return whether the first bytes are those of a PDF or of a picture that a page may be. Proves nothing."""
    return bool(kind_of(head))


def bundle(files: Sequence[bytes]) -> bytes:
    """Return the files as they were sent in one uncompressed ZIP: `01.jpg`, `02.pdf`, ... Their names are not kept."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for number, data in enumerate(files, start=1):
            suffix = _SUFFIXES.get(kind_of(data[:HEAD]), "bin")
            archive.writestr(zipfile.ZipInfo(f"{number:02d}.{suffix}", _LONG_AGO), data)
    return out.getvalue()


def as_one_pdf(document: StoredDocument) -> StoredDocument | None:
    """Return the PDF that a signed copy is read as: itself, or what was put together of its files.

    None while the files were not put together, or could not be.
    """
    if document.form != Form.PAPERS:
        return document
    return made_of([document]).get(document.pk)


def made_of(documents: Sequence[StoredDocument]) -> dict[int, StoredDocument]:
    """Return what was put together of several files, by the primary keys of the documents they were sent as."""
    found = Inspection.objects.filter(document__in=documents, assembled__isnull=False).select_related("assembled")
    return {each.document_id: each.assembled for each in found if each.assembled is not None}
