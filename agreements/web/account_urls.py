"""Addresses of sign-in and account.

Of allauth's own addresses only those stand here that this site uses: there is no password to set, change or
reset, and no sign-up beside signing in.
"""

from __future__ import annotations

from allauth.account import views as allauth_views
from allauth.mfa.totp import views as totp_views
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path

from agreements.people.models import User
from agreements.web import account_pages, fresh_gate, notice_pages, own_data_pages, proofs, sign_in


@fresh_gate.require_fresh
def activate_totp(request: HttpRequest) -> HttpResponseBase:
    """Set up an authenticator app, on fresh proof only; whoever just did it has used it in this session."""
    user = request.user
    assert isinstance(user, User)
    before = proofs.has_second_factor(user)
    response: HttpResponseBase = totp_views.activate_totp(request)
    if not before and proofs.has_second_factor(user):
        proofs.note_second_factor(request, user, "totp")
    return response


urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/login/", sign_in.ask_address, name="account_login"),
    path("accounts/login/code/", sign_in.ask_address, name="account_request_login_code"),
    path("accounts/login/code/confirm/", sign_in.take_code, name="account_confirm_login_code"),
    path("accounts/logout/", allauth_views.logout, name="account_logout"),
    path("accounts/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("accounts/fresh/", fresh_gate.fresh_code, name="fresh-code"),
    path("accounts/2fa/totp/activate/", activate_totp, name="mfa_activate_totp"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("account/", account_pages.account, name="account"),
    path("account/notices/", notice_pages.change, name="account-notices"),
    path("account/data/", own_data_pages.held, name="own-data"),
    path("account/sessions/end/", account_pages.end_other_sessions, name="account-sessions-end"),
]
