"""What allauth is told about this site: no passwords, no sign-up of its own, sealed second factors."""

from __future__ import annotations

import base64
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from django.http import HttpRequest

from agreements.core.secrets import key_ring
from agreements.web.limits import client_address
from agreements.web.own_paths import own_path

SECOND_FACTOR: Final = "countersign/second-factor/1"


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
        number = key_ring().current
        return f"{number}:{_cipher(number).encrypt(text.encode()).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        number, _, token = encrypted_text.partition(":")
        return _cipher(int(number)).decrypt(token.encode()).decode()


def _cipher(number: int) -> Fernet:
    key = key_ring().derive(SECOND_FACTOR, number=number, length=32)
    return Fernet(base64.urlsafe_b64encode(key))
