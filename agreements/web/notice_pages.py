"""What a reviewer is mailed: a part of the account page."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from agreements.people.models import User
from agreements.review import notices
from agreements.review.notices import Wishes
from agreements.web import access
from agreements.web.refusals import IntoMessages


class NoticesForm(forms.Form):
    """Which mail about waiting cases a reviewer wants beside reminders."""

    digest = forms.BooleanField(
        label=gettext_lazy("Each morning, what waits for a decision"),
        required=False,
        help_text=gettext_lazy("At eight in your time zone; no mail where nothing waits for you."),
    )
    each_case = forms.BooleanField(
        label=gettext_lazy("Each application when it comes in"),
        required=False,
        help_text=gettext_lazy("Within a minute or two, one mail for each."),
    )


def form_for(user: User) -> NoticesForm | None:
    """Return the form as it stands, or None for who is not told of waiting cases."""
    if not notices.is_told(user):
        return None
    wishes = notices.wishes_of(user)
    return NoticesForm(initial={"digest": wishes.digest, "each_case": wishes.each_case})


@login_required
@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Keep what a reviewer wants to be mailed."""
    user = access.person(request)
    form = NoticesForm(request.POST)
    if not notices.is_told(user) or not form.is_valid():
        raise Http404
    with IntoMessages(request):
        notices.choose(person=user, wishes=Wishes(**form.cleaned_data), by=user.actor)
        messages.success(request, _("Saved."))
    return redirect("account")
