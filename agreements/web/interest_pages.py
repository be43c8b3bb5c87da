"""Asking to be told when an announced subset opens, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from agreements.catalog import interest
from agreements.web import access, access_opening, limits
from agreements.web.refusals import IntoMessages


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tell_me(request: HttpRequest, slug: str, subset: str) -> HttpResponse:
    """Put the person on the list with one click, or take them off it.

    Who was signed out when they asked comes back here with a GET: the page has the button once more.
    """
    found = access_opening.waited_for(access.dataset(slug), subset)
    person = access.person(request)
    if request.method == "POST":
        with IntoMessages(request):
            limits.consume(request, "tell_me", key=str(person.public_id))
            if "take-back" in request.POST:
                interest.take_back(subset=found, by=person.actor)
                messages.success(request, _("You are no longer on the list of %(subset)s.") % {"subset": found.title})
            else:
                interest.note(subset=found, by=person.actor)
                words = _("You will get a mail to %(email)s when %(subset)s opens.")
                messages.success(request, words % {"email": person.email, "subset": found.title})
        return redirect(f"{reverse('dataset', args=[slug])}#{found.slug}")
    noted = interest.noted_by(person.pk, found.dataset)
    context = {"dataset": found.dataset, "subset": found, "is_noted": found.pk in noted}
    return render(request, "catalog/tell_me.html", context)
