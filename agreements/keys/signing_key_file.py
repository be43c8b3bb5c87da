"""The file of the signing key: a PKCS#12 archive (RFC 7292) with the private key, its certificate and its chain."""

from __future__ import annotations

import datetime as dt
import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    KeySerializationEncryption,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

from agreements.core.clock import now
from agreements.core.errors import NotPossible

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

SHORTEST_RSA: Final = 2048
LONGEST_NAME: Final = 64  # characters of a common name, X.520


class NoSigningKey(NotPossible):
    """Nothing can be signed here now. The words are for everybody: they name neither file nor passphrase."""


class KeyFileExists(Exception):
    """There is a key file already, and nobody said that it may be replaced."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key with its certificate. `chain` are further certificates of its file; `fingerprint` is SHA-256, hex."""

    private_key: PrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def subject(self) -> str:
        return self.certificate.subject.rfc4514_string()

    @property
    def valid_from(self) -> dt.datetime:
        return self.certificate.not_valid_before_utc

    @property
    def valid_until(self) -> dt.datetime:
        return self.certificate.not_valid_after_utc


def make(*, common_name: str, days: int) -> SigningKey:
    """Return a fresh key (EC, P-256) with a certificate that it signed itself, valid from yesterday for so many days.

    From yesterday, because a reader's clock may be behind ours.
    """
    private_key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:LONGEST_NAME]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Countersign"),
        ]
    )
    moment = now().replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - dt.timedelta(days=1))
        .not_valid_after(moment + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_for_documents(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private_key.public_key()), critical=False)
        .sign(private_key, hashes.SHA256())
    )
    return SigningKey(private_key, certificate)


def _for_documents() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,  # which other programs call nonRepudiation
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def parse(data: bytes, *, passphrase: str) -> SigningKey:
    """Return the key of a PKCS#12 file. Raises NoSigningKey in words that give nothing of it away.

    A file that is not encrypted opens whatever the passphrase.
    """
    private_key, certificate, others = _opened(data, passphrase)
    if private_key is None or certificate is None:
        raise NoSigningKey(
            _(
                "Agreements cannot be signed at the moment: the signing key's file has no private key with its "
                "certificate in it. The operator has to put that right."
            )
        )
    if not isinstance(private_key, PrivateKey) or (
        isinstance(private_key, rsa.RSAPrivateKey) and private_key.key_size < SHORTEST_RSA
    ):
        raise NoSigningKey(
            _(
                "Agreements cannot be signed at the moment: the signing key of this server is of a kind that PDFs are "
                "not signed with here. The operator has to replace it with an elliptic curve key, or an RSA key of "
                "%(bits)d bits or more."
            )
            % {"bits": SHORTEST_RSA}
        )
    return SigningKey(private_key, certificate, tuple(others))


def _opened(
    data: bytes, passphrase: str
) -> tuple[PrivateKeyTypes | None, x509.Certificate | None, list[x509.Certificate]]:
    for one in dict.fromkeys((passphrase.encode(), b"")):
        # Programs differ in what an empty passphrase is: none, or one of no characters.
        for secret in (one,) if one else (None, b""):
            with suppress(ValueError, TypeError):
                return pkcs12.load_key_and_certificates(data, secret)
    raise NoSigningKey(
        _(
            "Agreements cannot be signed at the moment: the signing key of this server cannot be opened. Its "
            "passphrase is another one than the one configured, or the file is damaged. The operator has to put that "
            "right."
        )
    )


def read(path: Path, *, passphrase: str) -> SigningKey:
    """Return the key of a file. Raises NoSigningKey if it is not there, not to be read, or no key of ours."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NoSigningKey(
            _(
                "Agreements cannot be signed at the moment: this server has no signing key yet. The operator has to "
                "make one (manage.py make_signing_key)."
            )
        ) from None
    except OSError:
        raise NoSigningKey(
            _(
                "Agreements cannot be signed at the moment: the file of this server's signing key cannot be read. The "
                "operator has to put that right."
            )
        ) from None
    return parse(data, passphrase=passphrase)


def kind(key: SigningKey) -> str:
    """Return the kind of a key in the words of its field, such as `EC secp256r1` or `RSA 3072`."""
    if isinstance(key.private_key, ec.EllipticCurvePrivateKey):
        return f"EC {key.private_key.curve.name}"
    return f"RSA {key.private_key.key_size}"


def write(key: SigningKey, path: Path, *, passphrase: str, replace: bool = False) -> Path | None:
    """Write a key, encrypted under the passphrase, for nobody else to read; it is there whole, or not at all.

    Returns where a replaced file was kept, if there was one: beside it, under its certificate's fingerprint. Raises
    KeyFileExists if there is a file already and it may not be replaced; OSError.
    """
    encryption: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    data = pkcs12.serialize_key_and_certificates(
        key.subject.encode(), key.private_key, key.certificate, key.chain or None, encryption
    )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        _write_private(fresh, data)
        kept = _keep(path, passphrase=passphrase) if replace and path.exists() else None
        if kept:
            fresh.replace(path)
        else:
            try:
                path.hardlink_to(fresh)  # which, unlike a renaming, fails if somebody was faster
            except FileExistsError:
                raise KeyFileExists(str(path)) from None
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return kept


def _write_private(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _keep(path: Path, *, passphrase: str) -> Path:
    """Return the second name that a file was given beside it. One that cannot be opened is named by its own hash."""
    data = path.read_bytes()
    try:
        name = parse(data, passphrase=passphrase).fingerprint[:16]
    except NoSigningKey:
        name = f"unopened-{sha256(data).hexdigest()[:16]}"
    kept = path.with_name(f"{path.stem}-{name}{path.suffix}")
    with suppress(FileExistsError):  # by an earlier try, which stopped before its end
        kept.hardlink_to(path)
    return kept


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
