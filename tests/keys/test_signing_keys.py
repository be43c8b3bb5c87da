"""The file of the signing key: private, whole, never overwritten unasked; and words for whatever is wrong with it."""

from __future__ import annotations

import datetime as dt
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12
from cryptography.x509.oid import NameOID
from django.core.checks import run_checks

from agreements.core.clock import frozen, now
from agreements.keys import signing_key_check, signing_key_file, signing_keys
from agreements.keys.signing_keys import NoSigningKey
from portal.before_serving import say_what_is_lacking
from tests import signing

SECRET = "correct horse battery staple"
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An imported one")])


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    settings.SIGNING_KEY = tmp_path / "keys" / "signing-key.p12"
    settings.SIGNING_PASSPHRASE = SECRET
    return settings.SIGNING_KEY  # type: ignore[no-any-return]


def codes() -> list[str | None]:
    return [found.id for found in run_checks(tags=["countersign"]) if found.id != "agreements.W001"]


def imported(private_key: Any, *, secret: bytes = SECRET.encode(), usage: x509.KeyUsage | None = None) -> bytes:
    """A key with its certificate as another program keeps them."""
    builder = (
        x509.CertificateBuilder(NAME, NAME, private_key.public_key(), x509.random_serial_number())
        .not_valid_before(now() - dt.timedelta(days=1))
        .not_valid_after(now() + dt.timedelta(days=900))
    )
    if usage:
        builder = builder.add_extension(usage, critical=True)
    algorithm = None if isinstance(private_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    encryption = BestAvailableEncryption(secret) if secret else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        b"x", private_key, builder.sign(private_key, algorithm), None, encryption
    )


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def test_a_fresh_key_is_for_signing_documents_and_valid_for_as_long_as_was_said() -> None:
    key = signing_key_file.make(common_name="data.lab.example", days=3652)
    assert isinstance(key.private_key, ec.EllipticCurvePrivateKey)
    assert key.private_key.curve.name == "secp256r1"
    assert key.subject == "O=Countersign,CN=data.lab.example"
    usage = key.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    assert not usage.value.key_cert_sign
    assert dt.timedelta(days=3651) < key.valid_until - now() <= dt.timedelta(days=3652)
    assert key.valid_from < now()


def test_the_file_is_private_and_opens_again(path: Path) -> None:
    key = signing.a_key()
    assert signing_key_file.write(key, path, passphrase=SECRET) is None
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]
    assert signing_keys.current().fingerprint == key.fingerprint
    assert SECRET.encode() not in path.read_bytes()


def test_openssl_opens_the_file(path: Path) -> None:
    signing_key_file.write(signing.a_key("data.lab.example"), path, passphrase=SECRET)
    command = ["openssl", "pkcs12", "-in", str(path), "-passin", f"pass:{SECRET}", "-nodes"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "BEGIN PRIVATE KEY" in said
    assert "data.lab.example" in said


def test_a_file_that_is_there_is_never_overwritten_unasked(path: Path) -> None:
    first = signing.a_key()
    signing_key_file.write(first, path, passphrase=SECRET)
    with pytest.raises(signing_key_file.KeyFileExists):
        signing_key_file.write(signing.a_key(), path, passphrase=SECRET)
    assert signing_keys.current().fingerprint == first.fingerprint
    assert list(path.parent.iterdir()) == [path]


def test_a_replaced_file_is_kept_under_its_fingerprint(path: Path) -> None:
    first, second = signing.a_key(), signing.a_key()
    signing_key_file.write(first, path, passphrase=SECRET)
    before = path.read_bytes()
    assert signing_keys.current().fingerprint == first.fingerprint
    kept = signing_key_file.write(second, path, passphrase=SECRET, replace=True)
    assert kept == path.with_name(f"signing-key-{first.fingerprint[:16]}.p12")
    assert kept.read_bytes() == before
    assert signing_keys.current().fingerprint == second.fingerprint, "a running process goes on with the old key"
    damaged = b"not a key at all"
    path.write_bytes(damaged)
    unopened = signing_key_file.write(first, path, passphrase=SECRET, replace=True)
    assert unopened is not None
    assert unopened.read_bytes() == damaged
    assert sorted(map(str, path.parent.iterdir())) == sorted(map(str, (path, kept, unopened)))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: None, "has no signing key yet"),
        (lambda: b"", "cannot be opened"),
        (lambda: b"-----BEGIN PRIVATE KEY-----", "cannot be opened"),
        (lambda: imported(ec.generate_private_key(ec.SECP256R1()), secret=b"another"), "cannot be opened"),
        (lambda: imported(ed25519.Ed25519PrivateKey.generate()), "of a kind that PDFs are not signed with"),
        (lambda: imported(rsa.generate_private_key(65537, 1024)), "2048 bits or more"),
        (lambda: pkcs12.serialize_key_and_certificates(b"x", None, None, [signing.a_key().certificate],
                                                       BestAvailableEncryption(SECRET.encode())), "no private key"),
    ],
    ids=["none", "empty", "another format", "another passphrase", "Ed25519", "short RSA", "no key"],
)  # fmt: skip
def test_what_is_wrong_is_said_without_the_place_or_the_passphrase(path: Path, make: Any, words: str) -> None:
    data = make()
    if data is not None:
        put(path, data)
    with pytest.raises(NoSigningKey) as refused:
        signing_keys.current()
    assert words in str(refused.value)
    shown = f"{refused.value} {refused.value!r} {refused.value.__cause__!r}"
    assert SECRET not in shown
    assert str(path.parent) not in shown
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert codes() == ["agreements.W002"]


def test_a_file_that_cannot_be_read_is_told_from_one_that_is_not_there(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(NoSigningKey, match="cannot be read"):
        signing_keys.current()


@pytest.mark.parametrize(
    "private_key", [rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP384R1())]
)
def test_a_key_of_ones_own_is_used_as_it_is(path: Path, private_key: Any) -> None:
    put(path, imported(private_key))
    assert signing_keys.current().subject == "CN=An imported one"
    assert codes() == []


def test_a_key_without_encryption_opens_and_is_warned_of_where_the_site_is_real(path: Path, settings: Any) -> None:
    signing_key_file.write(signing.a_key(), path, passphrase="")
    assert codes() == []
    settings.OVER_TLS = True
    assert codes() == ["agreements.W004"]
    settings.SIGNING_PASSPHRASE = ""
    assert codes() == ["agreements.W004"]


def test_a_certificate_for_other_things_is_remarked_on(path: Path) -> None:
    only_mail = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    put(path, imported(ec.generate_private_key(ec.SECP256R1()), usage=only_mail))
    assert codes() == ["agreements.W005"]


def test_two_months_before_its_end_a_key_is_warned_of_and_after_it_signs_nothing(path: Path) -> None:
    moment = now()
    signing_key_file.write(signing.a_key(since=moment, days=100), path, passphrase=SECRET)
    assert codes() == []
    with frozen(moment + dt.timedelta(days=41)):
        assert codes() == ["agreements.W003"]
        signing_keys.current()
    for day in (-2, 101):
        with frozen(moment + dt.timedelta(days=day)), pytest.raises(NoSigningKey, match="not valid today"):
            signing_keys.current()


def test_the_start_up_says_what_to_do(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    say_what_is_lacking()
    assert "this server has no signing key yet" in caplog.text
    assert "manage.py make_signing_key" in caplog.text


@pytest.mark.parametrize("process", sorted(signing_key_check.WITHOUT_KEY))
def test_processes_that_sign_nothing_need_no_key(path: Path, settings: Any, process: str) -> None:
    settings.PROCESS = process
    assert codes() == []
