"""Mail that came in as the pages show it: what a message claims, what is proven, what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, Q, QuerySet, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agreements.applications.models import Application
from agreements.applications.permissions import cases_visible_to
from agreements.core.actors import Actor
from agreements.documents.models import Inspection, InspectionState, PageImage
from agreements.flows.mailbox import looking
from agreements.mail.inbox.models import InboundMail, InboundState, Outcome, Proof
from agreements.web.mailbox_forms import EVERYTHING, REST, WAITING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_ON_A_CASE: Final = 20
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
class About:
    """The first messages about an application, and how many there are in all."""

    rows: list[Row]
    count: int

    @property
    def more(self) -> int:
        """Return how many are not among the rows."""
        return self.count - len(self.rows)


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


def rows_about(application: Application) -> About:
    """Return the messages about a case for whoever may read it: of proven senders first, then the newest."""
    mails = looking.about(application)
    return _about(mails.order_by(Case(When(proof=Proof.PROVEN, then=0), default=1), "-pk"), _what)


def own_rows(application: Application) -> About:
    """Return what an applicant mailed about an application, for their own page."""
    return _about(looking.own(application), _told)


def _about(mails: QuerySet[InboundMail], words: Callable[[InboundMail], str]) -> About:
    """Return the first of them. How much comes is anybody's choice: texts are not read, and no more than fit."""
    first = mails.defer("text", "attachments", "proof_reasons")[:MOST_ON_A_CASE]
    return About([Row(mail, _badge(mail), words(mail), "") for mail in first], mails.count())


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
            words=_said(each, inspections.get(each["document"] or 0), mail),
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
        return str(_("It is being read."))
    outcome = str(mail.outcome)
    return str(_TOLD.get((outcome, mail.reason_code)) or _TOLD.get((outcome, "")) or _("Kept with your application."))


_TOLD: Final[Mapping[tuple[str, str], StrOrPromise]] = {
    (Outcome.SIGNED_COPY, ""): _("Taken as your signed copy."),
    (Outcome.SIGNED_COPY, "submitted"): _("Taken as your signed copy, and your application was submitted with it."),
    (Outcome.DRAFT, ""): _("Your form became this draft."),
    (Outcome.SHOWN, "not-taken"): _("Not taken as your signed copy; the mail to you says why."),
}


def _said(named: dict[str, Any], inspection: Inspection | None, mail: InboundMail) -> str:
    """Return what was made of an attachment, or why it was not opened."""
    if inspection is not None:
        is_opened = inspection.state == InspectionState.OK
        return str(_("opened")) if is_opened else inspection.reason or str(inspection.get_state_display())
    left = str(named.get("left", ""))
    if not left and mail.state == InboundState.TAKEN:
        return str(_("waits to be opened"))
    return str(_LEFT.get(left, _LEFT[""]))


_LEFT: Final[Mapping[str, StrOrPromise]] = {
    "": _("not opened"),
    "no-pdf": _("not opened: only PDFs are"),
    "too-large": _("not opened: it is larger than a signed copy may be"),
    "too-many": _("not opened: of one message the first five PDFs are"),
    "forwarded": _("not opened: it is inside of another message that this one brings along"),
}
