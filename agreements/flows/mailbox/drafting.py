"""A filled blank form becomes a draft of whoever mailed it, if the mailbox is proven to be theirs."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.applications import drafting as applications
from agreements.applications.form import FIELDS
from agreements.applications.models import Application
from agreements.applications.states import EDITABLE, RUNNING
from agreements.catalog.models import Dataset, Terms
from agreements.core import addresses
from agreements.core.errors import DomainError, Invalid
from agreements.documents import qr
from agreements.flows.mailbox import answering, filled_form, messages
from agreements.flows.mailbox.became import Answer, Became
from agreements.flows.mailbox.matching import Paper
from agreements.mail.inbox.models import InboundMail, Outcome, Proof
from agreements.people import accounts
from agreements.people.models import User


def from_form(mail: InboundMail, paper: Paper) -> Became:
    """Begin an application with what a form says. What the person typed on the pages is never overwritten."""
    datasets = _datasets_of(paper, mail.dataset_slug)
    dataset = datasets[0] if len(datasets) == 1 else Dataset.objects.filter(slug=mail.dataset_slug).first()
    if mail.proof != Proof.PROVEN:
        return _kept("unproven", _("A filled form from a sender who is not proven: no draft was made."), dataset)
    if dataset is None or len(datasets) != 1:
        words = _("A filled form of which it is not clear for what it applies: the sender was told how to apply.")
        return _how_to_apply("which-dataset", words, dataset, "")
    if why := answering.why_nobody(mail):
        return _kept("no-person", _("No draft was made: %(why)s.") % {"why": why}, dataset)
    if answering.is_late(mail):
        words = _("Read more than %(days)d days after it came: no draft was made.") % {"days": answering.LATE.days}
        return _kept("late", words, dataset)
    try:
        return _drafted(mail, paper, dataset)
    except DomainError as refusal:
        return _how_to_apply("not-possible", _("No draft was made: %(why)s") % {"why": refusal}, dataset, dataset.slug)


def _drafted(mail: InboundMail, paper: Paper, dataset: Dataset) -> Became:
    if (known := accounts.find(mail.sender)) is not None:
        if not known.is_active:
            return _kept("closed", _("The sender's account is closed: no draft was made."), dataset)
        running = Application.objects.filter(dataset=dataset, applicant=known, state__in=RUNNING)
        if (there := running.select_related("dataset", "terms", "applicant").first()) is not None:
            return _there_already(there)
    if why := answering.why_no_draft(mail):
        return _kept("no-draft", _("No draft was made: %(why)s.") % {"why": why}, dataset)
    addresses.parse(mail.sender)
    # Whose mailbox it is, entered now if they are new: the signature proved it.
    person = known or accounts.find_or_create(mail.sender)
    draft = applications.start(dataset=dataset, email=mail.sender, by=person.actor)
    left = _fill_in(draft, paper.fields, person)
    words = _("Became the draft %(reference)s; its sender got a link to go on.") % {"reference": draft.reference}
    draft = Application.objects.select_related("dataset", "terms", "applicant").get(pk=draft.pk)
    answer = Answer(messages.DRAFT, draft.reference, {"left": left})
    return Became(Outcome.DRAFT, "draft", words, application=draft, answer=answer)


def _fill_in(draft: Application, typed: dict[str, str], person: User) -> list[str]:
    """Keep each field that passes the form's own checks; return the names of those that were typed and did not."""
    by, left = person.actor, []
    for name in FIELDS:
        if not (value := filled_form.value_of(name, typed)):
            if typed.get(name, "").strip():
                left.append(name)
            continue
        try:
            applications.save(application=draft, fields={name: value}, by=by)
        except Invalid:
            left.append(name)
    members, are_whole = filled_form.members_of(typed)
    try:
        applications.set_members(application=draft, members=members, by=by)
    except Invalid:
        are_whole = False
    return left if are_whole else [*left, "members"]


def _there_already(application: Application) -> Became:
    words = _("A filled form from somebody who applies already: what they typed on the pages was not changed.")
    if application.state in EDITABLE:
        problem = _("You have begun an application already: what your form says was not copied into it.")
        answer = Answer(messages.MISSING, application.reference, {"problem": problem}, once_a_day=True)
    else:
        answer = Answer(messages.SHOWN, application.reference, once_a_day=True)
    return Became(Outcome.SHOWN, "applies-already", words, application=application, answer=answer)


def _datasets_of(paper: Paper, named: str) -> list[Dataset]:
    """Return the datasets whose form this is: a code names the version of the terms alone, the mail's subject more."""
    versions = Terms.objects.filter(dataset__withdrawn_at=None).select_related("dataset")
    found = {terms.dataset_id: terms.dataset for terms in versions if _written(terms.version) == paper.blank_terms}
    by_name = [each for each in found.values() if each.slug == named]
    return by_name or list(found.values())


def _how_to_apply(code: str, words: str, dataset: Dataset | None, slug: str) -> Became:
    answer = Answer(messages.HOW_TO_APPLY, "", {"dataset": slug}, once_a_day=True)
    return Became(Outcome.ANSWERED, code, words, dataset=dataset, answer=answer)


def _kept(code: str, words: str, dataset: Dataset | None) -> Became:
    return Became(Outcome.KEPT, code, words, dataset=dataset)


def _written(version: str) -> str:
    try:
        return qr.field(version)
    except ValueError:
        return ""
