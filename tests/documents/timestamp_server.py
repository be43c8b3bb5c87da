"""A timestamp server on the loopback, right or as bad as wanted."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

Manner = Literal["right", "rubbish", "drip", "silent", "flood", "redirect"]
FLOOD = 256 * 1024 * 1024
"""Bytes that a server that floods sends at most."""


@dataclass
class Seen:
    """What a server was asked for, and how much of a flood it got rid of."""

    paths: list[str] = field(default_factory=list)
    sent: int = 0


@cache
def _stamper() -> DummyTimeStamper:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A timestamp server")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = asn1.Certificate.load(made.public_bytes(serialization.Encoding.DER))  # type: ignore[no-untyped-call]
    return DummyTimeStamper(certificate, keys.PrivateKeyInfo.load(plain))  # type: ignore[no-untyped-call]


def certificate() -> bytes:
    """The server's certificate (DER), for whoever trusts it."""
    return bytes(_stamper().tsa_cert.dump())  # type: ignore[no-untyped-call]


def _answer(asked: bytes) -> bytes:
    request = tsp.TimeStampReq.load(asked)  # type: ignore[no-untyped-call]
    return bytes(_stamper().request_tsa_response(request).dump())  # type: ignore[no-untyped-call]


@contextmanager
def running(manner: Manner, seen: Seen | None = None) -> Iterator[str]:
    """The address of a server that is right, or as bad as that: it sends a byte now and then, says nothing, ..."""
    over = threading.Event()
    noted = seen or Seen()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            noted.paths.append(self.path)
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if manner == "redirect" and self.path == "/":
                self.send_response(307)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if manner == "silent":
                over.wait(30)
                return
            answer = b"<p>rubbish</p>"
            if manner in {"right", "redirect"}:
                answer = _answer(asked)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            if manner == "drip":
                began = time.monotonic()
                while not over.wait(0.1) and time.monotonic() < began + 30:
                    self.wfile.write(b".")
                return
            if manner == "flood":
                self.flood()
                return
            self.wfile.write(answer)

        def flood(self) -> None:
            with contextlib.suppress(OSError):
                while noted.sent < FLOOD and not over.is_set():
                    noted.sent += self.wfile.write(b"A" * 65536)

        def log_message(self, *_given: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
