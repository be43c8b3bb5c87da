"""manage.py make_signing_key and mark_signing_key_compromised, as an operator reads them."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from agreements.documents import certifying
from agreements.keys import signing_keys
from agreements.keys.models import SigningCertificate
from tests.documents.papers import issue

SECRET = "correct horse battery staple"


@pytest.fixture
def path(tmp_path: Path, settings: Any) -> Path:
    settings.SIGNING_KEY = tmp_path / "signing-key.p12"
    settings.SIGNING_PASSPHRASE = SECRET
    settings.SITE_URL = "https://data.lab.example"
    return settings.SIGNING_KEY  # type: ignore[no-any-return]


def said(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=out)
    assert SECRET not in out.getvalue()
    return out.getvalue()


def test_it_says_what_was_made_and_what_to_keep(path: Path) -> None:
    text = said("make_signing_key")
    key = signing_keys.current()
    for expected in ("CN=data.lab.example", key.fingerprint, f"{key.valid_until:%Y-%m-%d}", "EC secp256r1", str(path)):
        assert expected in text
    assert "Keep a copy of the file and of its passphrase" in text


def test_a_name_and_a_time_can_be_given(path: Path) -> None:
    text = said("make_signing_key", "--common-name", "The Lab", "--days", "400")
    assert "CN=The Lab" in text
    key = signing_keys.current()
    assert (key.valid_until - key.valid_from).days == 401
    with pytest.raises(CommandError, match="--days"):
        said("make_signing_key", "--replace", "--days", "0")


def test_a_key_that_is_there_stays_unless_it_is_to_be_replaced(path: Path) -> None:
    said("make_signing_key", "--if-missing")
    first = signing_keys.current().fingerprint
    assert first[:16] in said("make_signing_key", "--if-missing")
    with pytest.raises(CommandError, match="there already, and nothing was changed"):
        said("make_signing_key")
    assert signing_keys.current().fingerprint == first
    text = said("make_signing_key", "--replace")
    assert str(path.with_name(f"signing-key-{first[:16]}.p12")) in text
    assert "still recognized" in text
    assert signing_keys.current().fingerprint != first


def test_if_missing_tells_of_a_key_that_cannot_be_used_and_fails_nothing(path: Path) -> None:
    path.write_bytes(b"rubbish")
    assert "cannot be opened" in said("make_signing_key", "--if-missing")
    assert path.read_bytes() == b"rubbish"


def test_a_folder_that_cannot_be_written_is_said(path: Path, settings: Any) -> None:
    path.write_bytes(b"")
    settings.SIGNING_KEY = path / "below" / "a-file.p12"
    with pytest.raises(CommandError, match="cannot be written: Not a directory"):
        said("make_signing_key")


def test_without_a_passphrase_it_says_that_the_file_is_open(path: Path, settings: Any) -> None:
    settings.SIGNING_PASSPHRASE = ""
    assert "not encrypted" in said("make_signing_key")


@pytest.mark.django_db
def test_check_tells_a_good_key_from_one_that_is_missing_or_given_up(path: Path) -> None:
    with pytest.raises(CommandError, match="has no signing key yet"):
        said("make_signing_key", "--check")
    said("make_signing_key")
    assert "can be used" in said("make_signing_key", "--check")
    certificate = certifying.certify(issue(), permits="nothing").certificate
    text = said("mark_signing_key_compromised", certificate.fingerprint[:10], "--yes")
    assert "not trusted any more" in text
    assert "make_signing_key --replace" in text
    with pytest.raises(CommandError, match="given up"):
        said("make_signing_key", "--check")
    said("make_signing_key", "--replace")
    assert "can be used" in said("make_signing_key", "--check")
    assert certifying.is_ready()


@pytest.mark.django_db
def test_nothing_is_given_up_without_a_yes_or_by_a_mistyped_fingerprint(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said("make_signing_key")
    certificate = certifying.certify(issue(), permits="nothing").certificate
    monkeypatch.setattr("builtins.input", lambda _text: "no")
    with pytest.raises(CommandError, match="Nothing was changed"):
        said("mark_signing_key_compromised", certificate.fingerprint)
    for wrong in ("0" * 64, certificate.fingerprint[:7]):
        with pytest.raises(CommandError, match="No certificate"):
            said("mark_signing_key_compromised", wrong, "--yes")
    assert SigningCertificate.objects.get().compromised_at is None
