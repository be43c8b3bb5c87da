"""The signed copy coming back."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.translation import gettext as _

from agreements.applications.drafting import lock_editable
from agreements.applications.models import Application, SignedCopy
from agreements.applications.permissions import Standing
from agreements.applications.transition import subjects
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible, TooMany
from agreements.documents import inspecting, issuing
from agreements.documents.models import StoredDocument
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind

COPIES_PER_DAY: Final = 20


def receive(
    *, application: Application, document: StoredDocument, original_name: str, by: Actor, mail_pk: int | None = None
) -> SignedCopy:
    """Keep a stored document as the application's signed copy; an earlier one is replaced, not deleted.

    `mail_pk` is the message that brought it, if it came by mail.
    """
    with act() as record:
        locked = lock_editable(application, by=by)
        SignedCopy.objects.filter(application=locked, replaced_at=None).update(replaced_at=now())
        copy = SignedCopy.objects.create(
            application=locked, document=document, original_name=original_name[:200], mail_id=mail_pk
        )
        inspecting.ask(document=document, original=issuing.newest_document(locked.reference))
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
    """Have the signed copy opened once more after it could not be.

    Raises NotAllowed; NotPossible without a copy, once handed in, or when it was repeated often enough.
    """
    with act():
        locked = lock_editable(application, by=by)
        copy = current(locked)
        if copy is None:
            raise NotPossible(_("There is no signed copy yet."))
        inspecting.ask_again(document=copy.document)


def check_may_receive(*, application: Application, by: Actor) -> None:
    """Raise, before anything is stored, what `receive` would: NotAllowed, NotPossible; and TooMany in one day."""
    with act():
        locked = lock_editable(application, by=by)
        recent = SignedCopy.objects.filter(application=locked, received_at__gt=now() - dt.timedelta(days=1))
        if recent.count() >= COPIES_PER_DAY:
            raise TooMany(
                _("%(count)d copies were uploaded within a day. Upload the next one tomorrow.")
                % {"count": COPIES_PER_DAY},
                retry_after=86_400,
            )


def current(application: Application) -> SignedCopy | None:
    """Return the signed copy that counts, or None."""
    copies = SignedCopy.objects.filter(application=application, replaced_at=None)
    return copies.select_related("document").order_by("-received_at").first()
