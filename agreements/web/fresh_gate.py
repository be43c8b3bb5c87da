"""Fresh proof: before a secret is shown, the mailbox (or the second factor) was proved within 15 minutes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agreements.core.errors import DomainError, Invalid, TooMany
from agreements.mail import dead_addresses
from agreements.people.emailed_codes import CodeSpent, Purpose
from agreements.people.models import User
from agreements.web import access, proofs
from agreements.web.code_mail import CodeForm, check_code
from agreements.web.code_page import answer, away, send_or_refusal
from agreements.web.own_paths import own_path

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
_PENDING: Final = "fresh_code"


def require_fresh(view: View[P]) -> View[P]:
    """Wrap a view: a signed-out person goes to sign-in, one without fresh proof to the page that mails a code.

    Afterwards they come back to the same address by GET, so a view that reveals on POST must answer GET as well.
    """

    @wraps(view)
    def gated(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return away(request, reverse("account_login"), back_after_post=request.path)
        if not proofs.is_fresh(request):
            return away(request, reverse("fresh-code"), back_after_post=request.path)
        return view(request, *args, **kwargs)

    return gated


@never_cache
@login_required
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def fresh_code(request: HttpRequest) -> HttpResponseBase:
    """Mail a code to the signed-in person when they ask for it, take it, and go back to where they came from."""
    user = access.person(request)
    target = own_path(request.POST.get("next") or request.GET.get("next")) or resolve_url("/")
    # Who comes because mail to them comes back is asked for a code, whatever they proved before: it shows that mail
    # arrives.
    dead = dead_addresses.is_dead(user.email)
    if proofs.is_fresh(request) and dead is None:
        return redirect(target)
    form, refusal = CodeForm(), None
    if request.method == "POST" and request.POST.get("action") == "send":
        refusal = _mail_code(request, user)
        if refusal is None:
            return redirect(f"{reverse('fresh-code')}?{urlencode({'next': target})}")
        messages.error(request, str(refusal))
    elif request.method == "POST":
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                _check(request, user, form.cleaned_data["code"])
            except (Invalid, CodeSpent, TooMany) as refused:
                form.add_error("code", str(refused))
                refusal = refused
            else:
                return redirect(target)
    context = {"form": form, "email": user.email, "next": target, "sent": _PENDING in request.session, "dead": dead}
    if proofs.has_second_factor(user):
        context["second_factor_url"] = f"{reverse('mfa_reauthenticate')}?{urlencode({'next': target})}"
    return answer(request, "people/fresh_code.html", context, refusal=refusal)


def _mail_code(request: HttpRequest, user: User) -> DomainError | None:
    """Mail a code and remember it in the session; return why not, if not."""
    sent = send_or_refusal(request, address=user.email, purpose=Purpose.FRESH, language=user.language)
    if isinstance(sent, DomainError):
        return sent
    request.session[_PENDING] = sent
    return None


def _check(request: HttpRequest, user: User, code: str) -> None:
    handle = request.session.get(_PENDING)
    if handle is None:
        raise CodeSpent(_("No code has been sent yet. Ask for one."))
    check_code(request, handle=handle, address=user.email, purpose=Purpose.FRESH, code=code)
    del request.session[_PENDING]
    proofs.note_mailbox(request, user)
