"""A timestamp server that we ask gets no more of us than one question: no memory, no thread, no second address."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from agreements.core.clock import now
from agreements.documents import agreement_form, pdf_signing
from agreements.documents.timestamp_client import LARGEST, TimestampClient
from agreements.keys import signing_keys
from tests.documents import timestamp_server
from tests.documents.judging_by_hand import status
from tests.documents.papers import FORM, KEY
from tests.documents.timestamp_server import Seen

PDF = agreement_form.drawn_agreement(FORM, qr_key=KEY, qr_key_number=1).pdf


def signed(url: str) -> bytes:
    key = signing_keys.current()
    return pdf_signing.sign(PDF, key=key, permits="nothing", signature=None, reason="", moment=now(), timestamp_url=url)


def test_a_flood_is_read_to_the_limit_and_no_further() -> None:
    seen = Seen()
    with timestamp_server.running("flood", seen) as url:
        signed(url)
        _wait_for_the_end()
    assert seen.sent < LARGEST + 16 * 1024 * 1024, "what the buffers of the loopback hold, and no more"


def test_a_server_is_not_followed_to_another_address() -> None:
    seen = Seen()
    with timestamp_server.running("redirect", seen) as url:
        signed(url)
    assert seen.paths == ["/"]


@pytest.mark.parametrize("manner", ["drip", "silent"])
def test_nothing_goes_on_once_the_patience_is_over(manner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_signing, "PATIENCE", 0.5)
    with timestamp_server.running(manner) as url:
        signed(url)
        _wait_for_the_end()


def test_an_answer_in_time_is_in_the_document() -> None:
    with timestamp_server.running("right") as url:
        pdf = signed(f"{url}stamps?policy=1")
    judged = status(pdf, [timestamp_server.certificate()])
    assert judged.timestamp_validity is not None
    assert judged.timestamp_validity.valid


def test_an_address_that_is_none_stops_nothing() -> None:
    assert signed("ftp://stamps.example/").startswith(PDF)
    with pytest.raises(ValueError, match="begins with"):
        TimestampClient("stamps.example", patience=1)


def _wait_for_the_end() -> None:
    """Wait until no thread asks a timestamp server any more; fail if one goes on."""
    until = time.monotonic() + 10
    for thread in threading.enumerate():
        if thread.name == "certifying":
            thread.join(max(0.0, until - time.monotonic()))
            assert not thread.is_alive(), "it is still read from"
