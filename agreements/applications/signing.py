"""The signed copy coming back."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.applications.drafting import lock_editable
from agreements.applications.models import Application, SignedCopy
from agreements.applications.permissions import Permission, Standing, check_may
from agreements.applications.transition import lock, subjects
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible
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
        inspecting.ask(document=document)
        record.record(
            Kind.SIGNED_COPY_RECEIVED,
            by=by,
            as_role=Standing.APPLICANT,
            subjects=subjects(locked),
            sha256=document.sha256,
            size=document.size,
        )
    return copy


def inspect_again(*, application: Application, by: Actor) -> None:
    """Have the signed copy opened once more after it could not be. Raises NotAllowed, NotPossible without a copy."""
    with act():
        locked = lock(application)
        check_may(Permission.EDIT, application=locked, by=by)
        copy = current(locked)
        if copy is None:
            raise NotPossible(_("There is no signed copy yet."))
        inspecting.ask_again(document=copy.document)


def current(application: Application) -> SignedCopy | None:
    """Return the signed copy that counts, or None."""
    copies = SignedCopy.objects.filter(application=application, replaced_at=None)
    return copies.select_related("document").order_by("-received_at").first()
