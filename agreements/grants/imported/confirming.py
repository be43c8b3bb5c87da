"""The holder's word on access that was brought in: confirmed by accepting the terms here, or no longer used."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from agreements.bars.checks import is_barred
from agreements.catalog import holding
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission as DatasetPermission
from agreements.catalog.permissions import check_may as check_may_do
from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible
from agreements.grants import lifecycle, seals
from agreements.grants.deliverable import deliverable
from agreements.grants.imported import messages
from agreements.grants.imported.importing import is_waiting, waiting
from agreements.grants.links import making as links
from agreements.grants.members import refusing
from agreements.grants.models import Cause, ClosedFor, Grant
from agreements.grants.permissions import Permission, check_may
from agreements.grants.running import is_running
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.mail import outbox
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people.models import User

BETWEEN_MAILS: Final = dt.timedelta(days=1)
"""Whoever was written to within this time is left out when all are written to."""


def confirm(*, grant: Grant, by: Actor) -> Grant:
    """Accept the terms for access that was brought in: it gets a seal and links, mailed as those of any other.

    Returns the grant as it then is; it stays suspended where the lab suspended it too. Raises NotAllowed (another
    mailbox, or barred), NotPossible (confirmed before, or ended meanwhile).
    """
    with act() as record:
        holding.hold(grant.dataset_id)
        locked = lifecycle.lock(grant)
        person = _take_over(locked, by=by)
        standing = check_may(Permission.CONFIRM, grant=locked, by=by)
        _check_waiting(locked)
        _check_wanted(locked, person)
        locked.confirmed_at = locked.address_proven_at = now()
        locked.save(update_fields=["confirmed_at", "address_proven_at"])
        seal = seals.new_seal(grant=locked, person_pk=person.pk)
        record.record(
            Kind.GRANT_CONFIRMED,
            by=by,
            as_role=standing,
            subjects=lifecycle.subjects(locked),
            terms=locked.terms.version,
        )
        reason = _("Its holder confirmed the address and the terms.")
        opened = lifecycle.resume_cause(grant=locked, cause=Cause.UNCONFIRMED, reason=reason, by=by)
        if is_running(opened):
            made = [
                links.create(record, grant=opened, seal=seal, archive=archive, by=by, as_role=standing)
                for archive in deliverable(opened)
            ]
            messages.queue_confirmed(opened, links=made)
    return opened


def decline(*, grant: Grant, by: Actor) -> Grant:
    """Say that brought-in access is no longer used: it ends for good. Raises NotAllowed, NotPossible."""
    with act():
        locked = lifecycle.lock(grant)
        _take_over(locked, by=by)
        check_may(Permission.CONFIRM, grant=locked, by=by)
        _check_waiting(locked)
        return lifecycle.close(grant=locked, cause=ClosedFor.DECLINED, by=by)


def is_for(grant: Grant, person: User) -> bool:
    """Return whether brought-in access is of a person's mailbox, however the two addresses are spelt."""
    return comparison_key(person.email) == comparison_key(grant.holder.email)


def why_not(grant: Grant) -> str | None:
    """Return in words why a grant cannot be confirmed, or None if it can."""
    try:
        _check_waiting(grant)
    except NotPossible as refusal:
        return str(refusal)
    return None


def write_again(*, grant: Grant, by: Actor) -> OutboxMessage:
    """Mail the invitation to confirm, for the first time or again. Raises NotAllowed, NotPossible, TooMany."""
    standing = check_may_do(DatasetPermission.BRING_IN, dataset=grant.dataset, by=by)
    with act():
        locked = lifecycle.lock(grant)
        _check_waiting(locked)
        last = last_mails([locked.reference]).get(locked.reference)
        if last is None:
            return messages.queue_imported(locked)
        return outbox.resend(message=last, by=by, as_role=standing)


def write_to_all(*, dataset: Dataset, by: Actor) -> int:
    """Mail everybody who has not confirmed yet and was not written to within a day; return how many.

    Raises NotAllowed.
    """
    check_may_do(DatasetPermission.BRING_IN, dataset=dataset, by=by)
    with act():
        # Two stewards at once: the second finds the mails of the first.
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        unconfirmed = list(waiting(dataset))
        last = last_mails(grant.reference for grant in unconfirmed)
        since = now() - BETWEEN_MAILS
        due = [
            grant
            for grant in unconfirmed
            if (mail := last.get(grant.reference)) is None
            or (mail.state != MessageState.QUEUED and mail.created_at <= since)
        ]
        messages.queue_imported_to_all(due)
        return len(due)


def last_mails(references: Iterable[str]) -> dict[str, OutboxMessage]:
    """Return the newest invitation to confirm for each reference that has one."""
    mails = OutboxMessage.objects.filter(kind=messages.IMPORTED, subject_reference__in=list(references))
    return {mail.subject_reference: mail for mail in mails.order_by("pk")}


def _take_over(grant: Grant, *, by: Actor) -> User:
    """Return who acts. The same mailbox in another spelling is another account: the access moves to the one in use."""
    person = User.objects.filter(pk=by.person_pk or 0, is_active=True).first()
    if person is None or not is_for(grant, person):
        raise NotAllowed(_("This access is of another address. Sign in with the address that was written to."))
    if person.pk != grant.holder_id and is_waiting(grant):
        grant.holder = grant.application.applicant = person
        grant.save(update_fields=["holder"])
        grant.application.save(update_fields=["applicant"])
    return person


def _check_wanted(grant: Grant, person: User) -> None:
    emails = (person.email, grant.application.email)
    if is_barred(dataset_pk=grant.dataset_id, person_pk=person.pk, emails=emails):
        raise NotAllowed(_("You cannot confirm this access at present. Write to the dataset's contact to ask why."))
    if any(
        refusing.is_refused(dataset_pk=grant.dataset_id, email=email, person_pk=person.pk) for email in emails if email
    ):
        raise NotAllowed(_("The lab has ended your access to this dataset. You may apply for access of your own."))


def _check_waiting(grant: Grant) -> None:
    names = {"reference": grant.reference, "state": grant.get_state_display()}
    if grant.confirmed_at is not None:
        raise NotPossible(_("Access %(reference)s is confirmed already.") % names)
    if not is_waiting(grant):
        raise NotPossible(_("Access %(reference)s is %(state)s: it can no longer be confirmed.") % names)
