"""The signed copy coming back."""

from __future__ import annotations

from agreements.applications.drafting import lock_editable
from agreements.applications.models import Application, SignedCopy
from agreements.applications.transition import subjects
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.documents import inspecting
from agreements.documents.models import StoredDocument
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def receive(*, application: Application, document: StoredDocument, original_name: str, by: Actor) -> SignedCopy:
    """Keep a stored document as the application's signed copy; an earlier one is replaced, not deleted."""
    with act() as record:
        locked = lock_editable(application, by=by)
        SignedCopy.objects.filter(application=locked, replaced_at=None).update(replaced_at=now())
        copy = SignedCopy.objects.create(application=locked, document=document, original_name=original_name[:200])
        inspecting.ask(document)
        record.record(
            Kind.SIGNED_COPY_RECEIVED,
            by=by,
            subjects=subjects(locked),
            sha256=document.sha256,
            size=document.size,
        )
    return copy


def current(application: Application) -> SignedCopy | None:
    """Return the signed copy that counts, or None."""
    copies = SignedCopy.objects.filter(application=application, replaced_at=None)
    return copies.select_related("document").order_by("-received_at").first()
