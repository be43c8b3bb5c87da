"""Who sees which mail that came in, and what they may do about it."""

from __future__ import annotations

from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from agreements.applications import permissions as application_rules
from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, check_may, may
from agreements.core.actors import Actor
from agreements.core.addresses import normal
from agreements.core.clock import now
from agreements.core.errors import NotAllowed, NotPossible, is_allowed
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import inspecting
from agreements.flows.mailbox import opening, raw
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.mail.inbox import imap
from agreements.mail.inbox.models import InboundMail, InboundState, Mailbox, Outcome, Proof
from agreements.people.models import User

# What a person has to look at: the others were done with by what they were, or taken as what was asked for.
FOR_PEOPLE: Final = (Outcome.SHOWN, Outcome.KEPT, Outcome.ANSWERED)
_NEVER_AGAIN: Final = ("too-large",)
# What came of a proven sender's mail, and may come to more another day.
_MAY_COME_TO_MORE: Final = ("not-taken", "no-draft", "closed")


def of_dataset(dataset: Dataset, *, by: Actor) -> QuerySet[InboundMail]:
    """Return the mail about a dataset that its staff may read, newest first: none about what concerns the reader."""
    if not may(Permission.VIEW_MAIL, dataset=dataset, by=by):
        return InboundMail.objects.none()
    return _not_about_oneself(InboundMail.objects.filter(dataset_slug=dataset.slug), by)


def visible_to(by: Actor) -> QuerySet[InboundMail]:
    """Return all mail that somebody may read, newest first.

    What fits no dataset is for administrators, and for who may read the mail of each dataset.
    """
    datasets = list(Dataset.objects.all())
    readable = [each.slug for each in datasets if may(Permission.VIEW_MAIL, dataset=each, by=by)]
    theirs = Q(dataset_slug__in=readable)
    if may_read_the_rest(by):
        theirs |= ~Q(dataset_slug__in=[each.slug for each in datasets])
    return _not_about_oneself(InboundMail.objects.filter(theirs), by)


def may_read_the_rest(by: Actor) -> bool:
    """Return whether somebody may read what fits no dataset."""
    return is_allowed(lambda: _check_rest(Permission.VIEW_MAIL, by))


def about(application: Application) -> QuerySet[InboundMail]:
    """Return the mail about an application, newest first; whoever asks may read the case."""
    return InboundMail.objects.filter(application_reference=application.reference, erased_at=None)


def own(application: Application) -> QuerySet[InboundMail]:
    """Return the mail about an application that its applicant is proven to have sent, newest first."""
    return about(application).filter(proof=Proof.PROVEN, sender=normal(application.email)).exclude(sender="")


def unseen(mails: QuerySet[InboundMail]) -> QuerySet[InboundMail]:
    """Return those that a person has to look at and nobody has yet."""
    waiting = Q(state=InboundState.UNREADABLE) | Q(state=InboundState.DONE, outcome__in=FOR_PEOPLE)
    return mails.filter(waiting, seen_at=None, erased_at=None)


def is_for_people(mail: InboundMail) -> bool:
    """Return whether a message is one of `unseen`."""
    is_waiting = mail.state == InboundState.UNREADABLE or (
        mail.state == InboundState.DONE and mail.outcome in FOR_PEOPLE
    )
    return is_waiting and mail.seen_at is None and mail.erased_at is None


def mailbox_now() -> Mailbox | None:
    """Return the mailbox that is configured, also if it was not read yet; None without one.

    What was read under earlier settings says nothing any more: it would be out of order for ever.
    """
    if not imap.is_configured():
        return None
    name = imap.name()
    return Mailbox.objects.filter(name=name).first() or Mailbox(name=name)


def may_look_after(mail: InboundMail, *, by: Actor) -> bool:
    """Return whether somebody may mark a message as looked at, and have it read again."""
    return is_allowed(lambda: _check_may_look_after(mail, by=by))


def can_be_read_again(mail: InboundMail) -> bool:
    """Return whether reading a message once more could lead to something else."""
    if mail.erased_at is not None or not mail.store_key or mail.reason_code in _NEVER_AGAIN:
        return False
    if mail.state == InboundState.DONE:
        is_doubtful = mail.proof != Proof.PROVEN and mail.outcome in {Outcome.KEPT, Outcome.SHOWN, Outcome.AUTOMATIC}
        return is_doubtful or mail.reason_code in _MAY_COME_TO_MORE
    return mail.state == InboundState.UNREADABLE


def mark_looked_at(*, mail: InboundMail, by: Actor) -> None:
    """Say that a message needs nothing more. Raises NotAllowed; nothing happens if somebody said so before."""
    with act() as record:
        locked = InboundMail.objects.select_for_update().get(pk=mail.pk)
        standing = _check_may_look_after(locked, by=by)
        if not is_for_people(locked):
            return
        locked.seen_at, locked.seen_by = now(), by.id
        locked.save(update_fields=["seen_at", "seen_by"])
        record.record(Kind.MAIL_LOOKED_AT, by=by, as_role=standing, subjects=subjects(locked), sha256=locked.sha256)


def read_again(*, mail: InboundMail, by: Actor) -> None:
    """Have a message read once more: no name server had answered, or an update reads it better.

    One that came long ago is shown and nothing more (`answering.is_late`). Raises NotAllowed; NotPossible if it would
    come to nothing else.
    """
    with act() as record:
        locked = InboundMail.objects.select_for_update().get(pk=mail.pk)
        standing = _check_may_look_after(locked, by=by)
        if not can_be_read_again(locked):
            raise NotPossible(_("Reading this message again would come to the same."))
        for document in opening.papers_of(locked):
            inspecting.ask_again(document=document)
        locked.state, locked.outcome, locked.proof = InboundState.TAKEN, Outcome.NONE, Proof.PENDING
        locked.reason = locked.reason_code = ""
        locked.proof_reasons, locked.proof_domain, locked.proven_signature = [], "", ""
        locked.settled_at = locked.seen_at = None
        locked.attempts, locked.due_at, locked.seen_by = 0, now(), ""
        locked.save()
        record.record(Kind.MAIL_READ_AGAIN, by=by, as_role=standing, subjects=subjects(locked), sha256=locked.sha256)
        poke(Wakeup.INBOUND)


def may_have_bytes(mail: InboundMail, *, by: Actor) -> bool:
    """Return whether somebody may save a message as it came: administrators, of what they may read and is kept."""
    return bool(mail.store_key) and _is_administrator(by) and visible_to(by).filter(pk=mail.pk).exists()


def hand_out(*, mail: InboundMail, by: Actor) -> bytes:
    """Return a message as it came, and have the record say who has it.

    Raises NotAllowed; NoSuchObject or OutOfReach if its bytes cannot be had, and then nothing is written down.
    """
    if not may_have_bytes(mail, by=by):
        raise NotAllowed(_("You may not do this with this message."))
    data = raw.bytes_of(mail)
    with act() as record:
        record.record(Kind.MAIL_HANDED_OUT, by=by, as_role="administrator", subjects=subjects(mail), sha256=mail.sha256)
    return data


def subjects(mail: InboundMail) -> dict[str, str]:
    """Return what a row of the record about a message names."""
    named = {"application": mail.application_reference, "dataset": mail.dataset_slug}
    return {role: name for role, name in named.items() if name}


def _check_may_look_after(mail: InboundMail, *, by: Actor) -> str:
    dataset = Dataset.objects.filter(slug=mail.dataset_slug).first() if mail.dataset_slug else None
    if not visible_to(by).filter(pk=mail.pk).exists():
        raise NotAllowed(_("You may not do this with this message."))
    if dataset is not None:
        return str(check_may(Permission.LOOK_AFTER_MAIL, dataset=dataset, by=by))
    return _check_rest(Permission.LOOK_AFTER_MAIL, by)


def _check_rest(permission: Permission, by: Actor) -> str:
    """Return the standing that allows something with what fits no dataset: an administrator's, or one in each."""
    if _is_administrator(by):
        return "administrator"
    offered = list(Dataset.objects.filter(withdrawn_at=None))
    if not offered:
        raise NotAllowed(_("You may not do this with this message."))
    standings = [check_may(permission, dataset=each, by=by) for each in offered]
    return str(standings[0])


def _is_administrator(by: Actor) -> bool:
    person = User.objects.filter(pk=by.person_pk or 0).first()
    return person is not None and person.is_site_administrator


def _not_about_oneself(mails: QuerySet[InboundMail], by: Actor) -> QuerySet[InboundMail]:
    if not by.is_person:
        return mails
    # Only the applications that mail is about are looked at: whom one concerns is found by a pattern.
    named = mails.exclude(application_reference="").order_by().values("application_reference")
    concerning = application_rules.concerning(by).filter(reference__in=named).values("reference")
    return mails.exclude(application_reference__in=concerning)
