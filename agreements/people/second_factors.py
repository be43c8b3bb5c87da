"""Secrets of second factors as they are kept: sealed under a master key, so that a stolen database opens nothing."""

from __future__ import annotations

import base64
from typing import Final

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.db import transaction

from agreements.core.secrets import SECOND_FACTOR, key_ring

# What allauth keeps sealed: an app's secret, the seed of recovery codes, and codes that were moved from elsewhere.
_SEALED: Final = ("secret", "seed", "migrated_codes")


def seal(text: str) -> str:
    """Return a secret as it is stored: `NUMBER:TOKEN`, under the current master key."""
    number = key_ring().current
    return f"{number}:{_cipher(number).encrypt(text.encode()).decode()}"


def open_sealed(sealed: str) -> str:
    """Return the secret again. Raises core.secrets.UnknownKey."""
    number, _, token = sealed.partition(":")
    return _cipher(int(number)).decrypt(token.encode()).decode()


def sealed_under(number: int) -> int:
    """Return how many authenticators hold a secret sealed under a master key."""
    return sum(_is_under(each, number) for each in Authenticator.objects.iterator())


def seal_again(number: int) -> int:
    """Seal what is sealed under a master key under the current one; return how many it was. Safe to run twice."""
    again = 0
    for known in Authenticator.objects.order_by("pk").iterator():
        if not _is_under(known, number):
            continue
        with transaction.atomic():
            held = Authenticator.objects.select_for_update().filter(pk=known.pk).first()
            if held is None:
                continue
            held.data = {name: _again(value, number) if name in _SEALED else value for name, value in held.data.items()}
            held.save(update_fields=["data"])
        again += 1
    return again


def _is_under(authenticator: Authenticator, number: int) -> bool:
    values = [authenticator.data.get(name) for name in _SEALED]
    texts = [text for value in values for text in (value if isinstance(value, list) else [value])]
    return any(isinstance(text, str) and text.startswith(f"{number}:") for text in texts)


def _again(value: object, number: int) -> object:
    if isinstance(value, list):
        return [_again(each, number) for each in value]
    if isinstance(value, str) and value.startswith(f"{number}:"):
        return seal(open_sealed(value))
    return value


def _cipher(number: int) -> Fernet:
    key = key_ring().derive(SECOND_FACTOR, number=number, length=32)
    return Fernet(base64.urlsafe_b64encode(key))
