"""The account page: who one is here, where one is signed in, what is held."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from agreements.core.errors import Invalid
from agreements.ledger.queries import entries_about
from agreements.mail import dead_addresses
from agreements.people import accounts, sessions
from agreements.people.models import User
from agreements.web import access, notice_pages, proofs
from agreements.web.personal import note_signed_in_here


def _zone_choices() -> list[Any]:
    """Return the zones in groups by continent, `UTC` first."""
    utc, *places = accounts.time_zones()
    groups = groupby(places, key=lambda name: name.partition("/")[0])
    return [
        (utc, utc),
        *((region, [(name, name.partition("/")[2].replace("_", " ")) for name in names]) for region, names in groups),
    ]


class ProfileForm(forms.Form):
    """What a person says of themselves."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=accounts.NAME_LIMIT,
        required=False,
        help_text=gettext_lazy("As it should stand in mails and on your agreements."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language of pages and mails"), choices=lambda: settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=_zone_choices)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show the account; save name, language and time zone."""
    user = access.person(request)
    initial = {"name": user.name, "language": user.language, "time_zone": user.time_zone}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.change_profile(user=user, by=user.actor, **form.cleaned_data)
        except Invalid as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("account")
    context = {
        "form": form,
        "notices_form": notice_pages.form_for(user),
        "places": sessions.places(user=user, current_key=request.session.session_key),
        "held": _held(user),
        "dead": dead_addresses.is_dead(user.email),
        "has_second_factor": proofs.has_second_factor(user),
    }
    return render(request, "people/account.html", context)


@login_required
@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """Sign the person out everywhere but here."""
    user = access.person(request)
    sessions.end_sessions(user)
    update_session_auth_hash(request, user)
    note_signed_in_here(request)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("account")


def _held(user: User) -> list[tuple[str, object]]:
    """Return what the site keeps of a person, as labels and values."""
    return [
        (_("E-mail address"), user.email),
        (_("Name"), user.name),
        (_("Here since"), user.date_joined),
        (_("How the record names you"), str(user.public_id)),
        (_("Rows of the record about you"), entries_about(str(user.public_id)).count()),
    ]
