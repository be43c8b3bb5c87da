"""Taking an uploaded signed copy in: cheap checks, the file, then the rows."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from agreements.applications import signing
from agreements.applications.models import Application, SignedCopy
from agreements.core.actors import Actor
from agreements.core.errors import Invalid
from agreements.documents import store
from agreements.documents.inspection import looks_like_pdf


def receive_upload(*, application: Application, data: bytes, original_name: str, by: Actor) -> SignedCopy:
    """Keep an uploaded PDF as the signed copy; `inspect` opens it afterwards. Raises Invalid with what to do.

    Raises NotAllowed, NotPossible and TooMany before the file is kept.
    """
    signing.check_may_receive(application=application, by=by)
    limit = settings.SIGNED_COPY_LIMIT // 2**20
    if not data:
        raise Invalid(_("The file is empty. Choose the signed PDF again."), field="file")
    if len(data) > settings.SIGNED_COPY_LIMIT:
        raise Invalid(
            _("The file is larger than %(limit)d MiB. Scan it in grey at 150 dpi, or save it as a smaller PDF.")
            % {"limit": limit},
            field="file",
        )
    if not looks_like_pdf(data[:1024]):
        raise Invalid(_("This is not a PDF. Scan the signed pages as one PDF and upload that."), field="file")
    # The file is written before the transaction begins: 25 MiB take time, and SQLite holds off all other writers.
    document = store.save(data)
    try:
        return signing.receive(application=application, document=document, original_name=original_name, by=by)
    except Exception:
        store.discard(document)  # nothing refers to it: what is refused does not fill the disk
        raise
