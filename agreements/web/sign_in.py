"""Signing in: one page asks for the address, a code is mailed, one page takes the code.

The account is made when the code is right, never when the address is typed: so nothing is looked up before, and
the answer, the mail and the time taken are the same for addresses known and unknown. allauth's own code flow has
no such path (it keeps the code in the session as it is, counts tries there, and mails strangers a refusal); from
the proved mailbox on, its pipeline takes over: inactive accounts, second factor, new session key.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.html import format_html
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agreements.core.errors import DomainError, Invalid, TooMany
from agreements.people import accounts
from agreements.people.emailed_codes import CodeSpent, Purpose
from agreements.people.models import normal_address
from agreements.web import proofs
from agreements.web.code_mail import CodeForm, check_code, note_arrival
from agreements.web.code_page import answer, send_or_refusal
from agreements.web.nav import home_of
from agreements.web.own_paths import own_path

_PENDING: Final = "sign_in"


class AddressForm(forms.Form):
    """The address that a code is mailed to."""

    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        max_length=254,
        help_text=gettext_lazy("Use the address of your institution if you apply for access."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )

    def clean_email(self) -> str:
        return normal_address(self.cleaned_data["email"])


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask_address(request: HttpRequest) -> HttpResponseBase:
    """Take an address, mail a code to it, and go on to the page that takes the code."""
    target = own_path(request.POST.get("next") or request.GET.get("next"))
    if request.user.is_authenticated:
        return redirect(target or resolve_url("/"))
    form = AddressForm(request.POST or None)
    refusal = None
    if request.method == "POST" and form.is_valid():
        refusal = _mail_code(request, address=form.cleaned_data["email"], target=target)
        if refusal is None:
            return redirect("account_confirm_login_code")
        form.add_error(None, str(refusal))
    # The hidden field's name in the context is that of allauth's own template.
    field = format_html('<input type="hidden" name="next" value="{}">', target) if target else ""
    context = {"form": form, "redirect_field": field}
    return answer(request, "account/request_login_code.html", context, refusal=refusal)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def take_code(request: HttpRequest) -> HttpResponseBase:
    """Take the code; sign in, or mail another one."""
    if request.user.is_authenticated:
        return redirect(resolve_url("/"))
    pending: dict[str, Any] | None = request.session.get(_PENDING)
    if pending is None:
        if request.method == "POST":
            messages.info(request, _("Your sign-in was interrupted. Start again with your address."))
        return redirect("account_login")
    form, refusal = CodeForm(), None
    if request.method == "POST":
        resend = request.POST.get("action") == "resend"
        form = CodeForm() if resend else CodeForm(request.POST)
        if resend:
            refusal = _mail_code(request, address=pending["address"], target=pending["next"])
            if refusal is None:
                messages.success(request, _("A new code is on its way. Codes sent before do not work any more."))
                return redirect("account_confirm_login_code")
            messages.error(request, str(refusal))
        elif form.is_valid():
            try:
                return _sign_in(request, pending, code=form.cleaned_data["code"])
            except (Invalid, CodeSpent, TooMany) as refused:
                form.add_error("code", str(refused))
                refusal = refused
    # The names are those of allauth's template, which knows telephones too.
    context = {
        "form": form,
        "verify_form": form,
        "email": pending["address"],
        "phone": "",
        "can_resend": True,
        "cancel_url": resolve_url("account_login"),
    }
    return answer(request, "account/confirm_login_code.html", context, refusal=refusal)


def _mail_code(request: HttpRequest, *, address: str, target: str | None) -> DomainError | None:
    """Mail a code and remember the try in the session; return why not, if not."""
    language = accounts.known_language(get_language() or "en")
    sent = send_or_refusal(request, address=address, purpose=Purpose.SIGN_IN, language=language)
    if isinstance(sent, DomainError):
        return sent
    request.session[_PENDING] = {"handle": sent, "address": address, "next": target}
    return None


def _sign_in(request: HttpRequest, pending: dict[str, Any], *, code: str) -> HttpResponseBase:
    address = pending["address"]
    check_code(request, handle=pending["handle"], address=address, purpose=Purpose.SIGN_IN, code=code)
    del request.session[_PENDING]
    user = accounts.find_or_create(address, language=get_language() or "en")
    accounts.note_verified(user)
    note_arrival(user.email, by=user.actor, cause="signed-in")
    record_authentication(request, user, method="code", email=user.email)
    proofs.note_mailbox(request, user)
    response: HttpResponse = perform_login(
        request, user, email=user.email, redirect_url=pending["next"] or home_of(user)
    )
    return response
