"""Sending a mail again, and sending to an address again: by its applicant, or by staff of the dataset it is about."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.applications import permissions as applications
from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may
from agreements.core.actors import Actor
from agreements.core.errors import NotPossible
from agreements.grants.models import Grant
from agreements.mail import dead_addresses, outbox, queries
from agreements.mail.models import OutboxMessage

LIFTED: Final = "by-staff"


def of_dataset(dataset: Dataset, *, by: Actor) -> QuerySet[OutboxMessage]:
    """Return the mail about a dataset's cases and access, newest first, for its staff `by`.

    Not what is about an application that concerns them, as applicant or colleague, nor about the access that came of
    it: that is mail to them, and to those who decide on them.
    """
    own = applications.concerning(by)
    mails = queries.with_prefix(f"{dataset.reference_prefix}-")
    mails = mails.exclude(subject_reference__in=own.values("reference"))
    return mails.exclude(subject_reference__in=Grant.objects.filter(application__in=own).values("reference"))


def send(*, dataset: Dataset, message: OutboxMessage, by: Actor) -> OutboxMessage:
    """Send a mail about a dataset again, for its steward. Raises NotAllowed, NotPossible, TooMany."""
    standing = check_may(Permission.SEND_AGAIN, dataset=dataset, by=by)
    _check_about(dataset, message, by)
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
    _check_about(dataset, message, by)
    if dead_addresses.lift(message.recipient, by=by, cause=LIFTED, as_role=standing) is None:
        raise NotPossible(_("Mail to this address is sent already."))


def _check_about(dataset: Dataset, message: OutboxMessage, by: Actor) -> None:
    if not of_dataset(dataset, by=by).filter(pk=message.pk).exists():
        raise NotPossible(_("This mail is not about this dataset."))
