"""Loading mail that came in, for the staff of the datasets it is about and for administrators."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.urls import reverse

from agreements.applications.models import Application
from agreements.catalog.models import Dataset
from agreements.catalog.permissions import Permission, datasets_for
from agreements.catalog.permissions import may as may_do
from agreements.documents.models import MailedPaper, StoredDocument
from agreements.flows.mailbox import looking
from agreements.mail.inbox.models import InboundMail
from agreements.web import access
from agreements.web.mailbox_forms import EVERYTHING

T = TypeVar("T")


def mails(request: HttpRequest) -> QuerySet[InboundMail]:
    """Return all mail that the signed-in person may read; Http404 for who may read none whatever comes."""
    by = access.actor(request)
    if not looking.may_read_the_rest(by) and not datasets_for(Permission.VIEW_MAIL, by=by).exists():
        raise Http404
    return looking.visible_to(by)


def datasets_of(mails: QuerySet[InboundMail]) -> list[Dataset]:
    """Return the datasets that messages are about, which were loaded for their reader."""
    return list(Dataset.objects.filter(slug__in=mails.order_by().values("dataset_slug")))


def dataset_of(mail: InboundMail) -> Dataset | None:
    """Return the dataset that a message is about, which was loaded for its reader."""
    return Dataset.objects.filter(slug=mail.dataset_slug).first() if mail.dataset_slug else None


def dataset(request: HttpRequest, slug: str) -> Dataset:
    """Return a dataset whose mail the signed-in person may read by a role in it."""
    return _found(datasets_for(Permission.VIEW_MAIL, by=access.actor(request)).filter(slug=slug).first())


def may_see_desk(request: HttpRequest, dataset: Dataset) -> bool:
    """Return whether the signed-in person may see the desk of a dataset, too."""
    return may_do(Permission.VIEW_DESK, dataset=dataset, by=access.actor(request))


def mail(request: HttpRequest, mail_id: int) -> InboundMail:
    """Return one message that they may read."""
    return _found(looking.visible_to(access.actor(request)).select_related("answer").filter(pk=mail_id).first())


def all_about(request: HttpRequest, application: Application) -> str:
    """Return the address of the list of all mail about a case, '' for who reads the case and not the mail."""
    if not may_do(Permission.VIEW_MAIL, dataset=application.dataset, by=access.actor(request)):
        return ""
    asked = urlencode({"show": EVERYTHING, "words": application.reference})
    return f"{reverse('desk-mailbox', args=[application.dataset.slug])}?{asked}"


def mail_to_look_after(request: HttpRequest, mail_id: int) -> InboundMail:
    """Return one message that they may mark and have read again."""
    found = mail(request, mail_id)
    return _found(found if looking.may_look_after(found, by=access.actor(request)) else None)


def mail_with_bytes(request: HttpRequest, mail_id: int) -> InboundMail:
    """Return one message that they may save as it came."""
    found = mail(request, mail_id)
    return _found(found if looking.may_have_bytes(found, by=access.actor(request)) else None)


def paper(mail: InboundMail, document_id: int) -> StoredDocument:
    """Return a paper that a message brought."""
    mailed = MailedPaper.objects.filter(mail=mail, document=document_id).select_related("document").first()
    return _found(mailed).document


def _found(value: T | None) -> T:
    if value is None:
        raise Http404
    return value
