"""From an approval to the mail with the links: 300 approvals in a minute, a real worker, broker and mail server.

``python -m bench.approval --json FILE --quick``. The time of a mail is counted from the commit of its approval to the
mail server's acceptance; every mail that was accepted is compared with the outbox, by its Message-ID.
"""

from __future__ import annotations

import base64
import email
import os
import secrets
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import psycopg
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.rows import Row, arguments, report
from portal.embedded import parts
from portal.embedded.children import ROOT, Child, wait_until
from portal.embedded.parts import Part
from portal.embedded.ports import short_folder
from tests.services import postgres, smtp_sink, valkey

PER_MINUTE: Final = 300
LAST_MAIL: Final = 60.0
"""Seconds after the last approval within which its mail must have come, or it is not counted."""

_SENT = (
    "SELECT kind, subject_reference, message_id FROM agreements_outboxmessage WHERE recipient LIKE 'alice%' ORDER BY id"
)


@dataclass
class TimedSink(smtp_sink.SmtpSink):
    """A mail server that notes when it accepted which Message-ID, in order."""

    accepted: list[tuple[str, float]] = field(default_factory=list)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Accept a mail."""
        answer = await super().handle_DATA(server, session, envelope)
        headers = email.message_from_bytes(self.messages[-1].raw)
        self.accepted.append((str(headers["Message-ID"]), time.time()))
        return answer


@dataclass(frozen=True)
class Figures:
    """`seconds`: of each approval whose links were mailed, from its commit to the acceptance of the mail.

    `in_order`: applications all of whose mails came, once each, in the order in which they were queued.
    """

    seconds: list[float]
    took: float
    mails: int
    twice: int
    in_order: int

    @property
    def p95(self) -> float:
        """The time that 95 of 100 mails did not exceed, in seconds."""
        return sorted(self.seconds)[max(0, -(-len(self.seconds) * 95 // 100) - 1)] if self.seconds else float("inf")

    @property
    def median(self) -> float:
        """In seconds."""
        return statistics.median(self.seconds) if self.seconds else float("inf")


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__)
    count = 50 if options.quick else PER_MINUTE
    found = measure(count)
    # The first of them starts at once.
    rate = 60 * (count - 1) / found.took
    time_taken = partial(Row, unit="s", target=1, direction="at most")
    all_of_them = partial(Row, unit="", against=count, target=1)
    # One that starts late counts for more among few.
    made = Row(promise="approvals made a minute", unit="", ours=rate, against=PER_MINUTE, target=1 - 3 / count)
    rows = [
        made,
        all_of_them(promise=f"mails with links accepted, of {count} approvals", ours=len(found.seconds)),
        all_of_them(promise="applications whose mails came once each and in order", ours=found.in_order),
        time_taken(promise="from an approval's commit to the mail's acceptance, median", ours=found.median, against=1),
        time_taken(promise="the same, 95 of 100", ours=found.p95, against=3),
    ]
    facts = {
        "approvals took, s": found.took,
        "the slowest mail, s": max(found.seconds, default=float("inf")),
        "mails accepted in all": found.mails,
        "mails accepted twice": found.twice,
    }
    report(rows, title="approval", json_file=options.json, facts=facts)


def measure(count: int) -> Figures:
    """Approve `count` applications at 300 a minute in an installation of its own, and look what the server got."""
    folder = short_folder("cs-ap-")
    try:
        with postgres.running() as database, valkey.running() as broker, smtp_sink.running(TimedSink()) as sink:
            assert isinstance(sink, TimedSink)
            environment = _environment(folder, database.url, broker.url, sink.port)
            _run(environment, "manage.py", "make_signing_key")
            _run(environment, "manage.py", "migrate", "-v0")
            _run(environment, "-m", "bench.approval_scene", str(count), str(folder / "scene"))
            with _workers(folder, environment):
                committed = _approved(environment)
                wait_until(lambda: _links_of(database.url) <= _ids(sink), LAST_MAIL, 0.1)
            return _figures(database.url, sink, committed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _figures(database_url: str, sink: TimedSink, committed: Mapping[str, float]) -> Figures:
    with psycopg.connect(database_url) as connection:
        queued = connection.execute(_SENT).fetchall()
    at: dict[str, float] = {}
    for message_id, when in sink.accepted:
        at.setdefault(message_id, when)
    seconds = [
        at[message_id] - committed[reference]
        for kind, reference, message_id in queued
        if kind == "grant-issued" and message_id in at and reference in committed
    ]
    wanted: dict[str, list[str]] = defaultdict(list)
    reference_of = {}
    for _kind, reference, message_id in queued:
        wanted[reference].append(message_id)
        reference_of[message_id] = reference
    came: dict[str, list[str]] = defaultdict(list)
    for message_id, _when in sink.accepted:
        came[reference_of.get(message_id, "")].append(message_id)
    times = Counter(message_id for message_id, _when in sink.accepted)
    return Figures(
        seconds=seconds,
        took=max(committed.values()) - min(committed.values()),
        mails=len(sink.accepted),
        twice=sum(number > 1 for number in times.values()),
        in_order=sum(came[reference] == wanted[reference] for reference in committed),
    )


def _links_of(database_url: str) -> set[str]:
    with psycopg.connect(database_url) as connection:
        return {message_id for kind, _reference, message_id in connection.execute(_SENT) if kind == "grant-issued"}


def _ids(sink: TimedSink) -> set[str]:
    return {message_id for message_id, _when in sink.accepted}


def _approved(environment: dict[str, str]) -> dict[str, float]:
    """Return when the approval of each application was committed."""
    said = _run(environment, "-m", "bench.approval_decisions", str(60 / PER_MINUTE))
    return {reference: float(when) for reference, when in map(str.split, said.splitlines())}


@contextmanager
def _workers(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run worker and beat as an embedded installation does, and end them by their processes."""
    running: list[Child] = []
    try:
        for part in (parts.worker(), parts.beat(folder / "beat")):
            running.append(_started(part, folder, environment))
        yield
    finally:
        for child in reversed(running):
            child.stop(30)


def _started(part: Part, folder: Path, environment: dict[str, str]) -> Child:
    child = Child(part.name, part.command, log=folder / f"{part.name}.log", environment=environment | part.environment)
    if not wait_until(lambda: part.ready(child) or not child.alive, 60) or not child.alive:
        child.stop()
        raise RuntimeError(f"{part.name} did not start: {child.output()[-2000:]}")
    return child


def _run(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], check=True, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _environment(folder: Path, database_url: str, broker_url: str, smtp_port: int) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    stores = {f"COUNTERSIGN_VAULT_{name}": f"folder:{folder}/{name}" for name in ("ARCHIVES", "DELIVERY", "PAPERS")}
    return (
        outside
        | stores
        | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "COUNTERSIGN_ENV_FILE": "",
            "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
            "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "COUNTERSIGN_SIGNING_KEY": str(folder / "signing-key.p12"),
            "COUNTERSIGN_SIGNING_PASSPHRASE": secrets.token_urlsafe(20),
            "COUNTERSIGN_DATABASE_URL": database_url,
            "COUNTERSIGN_REDIS_URL": broker_url,
            "COUNTERSIGN_SITE_URL": "http://127.0.0.1:8000",
            "COUNTERSIGN_SMTP_HOST": "127.0.0.1",
            "COUNTERSIGN_SMTP_PORT": str(smtp_port),
            "COUNTERSIGN_SMTP_SECURITY": "none",
            "COUNTERSIGN_NAME_SERVERS": "none",
        }
    )


if __name__ == "__main__":
    main()
