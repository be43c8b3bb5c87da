"""Sending a mail again, and sending to an address again: by its applicant, or by staff of the dataset it is about."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

from agreements.applications import permissions as applications
from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.errors import NotPossible
from agreements.mail import dead_addresses, outbox
from agreements.mail.models import OutboxMessage

LIFTED: Final = "by-staff"


def send(*, dataset: Dataset, message: OutboxMessage, by: Actor) -> OutboxMessage:
    """Send a mail about a dataset again, for its steward. Raises NotAllowed, NotPossible, TooMany."""
    standing = check_may(Permission.SEND_AGAIN, dataset=dataset, by=by)
    _check_about(dataset, message)
    return outbox.resend(message=message, by=by, as_role=standing)


def send_to_applicant(*, application: Application, message: OutboxMessage, by: Actor) -> OutboxMessage:
    """Send a mail about an application again, for its applicant. Raises NotAllowed, NotPossible, TooMany."""
    standing = applications.check_may(applications.Permission.VIEW, application=application, by=by)
    return outbox.resend(message=message, by=by, as_role=standing)


def lift(*, dataset: Dataset, message: OutboxMessage, by: Actor) -> None:
    """Send to the recipient of a mail about a dataset again, although mail came back from there.

    For its steward. Raises NotAllowed, NotPossible.
    """
    standing = check_may(Permission.SEND_AGAIN, dataset=dataset, by=by)
    _check_about(dataset, message)
    if dead_addresses.lift(message.recipient, by=by, cause=LIFTED, as_role=standing) is None:
        raise NotPossible(_("Mail to this address is sent already."))


def _check_about(dataset: Dataset, message: OutboxMessage) -> None:
    if not message.subject_reference.startswith(f"{dataset.reference_prefix}-"):
        raise NotPossible(_("This mail is not about this dataset."))
