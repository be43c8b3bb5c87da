"""Whether the signing key is in order: asked when a process starts, and by `manage.py make_signing_key --check`."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from cryptography import x509
from django.conf import settings
from django.core.checks import CheckMessage, Warning
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.keys import signing_key_file, signing_keys
from agreements.keys.signing_keys import NoSigningKey, SigningKey

SOON: Final = dt.timedelta(days=60)
WITHOUT_KEY: Final = frozenset({"delivery", "beat"})
"""Processes (`settings.PROCESS`) that sign nothing, and in a careful installation cannot read the key."""


def check(**_kwargs: Any) -> list[CheckMessage]:
    """Warn of whatever keeps agreements from being signed, now or soon: a check of Django's, run at the start."""
    if settings.PROCESS in WITHOUT_KEY:
        return []
    try:
        key = signing_keys.current()
    except NoSigningKey as refusal:
        hint = _("`manage.py make_signing_key` makes one, with --check it says what is wrong; all else works without.")
        return [Warning(str(refusal), hint=hint, id="agreements.W002")]
    return [Warning(words, hint=hint, id=code) for code, words, hint in remarks(key)]


def remarks(key: SigningKey) -> list[tuple[str, str, str]]:
    """Return what is to be done about a key that can be used: a code, what is the matter, what helps."""
    found = []
    if key.valid_until - now() < SOON:
        words = _("The certificate of the signing key is valid until %(date)s: after that no agreement can be signed.")
        hint = _("Make another key now: manage.py make_signing_key --replace. What the old one signed stays trusted.")
        found.append(("agreements.W003", words % {"date": date_format(key.valid_until, "DATE_FORMAT")}, hint))
    if settings.OVER_TLS and is_open():
        words = _("The file of the signing key is not encrypted: whoever reads it signs in this portal's name.")
        hint = _("Set COUNTERSIGN_SIGNING_PASSPHRASE, then: manage.py make_signing_key --replace.")
        found.append(("agreements.W004", words, hint))
    if not _says_it_signs(key.certificate):
        words = _("The certificate of the signing key does not say that it is for signing documents.")
        hint = _("Its key usage has to name nonRepudiation (contentCommitment): others may not believe its signatures.")
        found.append(("agreements.W005", words, hint))
    return found


def is_open() -> bool:
    """Return whether the key's file can be opened without a passphrase."""
    try:
        signing_key_file.read(settings.SIGNING_KEY, passphrase="")
    except NoSigningKey:
        return False
    return True


def _says_it_signs(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.content_commitment
