"""Everything that came in by mail, and what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from agreements.catalog.models import Dataset
from agreements.documents import pictures
from agreements.flows.mailbox import looking
from agreements.mail.inbox.models import InboundMail
from agreements.vault.protocol import NoSuchObject, OutOfReach
from agreements.web import access, access_mailbox
from agreements.web.mailbox_forms import MailboxForm
from agreements.web.mailbox_rows import filtered, papers_of, rows_of
from agreements.web.papers import bytes_attachment, png_inline
from agreements.web.refusals import IntoMessages

PER_PAGE = 25


@login_required
@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List what came in of all datasets whose mail the reader may see, and for administrators the rest."""
    mails = access_mailbox.mails(request)
    has_rest = looking.may_read_the_rest(access.actor(request))
    form = MailboxForm(request.GET, datasets=access_mailbox.datasets_of(mails), has_rest=has_rest)
    return _list(request, mails, form, None)


@login_required
@never_cache
@require_safe
def desk_mailbox(request: HttpRequest, slug: str) -> HttpResponse:
    """List what came in about one dataset, for its staff."""
    dataset = access_mailbox.dataset(request, slug)
    form = MailboxForm(request.GET, datasets=[], has_rest=False)
    return _list(request, looking.of_dataset(dataset, by=access.actor(request)), form, dataset)


@login_required
@never_cache
@require_safe
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Show one message: what it claims, what is proven, what became of it."""
    found, by = access_mailbox.mail(request, mail_id), access.actor(request)
    may_look_after = looking.may_look_after(found, by=by)
    context = {
        "mail": found,
        "row": rows_of([found], by=by)[0],
        "papers": papers_of(found),
        "may_mark": may_look_after and looking.is_for_people(found),
        "may_read_again": may_look_after and looking.can_be_read_again(found),
        "may_have_bytes": looking.may_have_bytes(found, by=by),
        "dataset": access_mailbox.dataset_of(found),
    }
    return render(request, "mailbox/mail.html", context)


@login_required
@require_POST
def looked_at(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Mark a message as looked at."""
    found = access_mailbox.mail_to_look_after(request, mail_id)
    with IntoMessages(request):
        looking.mark_looked_at(mail=found, by=access.actor(request))
        messages.success(request, _("The message is marked as looked at."))
    return redirect("mailbox")


@login_required
@require_POST
def read_again(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Have a message read once more."""
    found = access_mailbox.mail_to_look_after(request, mail_id)
    with IntoMessages(request):
        looking.read_again(mail=found, by=access.actor(request))
        messages.success(request, _("The message is being read again."))
    return redirect("mailbox-mail", mail_id=mail_id)


@login_required
@require_GET
def page_image(request: HttpRequest, mail_id: int, document_id: int, number: int) -> HttpResponse:
    """Give a page of a paper as a picture that `inspect` drew."""
    found = access_mailbox.mail(request, mail_id)
    data = pictures.page(access_mailbox.paper(found, document_id), number)
    if data is None:
        raise Http404
    return png_inline(data)


@login_required
@never_cache
@require_GET
def original(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Give the bytes of a message as they came, to be saved; for administrators."""
    found = access_mailbox.mail_with_bytes(request, mail_id)
    try:
        data = looking.hand_out(mail=found, by=access.actor(request))
    except NoSuchObject:
        raise Http404 from None
    except OutOfReach:
        messages.error(request, _("Our store does not answer at present. Try it again in some minutes."))
    except ValueError:
        messages.error(request, _("The bytes in our store are not those that came: nothing is handed out."))
    else:
        return bytes_attachment(data, f"mail-{found.pk}.bin")
    return redirect("mailbox-mail", mail_id=mail_id)


def _list(
    request: HttpRequest, mails: QuerySet[InboundMail], form: MailboxForm, dataset: Dataset | None
) -> HttpResponse:
    chosen = form.cleaned_data if form.is_valid() else {}
    page = Paginator(filtered(mails, chosen), PER_PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "dataset": dataset,
        "form": form,
        "page": page,
        "rows": rows_of(page.object_list, by=access.actor(request)),
        "query": query.urlencode(),
        "is_filtered": bool(query),
        "box": looking.mailbox_now(),
        "has_desk": dataset is not None and access_mailbox.may_see_desk(request, dataset),
    }
    return render(request, "mailbox/list.html", context)
