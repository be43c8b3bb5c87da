"""A whole embedded installation for the fault tests, run by its own command, with a broker that tests may stop."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from portal.embedded.children import ROOT, Child, wait_until
from portal.embedded.ports import short_folder
from tests.faults.database import Database
from tests.faults.mail_server import MailServer
from tests.faults.processes import kill
from tests.faults.visitor import Visitor
from tests.services import valkey
from tests.services.ports import free_port
from tests.services.valkey import Valkey

LONG_AGO = "2020-01-01 00:00:00+00:00"
VERDICT = """
import django; django.setup()
from agreements.ledger.verify import verify
verdict = verify()
print(verdict.fault or 'holds', verdict.rows)
"""


@dataclass
class Installation:
    """Everything that runs, and where to look."""

    folder: Path
    environment: dict[str, str]
    database: Database
    broker: Valkey
    mails: MailServer
    web_port: int
    sessions: dict[str, str] = field(default_factory=dict)
    applications: dict[str, str] = field(default_factory=dict)
    pages_wake_again_at: float = 0.0
    _program: Child | None = None
    _used: int = 0

    @property
    def site(self) -> str:
        """The address of the pages."""
        return f"http://127.0.0.1:{self.web_port}"

    def start(self) -> None:
        """Start every process and wait until all are ready."""
        ports = ["--port", str(self.web_port), "--delivery-port", str(free_port())]
        command = [sys.executable, "-m", "portal.embedded", "--home", str(self.folder), *ports]
        self._program = Child("serve", command, log=self.folder / "serve.log", environment=self.environment)
        if not wait_until(lambda: "Serving " in self.said() or not self.program.alive, 90) or not self.program.alive:
            raise RuntimeError(f"the installation did not start:\n{self.said()}")

    def stop(self) -> None:
        """Stop every process."""
        if self._program is not None:
            self._program.stop(30)

    @property
    def program(self) -> Child:
        """The supervisor."""
        assert self._program is not None
        return self._program

    def said(self) -> str:
        """Return what the supervisor printed."""
        return self.program.output()

    def log(self, part: str) -> str:
        """Return what a part printed so far."""
        return (self.folder / "logs" / f"{part}.log").read_text(errors="replace")

    def pid(self, part: str) -> int:
        """Return the process of a part as the supervisor knows it now."""
        state = json.loads((self.folder / "running.json").read_text())
        return int(state["pids"][part])

    def kill(self, part: str) -> int:
        """`kill -9` a part's main process and return what its number was."""
        old = self.pid(part)
        kill(old)
        return old

    def visitor(self, name: str = "") -> Visitor:
        """Return a browser, signed in as somebody if a name is given."""
        return Visitor(self.site, session=self.sessions.get(name, ""))

    def next_applicant(self) -> tuple[Visitor, str, str]:
        """Return somebody whose application is ready to be submitted: the browser, the reference, the address."""
        name = f"alice{self._used}"
        self._used += 1
        return self.visitor(name), self.applications[name], f"{name}@connect.ust.hk"

    def settle(self) -> None:
        """Wait until no work is left over: what one test leaves must not slow down the next."""
        if self.waiting():
            self.do_now()
        assert wait_until(lambda: not self.waiting(), 60, 0.1), f"work is left over: {self.waiting()}"

    def waiting(self) -> list[str]:
        """Return what is still to be done, in words."""
        return [
            *(f"mail {kind} to {to}" for kind, to in self.database.rows(_QUEUED)),
            *(f"inspection {row[0]}" for row in self.database.rows(_INSPECTIONS)),
            *(f"evidence {row[0]}" for row in self.database.rows(_EVIDENCE)),
        ]

    def do_now(self) -> None:
        """Let leases and pauses be over, as if their time had passed."""
        self.database.change(
            "UPDATE agreements_outboxmessage SET leased_until = NULL, next_attempt_at = ? WHERE state = 'queued'",
            LONG_AGO,
        )
        self.database.change("UPDATE agreements_inspection SET due_at = ? WHERE state = 'pending'", LONG_AGO)
        self.database.change("UPDATE agreements_evidencerun SET due_at = ? WHERE state = 'pending'", LONG_AGO)

    def state_of(self, reference: str) -> str:
        """Return the state of an application."""
        return str(self.database.value("SELECT state FROM agreements_application WHERE reference = ?", reference))

    def evidence_of(self, reference: str) -> tuple[str, str]:
        """Return state and digest of the newest evidence on an application."""
        row = self.database.rows(_NEWEST_EVIDENCE, reference)
        return (str(row[0][0]), str(row[0][1])) if row else ("", "")

    def inspection_of(self, reference: str) -> tuple[str, str]:
        """Return state and reason of the inspection of the current signed copy."""
        row = self.database.rows(_INSPECTION, reference)
        return (str(row[0][0]), str(row[0][1])) if row else ("", "")

    def ledger_verdict(self) -> str:
        """Return `holds` and the number of rows, or what is wrong."""
        return self.python(VERDICT)

    def python(self, *arguments: str) -> str:
        """Run a program, or a module with its arguments, in this installation's environment."""
        first = ["-c"] if "\n" in arguments[0] else ["-m"]
        done = subprocess.run(
            [sys.executable, *first, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=self.environment,
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout.strip()


_QUEUED = "SELECT kind, recipient FROM agreements_outboxmessage WHERE state = 'queued'"
_INSPECTIONS = "SELECT id FROM agreements_inspection WHERE state = 'pending'"
_EVIDENCE = "SELECT id FROM agreements_evidencerun WHERE state = 'pending'"
_NEWEST_EVIDENCE = """
    SELECT run.state, run.digest FROM agreements_evidencerun run
    JOIN agreements_submission s ON s.id = run.submission_id
    JOIN agreements_application a ON a.id = s.application_id
    WHERE a.reference = ? ORDER BY run.id DESC
"""
_INSPECTION = """
    SELECT i.state, i.reason FROM agreements_inspection i
    JOIN agreements_signedcopy c ON c.document_id = i.document_id
    JOIN agreements_application a ON a.id = c.application_id
    WHERE a.reference = ? AND c.replaced_at IS NULL
"""


@contextmanager
def running(*, applicants: int, database_url: str = "", papers: Path | None = None) -> Iterator[Installation]:
    """Make an installation in a folder of its own, start it, fill it, and remove it at the end.

    `applicants` is how many applications are to be ready to be submitted; each test takes those it needs.
    """
    folder = short_folder("cs-ft-")
    mails = MailServer()
    mails.start()
    address = database_url or f"sqlite:///{folder / 'countersign.sqlite3'}"
    with valkey.running() as broker:
        web_port = free_port()
        environment = _environment(folder, address, broker, mails, web_port)
        if papers is not None:
            environment["COUNTERSIGN_VAULT_PAPERS"] = f"folder:{papers}"
        made = Installation(folder, environment, Database(address), broker, mails, web_port)
        try:
            made.start()
            filled: dict[str, Any] = json.loads(made.python("tests.faults.prepare", str(folder), str(applicants)))
            made.sessions, made.applications = filled["sessions"], filled["applications"]
            yield made
        finally:
            made.stop()
            mails.stop()
            if keep := os.environ.get("COUNTERSIGN_KEEP_LOGS"):
                with suppress(OSError):
                    shutil.copytree(folder / "logs", Path(keep) / folder.name, dirs_exist_ok=True)
            shutil.rmtree(folder, ignore_errors=True)


def _environment(folder: Path, address: str, broker: Valkey, mails: MailServer, web_port: int) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("COUNTERSIGN_", "DJANGO_"))}
    return outside | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
        "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "COUNTERSIGN_DATABASE_URL": address,
        "COUNTERSIGN_REDIS_URL": broker.url,
        "COUNTERSIGN_SITE_URL": f"http://127.0.0.1:{web_port}",
        "COUNTERSIGN_STATIC_ROOT": str(folder / "static"),
        "COUNTERSIGN_VAULT_ARCHIVES": f"folder:{folder / 'archives'}",
        "COUNTERSIGN_VAULT_DELIVERY": f"folder:{folder / 'delivery'}",
        "COUNTERSIGN_INBOX": str(folder / "inbox"),
        "COUNTERSIGN_VAULT_PAPERS": f"folder:{folder / 'papers'}",
        "COUNTERSIGN_SIGNING_KEY": str(folder / "signing-key.p12"),  # made when it starts, and used by `prepare`, too
        "COUNTERSIGN_SMTP_HOST": "127.0.0.1",
        "COUNTERSIGN_SMTP_PORT": str(mails.port),
        "COUNTERSIGN_SMTP_SECURITY": "none",
        "COUNTERSIGN_STAFF_MFA": "no",
    }
