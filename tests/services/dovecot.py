"""A real Dovecot (2.3) for tests, on loopback, with any number of mailboxes, gone with its parent.

It runs as one user without rights: `nobody` where the tests run as root, else whoever runs them. Every user name has a
mailbox, under one password. Bytes come in by LMTP, as from a mail server, or by IMAP, exactly as they are.
"""

from __future__ import annotations

import datetime as dt
import grp
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.embedded.children import Child, wait_until
from portal.embedded.ports import short_folder
from tests.services import tools
from tests.services.ports import free_port

PASSWORD = "only-for-tests"
START_LIMIT = 30
"""Seconds until it must answer."""


@dataclass(frozen=True)
class Dovecot:
    """Where it listens, and what is in its mailboxes."""

    folder: Path
    imap_port: int
    imaps_port: int
    lmtp_port: int
    server: Child
    owner: tuple[int, int]

    @property
    def certificate(self) -> Path:
        """The self-signed certificate of `localhost` that it shows."""
        return self.folder / "certificate.pem"

    def deliver(self, raw: bytes, user: str, *, sender: str = "") -> None:
        """Hand a mail over as a mail server does: headers of its way are put on top."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port) as server:
            server.sendmail(sender, [user], raw)

    def place(self, *mails: bytes, user: str, folder: str = "INBOX") -> None:
        """Put mails into a folder, byte for byte."""
        with self.client(user) as client:
            for raw in mails:
                answer, words = client.append(folder, "", "", raw)
                assert answer == "OK", words

    def drop(self, mails: Iterable[bytes], *, user: str) -> None:
        """Put many mails into the inbox by way of its files: fast, and nothing is refused."""
        self.count(user)  # the first look makes the folders
        new = self.folder / "mail" / user / "new"
        for number, raw in enumerate(mails):
            path = new / f"{1_700_000_000 + number}.M{number}P{os.getpid()}.test"
            path.write_bytes(raw)
            os.chown(path, *self.owner)

    def count(self, user: str, folder: str = "INBOX") -> int:
        """Return how many messages are in a folder; -1 if there is none of that name."""
        with self.client(user) as client:
            answer, words = client.select(folder, readonly=True)
            return int(words[0] or b"0") if answer == "OK" else -1

    def contents(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return the messages of a folder, oldest first."""
        with self.client(user) as client:
            answer, words = client.select(folder, readonly=True)
            assert answer == "OK", words
            found: list[bytes] = []
            for number in range(1, int(words[0] or b"0") + 1):
                _answer, data = client.fetch(str(number), "(BODY.PEEK[])")
                found += [part[1] for part in data if isinstance(part, tuple)]
            return found

    @contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """Return somebody's signed-in connection, for what the tests themselves do to a mailbox."""
        client = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=60)
        try:
            client.login(user, PASSWORD)
            yield client
        finally:
            with suppress(Exception):
                client.logout()

    def settings(self, user: str) -> dict[str, Any]:
        """Return the settings with which the portal reads somebody's mailbox."""
        return {
            "IMAP_HOST": "127.0.0.1",
            "IMAP_PORT": self.imap_port,
            "IMAP_USER": user,
            "IMAP_PASSWORD": PASSWORD,
            "IMAP_SECURITY": "none",
        }

    def environment(self, user: str) -> dict[str, str]:
        """Return the same for a process of its own."""
        return {f"COUNTERSIGN_{name}": str(value) for name, value in self.settings(user).items()}


@contextmanager
def running(*, capability: str = "") -> Iterator[Dovecot]:
    """Start a server on free ports and stop it at the end; `capability` is what it says it can, if not the truth."""
    program = tools.path_of("dovecot")
    folder = short_folder("cs-dc-")
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    ports = [free_port(low=22_000, high=26_000), free_port(low=26_000, high=29_000), free_port(low=29_000, high=32_000)]
    try:
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        _make_certificate(folder)
        group = grp.getgrgid(user.pw_gid).gr_name
        text = _CONFIGURATION.format(
            base=folder, user=user.pw_name, group=group, password=PASSWORD, imap=ports[0], imaps=ports[1], lmtp=ports[2]
        )
        if capability:
            text += f"protocol imap {{\n  imap_capability = {capability}\n}}\n"
        (folder / "dovecot.conf").write_text(text)
        if os.geteuid() == 0:
            for path in [folder, *folder.iterdir()]:
                os.chown(path, user.pw_uid, user.pw_gid)
        server = _start(program, folder, user, ports)
        try:
            yield Dovecot(folder, ports[0], ports[1], ports[2], server, (user.pw_uid, user.pw_gid))
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(program: str, folder: Path, user: pwd.struct_passwd, ports: list[int]) -> Child:
    root = os.geteuid() == 0
    child = Child(
        "dovecot",
        [program, "-F", "-c", str(folder / "dovecot.conf")],
        log=folder / "output.log",
        folder=folder,
        user=user.pw_uid if root else None,
        group=user.pw_gid if root else None,
    )
    if not wait_until(lambda: not child.alive or all(map(_answers, ports)), START_LIMIT) or not child.alive:
        log = folder / "dovecot.log"
        said = log.read_text(errors="replace") if log.exists() else child.output()
        child.stop()
        raise RuntimeError(f"Dovecot did not start: {said[-2000:]}")
    return child


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


# Every line is needed: `chroot =` and the users are what lets it run without rights.
_CONFIGURATION = """
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{base}/certificate.pem
ssl_key = <{base}/key.pem
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{base}/mail/%u
mail_uid = {user}
mail_gid = {group}
mail_max_userip_connections = 200
mail_fsync = never
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={base}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imaps}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""
