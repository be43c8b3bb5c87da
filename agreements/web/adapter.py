"""What allauth is told about this site: no passwords, no sign-up of its own, sealed second factors."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest

from agreements.people import second_factors
from agreements.web.limits import client_address
from agreements.web.own_paths import own_path


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by `sign_in` alone, and only `agreements.mail` sends."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str | None) -> bool:
        return own_path(url) is not None

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise RuntimeError("mail leaves through agreements.mail only")


class SecondFactorAdapter(DefaultMFAAdapter):
    """Seals the secrets of second factors under the master key, so that a stolen database opens no account."""

    def encrypt(self, text: str) -> str:
        return second_factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return second_factors.open_sealed(encrypted_text)
