"""Pages of uploaded documents as the pictures that `inspect` drew."""

from __future__ import annotations

from agreements.documents.models import PageImage, StoredDocument
from agreements.vault import stores


def page(document: StoredDocument, number: int) -> bytes | None:
    """Return a page as PNG, or None if there is no such page, or the document was erased."""
    if document.erased_at is not None:
        return None
    image = PageImage.objects.filter(document=document, number=number).first()
    if image is None:
        return None
    store = stores.papers()
    return b"".join(store.open_range(image.store_key, 0, store.size(image.store_key)))
