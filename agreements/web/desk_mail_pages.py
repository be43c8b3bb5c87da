"""All mail about a dataset's cases and access, on its desk: how each stands, and sending it again."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agreements.catalog.permissions import Permission, may
from agreements.flows import mail_again
from agreements.mail import queries
from agreements.web import access, mail_about
from agreements.web.mail_rows import rows_of
from agreements.web.refusals import IntoMessages

PER_PAGE: Final = 50
STANDINGS: Final = [
    ("waiting", gettext_lazy("Queued")),
    ("sent", gettext_lazy("Sent")),
    ("came-back", gettext_lazy("Came back")),
    ("failed", gettext_lazy("Failed")),
    ("superseded", gettext_lazy("Superseded")),
]


class MailFilterForm(forms.Form):
    """Which mail the desk lists."""

    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[
            ("", gettext_lazy("All mail")),
            (queries.LOST, gettext_lazy("Did not arrive, not sent again since")),
            *STANDINGS,
        ],
    )
    words = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Address, reference or subject."),
    )


@login_required
@never_cache
@require_safe
def mails(request: HttpRequest, slug: str) -> HttpResponse:
    """List the mail about a dataset; auditors read it."""
    dataset, by = access.staffed_dataset(request, slug), access.actor(request)
    form = MailFilterForm(request.GET)
    chosen = {name: value for name, value in form.cleaned_data.items() if value} if form.is_valid() else {}
    about = mail_again.of_dataset(dataset, by=access.actor(request))
    found = queries.holding(queries.in_standing(about, chosen.get("show", "")), chosen.get("words", ""))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    tally = queries.tally(about)
    context: dict[str, Any] = {
        "dataset": dataset,
        "form": form,
        "page": page,
        "rows": rows_of(page.object_list, about=mail_about.addresses(page.object_list, dataset=dataset, by=by)),
        "query": urlencode(chosen),
        "counts": [(words, tally[name]) for name, words in STANDINGS],
        "any": any(tally.values()),
        "may_send": may(Permission.SEND_AGAIN, dataset=dataset, by=access.actor(request)),
    }
    return render(request, "stewardship/mail.html", context)


@login_required
@require_POST
def resend_mail(request: HttpRequest, slug: str, message_id: int) -> HttpResponse:
    """Send a mail again."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.SEND_AGAIN)
    message = access.desk_mail(request, dataset, message_id)
    with IntoMessages(request):
        mail_again.send(dataset=dataset, message=message, by=access.actor(request))
        messages.success(request, _("The mail is on its way again to %(address)s.") % {"address": message.recipient})
    return redirect("desk-mails", slug=slug)


@login_required
@require_POST
def lift_address(request: HttpRequest, slug: str, message_id: int) -> HttpResponse:
    """Have mail sent again to an address from which mail came back; the page that asks names the consequence."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.SEND_AGAIN)
    message = access.desk_mail(request, dataset, message_id)
    with IntoMessages(request):
        mail_again.lift(dataset=dataset, message=message, by=access.actor(request))
        messages.success(request, _("Mail is sent to %(address)s again.") % {"address": message.recipient})
    return redirect("desk-mails", slug=slug)
