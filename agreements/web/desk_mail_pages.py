"""Mail about a dataset that did not arrive, on the steward's desk."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from agreements.catalog.permissions import Permission, may
from agreements.flows import mail_again
from agreements.mail import outbox
from agreements.web import access
from agreements.web.refusals import IntoMessages


@login_required
@never_cache
@require_safe
def failed_mails(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what was given up and not sent again since; auditors read it."""
    dataset = access.staffed_dataset(request, slug)
    context = {
        "dataset": dataset,
        "may_send": may(Permission.SEND_AGAIN, dataset=dataset, by=access.actor(request)),
        "failed_mails": [(mail, outbox.can_resend(mail)) for mail in access.failed_mails(dataset)],
    }
    return render(request, "stewardship/mail.html", context)


@login_required
@require_POST
def resend_mail(request: HttpRequest, slug: str, message_id: int) -> HttpResponse:
    """Send a mail again that was given up."""
    dataset = access.staffed_dataset(request, slug, needs=Permission.SEND_AGAIN)
    message = access.failed_mail(dataset, message_id)
    with IntoMessages(request):
        mail_again.send(dataset=dataset, message=message, by=access.actor(request))
        messages.success(request, _("The mail is on its way again to %(address)s.") % {"address": message.recipient})
    return redirect("failed-mails", slug=slug)
