"""Mail that came in as the pages show it: what a message claims, what is proven, what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from agreements.applications.models import Application
from agreements.applications.permissions import cases_visible_to
from agreements.core.actors import Actor
from agreements.documents.models import Inspection, InspectionState, PageImage
from agreements.flows.mailbox import looking
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome
from agreements.web.mailbox_forms import EVERYTHING, REST, WAITING

WAITING_STATES: Final = (InboundState.TAKEN, InboundState.OPENING)


@dataclass(frozen=True, slots=True)
class Row:
    """One message in a list. `badge` is the key of a badge, `case` the address of its case or ''."""

    mail: InboundMail
    badge: str
    what: str
    case: str

    @property
    def is_new(self) -> bool:
        """Return whether a person has to look at it."""
        return looking.is_for_people(self.mail)

    @property
    def is_automatic(self) -> bool:
        """Return whether no person wrote it: whose mail it is was not asked then."""
        return self.mail.outcome in {Outcome.AUTOMATIC, Outcome.BOUNCE}


@dataclass(frozen=True, slots=True)
class Paper:
    """One attachment. `words` say what `inspect` made of it; `pages` are pictures."""

    name: str
    type: str
    size: int
    words: str
    pages: list[dict[str, Any]]


def filtered(mails: QuerySet[InboundMail], chosen: dict[str, str]) -> QuerySet[InboundMail]:
    """Return those that a valid form asks for; without a choice those that a person has to look at."""
    show = chosen.get("show") or WAITING
    if show == WAITING:
        mails = looking.unseen(mails)
    elif show == InboundState.UNREADABLE:
        mails = mails.filter(state=show)
    elif show != EVERYTHING:
        mails = mails.filter(outcome=show)
    if slug := chosen.get("dataset"):
        mails = mails.filter(dataset_slug="" if slug == REST else slug)
    for word in chosen.get("words", "").split():
        said = Q(sender__icontains=word) | Q(sender_name__icontains=word) | Q(subject__icontains=word)
        mails = mails.filter(said | Q(application_reference__icontains=word))
    return mails


def rows_of(mails: Iterable[InboundMail], *, by: Actor) -> list[Row]:
    """Return messages for a list; a case is linked only for who may read it."""
    found = list(mails)
    references = {mail.application_reference for mail in found if mail.application_reference}
    readable = set(cases_visible_to(by).filter(reference__in=references).values_list("reference", flat=True))
    return [_row(mail, readable) for mail in found]


def rows_about(application: Application) -> list[Row]:
    """Return the messages about a case, for whoever may read it."""
    return [_row(mail, set()) for mail in looking.about(application)]


def own_rows(application: Application) -> list[Row]:
    """Return what an applicant mailed about an application, for their own page."""
    return [Row(mail, _badge(mail), _told(mail), "") for mail in looking.own(application)]


def papers_of(mail: InboundMail) -> list[Paper]:
    """Return the attachments, with the pages of those that were opened."""
    documents = [each["document"] for each in mail.attachments if each.get("document")]
    inspections = {each.document_id: each for each in Inspection.objects.filter(document__in=documents)}
    images: dict[int, list[dict[str, Any]]] = {}
    for image in PageImage.objects.filter(document__in=documents, document__erased_at=None):
        address = reverse("mailbox-page-image", args=[mail.pk, image.document_id, image.number])
        page = {"number": image.number, "width": image.width, "height": image.height, "url": address}
        images.setdefault(image.document_id, []).append(page)
    return [
        Paper(
            name=str(each["name"]),
            type=str(each["type"]),
            size=int(each["size"]),
            words=_said(inspections.get(each["document"] or 0)),
            pages=images.get(each["document"] or 0, []),
        )
        for each in mail.attachments
    ]


def _row(mail: InboundMail, readable: set[str]) -> Row:
    reference = mail.application_reference
    case = reverse("review-case", args=[reference]) if reference in readable else ""
    return Row(mail, _badge(mail), _what(mail), case)


def _badge(mail: InboundMail) -> str:
    if mail.state == InboundState.DONE:
        return f"mail-{mail.outcome}"
    return "mail-unreadable" if mail.state == InboundState.UNREADABLE else "pending"


def _what(mail: InboundMail) -> str:
    if mail.state in WAITING_STATES:
        return str(InboundState(mail.state).label)
    return mail.reason


def _told(mail: InboundMail) -> str:
    """Return what became of a message in words for whoever sent it; the others are the lab's."""
    if mail.state in WAITING_STATES:
        return _("It is being read.")
    if mail.outcome == Outcome.SIGNED_COPY:
        if mail.reason_code == "submitted":
            return _("Taken as your signed copy, and your application was submitted with it.")
        return _("Taken as your signed copy.")
    if mail.outcome == Outcome.DRAFT:
        return _("Your form became this draft.")
    if mail.reason_code == "not-taken":
        return _("Not taken as your signed copy; the mail to you says why.")
    return _("Kept with your application.")


def _said(inspection: Inspection | None) -> str:
    if inspection is None:
        return _("not opened: only PDFs are")
    if inspection.state == InspectionState.OK:
        return _("opened")
    return inspection.reason or str(inspection.get_state_display())
