"""The key that this installation signs agreements with, and the certificates that are trusted as its own."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.keys.models import SigningCertificate
from agreements.keys.signing_key_file import NoSigningKey, SigningKey, read

__all__ = ["NoSigningKey", "SigningKey", "check", "current", "known", "mark_compromised", "note", "trusted"]

_read: tuple[tuple[object, ...], SigningKey] | None = None


def current() -> SigningKey:
    """Return the key of the file that settings name; the file is only read again after it changed.

    Raises NoSigningKey, in words for whoever wanted something signed.
    """
    key = _of_file()
    if not key.valid_from <= now() < key.valid_until:
        raise NoSigningKey(
            _(
                "Agreements cannot be signed at the moment: the certificate of this server's signing key is not valid "
                "today. The operator has to make a new key."
            )
        )
    return key


def check(key: SigningKey) -> None:
    """Raise NoSigningKey if a key was marked as compromised."""
    row = known(key)
    if row is not None and row.compromised_at is not None:
        raise NoSigningKey(
            _(
                "Agreements cannot be signed at the moment: the signing key of this server was given up, since others "
                "may know it. The operator has to make a new one."
            )
        )


def known(key: SigningKey) -> SigningCertificate | None:
    """Return the row of a key's certificate, if it ever signed anything."""
    return SigningCertificate.objects.filter(fingerprint=key.fingerprint).first()


def note(key: SigningKey) -> tuple[SigningCertificate, bool]:
    """Return the row of a key's certificate, and whether this is its first use."""
    return SigningCertificate.objects.get_or_create(
        fingerprint=key.fingerprint,
        defaults={
            "certificate": key.certificate.public_bytes(Encoding.DER),
            "subject": key.subject[:200],
            "valid_from": key.valid_from,
            "valid_until": key.valid_until,
        },
    )


def trusted() -> list[bytes]:
    """Return the certificates (DER) whose signatures are ours: of every key ever used, but for compromised ones."""
    rows = SigningCertificate.objects.filter(compromised_at=None)
    return [bytes(certificate) for certificate in rows.values_list("certificate", flat=True)]


def mark_compromised(fingerprint: str) -> bool:
    """Trust no signature of a certificate any longer; return whether it was trusted before.

    Raises SigningCertificate.DoesNotExist for a fingerprint (SHA-256 of the certificate, hex) that was never used.
    """
    row = SigningCertificate.objects.get(fingerprint=fingerprint)
    return bool(SigningCertificate.objects.filter(pk=row.pk, compromised_at=None).update(compromised_at=now()))


def _of_file() -> SigningKey:
    global _read  # noqa: PLW0603 - one key to a process
    path, passphrase = settings.SIGNING_KEY, settings.SIGNING_PASSPHRASE
    try:
        status = path.stat()
        stamp = (path, passphrase, status.st_ino, status.st_mtime_ns, status.st_size)
    except OSError:
        return read(path, passphrase=passphrase)  # which says in words what is wrong
    if _read is None or _read[0] != stamp:
        _read = (stamp, read(path, passphrase=passphrase))
    return _read[1]
