"""What becomes of a message whose papers were opened: decided, carried out and written down in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from agreements.applications.models import Application, State
from agreements.applications.states import RUNNING
from agreements.applications.transition import lock
from agreements.catalog.models import Dataset
from agreements.core import actors
from agreements.core.clock import now
from agreements.flows.mailbox import answering, claims, drafting, matching, messages, signed
from agreements.flows.mailbox.became import Answer, Became
from agreements.flows.mailbox.matching import Paper
from agreements.identity import lists
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome, Proof

READER: Final = actors.job("mailbox")
_TOLD: Final = (Outcome.SIGNED_COPY, Outcome.DRAFT, Outcome.SHOWN)


def settle(mail: InboundMail) -> None:
    """Carry out what a message asks for, as far as its sender is proven. One that was settled meanwhile stays so."""
    papers = matching.papers_of(mail)
    found = matching.application_of(mail, papers)
    lists.load()  # which are read from files, and so not in a transaction
    with act() as record:
        # The application first: whoever erases one locks it before the mails about it.
        application = lock(found) if found is not None else None
        locked = InboundMail.objects.select_for_update().get(pk=mail.pk)
        if locked.state != InboundState.OPENING or locked.erased_at is not None:
            return
        became = _decide(locked, papers, application)
        if became.answer is not None:
            became = answering.answered(locked, became, became.answer)
        _write(record, locked, became)


def without_answer(mail: InboundMail, outcome: Outcome, *, code: str, words: str) -> bool:
    """Settle a message that nobody wrote, or that needs nothing; True."""
    _end(mail, InboundState.DONE, outcome, code=code, words=words)
    return True


def unreadable(mail: InboundMail, *, code: str, words: str) -> bool:
    """Put a message among those that could not be read, with its bytes as they came; True."""
    _end(mail, InboundState.UNREADABLE, Outcome.NONE, code=code, words=words)
    return True


def _end(mail: InboundMail, state: InboundState, outcome: Outcome, *, code: str, words: str) -> None:
    with transaction.atomic():
        locked = InboundMail.objects.select_for_update().get(pk=mail.pk)
        if locked.state not in {InboundState.TAKEN, InboundState.OPENING} or locked.erased_at is not None:
            return
        claims.put(locked, claims.of_row(mail))
        if locked.proof in {Proof.PENDING, Proof.UNKNOWN}:
            locked.proof = Proof.UNPROVEN
        locked.state, locked.outcome = state, outcome
        locked.reason_code, locked.reason = code[:40], words[:500]
        locked.settled_at = now()
        locked.dataset_slug = _slug(locked)
        locked.save()


def _decide(mail: InboundMail, papers: list[Paper], application: Application | None) -> Became:
    if application is not None:
        return _about(mail, papers, application)
    if len({reference for paper in papers for reference in paper.applications}) > 1:
        words = _("Its papers are of several applications; one message can bring the papers of one.")
        return Became(Outcome.KEPT, "several", words, dataset=_dataset(mail.dataset_slug))
    if blanks := [paper for paper in papers if paper.blank_terms]:
        return drafting.from_form(mail, blanks[0])
    dataset = _dataset(mail.dataset_slug)
    if mail.proof != Proof.PROVEN:
        words = _("It names no application, and its sender is not proven: nothing was answered.")
        return Became(Outcome.KEPT, "unproven", words, dataset=dataset)
    answer = Answer(messages.HOW_TO_APPLY, "", {"dataset": dataset.slug if dataset else ""}, once_a_day=True)
    words = _("It names no application: the sender was told how to apply.")
    return Became(Outcome.ANSWERED, "how-to-apply", words, dataset=dataset, answer=answer)


def _about(mail: InboundMail, papers: Sequence[Paper], application: Application) -> Became:
    """Decide about a message that belongs to an application."""
    if application.state not in RUNNING or application.erased_at is not None:
        words = _("The application is %(state)s: nothing was changed by this message.")
        told = words % {"state": State(application.state).label}
        return Became(Outcome.KEPT, "over", told, application=application)
    if not matching.is_from_applicant(mail, application):
        return Became(Outcome.SHOWN, "unproven", _not_theirs(mail), application=application)
    copies = [paper for paper in papers if application.reference in paper.applications]
    if copies:
        return signed.take(mail, application, copies[0])
    return signed.nothing_to_take(application, has_papers=bool(papers))


def _not_theirs(mail: InboundMail) -> str:
    if mail.proof != Proof.PROVEN:
        return _("Came by mail from %(sender)s, sender not proven.") % {"sender": mail.sender or "?"}
    words = _("Came by mail from %(sender)s, which is not the address under which was applied.")
    return words % {"sender": mail.sender}


def _write(record: Act, mail: InboundMail, became: Became) -> None:
    if became.application is not None:
        mail.application_reference = became.application.reference
    elif became.dataset is not None:
        mail.dataset_slug = became.dataset.slug
    mail.dataset_slug = _slug(mail)
    mail.state, mail.outcome = InboundState.DONE, became.outcome
    mail.reason_code, mail.reason = became.code, became.words[:500]
    mail.settled_at = now()
    mail.save()
    if became.application is not None:
        _record(record, mail, became.application)


def _record(record: Act, mail: InboundMail, application: Application) -> None:
    """Tell the record of what a proven sender's mail did, and that it was shown with a case.

    What nobody is proven to have written changes nothing, and does not lengthen the record either.
    """
    if mail.proof != Proof.PROVEN or mail.outcome not in _TOLD:
        return
    record.record(
        Kind.MAIL_TAKEN,
        by=READER,
        as_role="system",
        subjects={"application": application.reference, "dataset": application.dataset.slug},
        sha256=mail.sha256,
        size=mail.size,
        outcome=str(mail.outcome),
        proof=str(mail.proof),
    )


def _slug(mail: InboundMail) -> str:
    """Return the dataset of the application that a message is about, else the one that it names itself; or ''."""
    about = Application.objects.filter(reference=mail.application_reference) if mail.application_reference else None
    return (about and about.values_list("dataset__slug", flat=True).first()) or mail.dataset_slug


def _dataset(slug: str) -> Dataset | None:
    return Dataset.objects.filter(slug=slug).first() if slug else None
