"""An embedded installation in a fresh folder: keys, database, vault, mail sink, dataset, sample archives, people."""

from __future__ import annotations

import base64
import os
import secrets
import socket
import sys
from pathlib import Path

from demo import samples
from portal import environment_file
from portal.embedded.children import ROOT, Child, wait_until
from portal.embedded.ports import free_port
from portal.embedded.supervisor import Plan, StartFailed, Supervisor

DATASET = "genebody"
STEWARD, REVIEWER = "dan@lab.example", "carol@lab.example"


class Installation:
    """Everything that runs for the demo, and where."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mails = folder / "mails"
        self.smtp_port, self.viewer_port = free_port(), free_port()
        self.supervisor = Supervisor(Plan(home=folder, environment=self._settings()))
        self.sink: Child | None = None
        self.sources: dict[str, Path] = {}

    @property
    def viewer_url(self) -> str:
        """The address of the mail viewer."""
        return f"http://127.0.0.1:{self.viewer_port}"

    def start_sink(self) -> None:
        """Start the SMTP sink and its viewer. Raises StartFailed."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        ports = ["--smtp", f"127.0.0.1:{self.smtp_port}", "--viewer", f"127.0.0.1:{self.viewer_port}"]
        command = [sys.executable, "-m", "demo.sink", *ports, "--folder", str(self.mails)]
        self.sink = Child("sink", command, log=self.folder / "logs" / "sink.log", folder=ROOT)
        if not wait_until(lambda: _listens(self.smtp_port) and _listens(self.viewer_port), 20):
            raise StartFailed(f"the mail sink does not listen:\n{self.sink.output()}")

    def prepare(self) -> None:
        """Make the tables, load the dataset with its first steward, publish the samples."""
        self.supervisor.prepare()
        file = str(self.folder / "settings.env")
        dataset = ["--dataset", str(ROOT / "datasets" / DATASET), "--steward", STEWARD]
        self.manage("setup", "--non-interactive", "--env-file", file, *dataset)
        self.inbox.mkdir(parents=True)
        made = samples.make(self.folder / "samples")
        self.manage("load_dataset", str(ROOT / "datasets" / DATASET), "--preview", str(made.preview))
        (self.folder / "inbox" / DATASET).mkdir(mode=0o750, parents=True, exist_ok=True)
        self.sources = {"test10": made.test10, "train40": made.train40}
        for subset, source in self.sources.items():
            self.manage("publish_archive", f"{DATASET}/{subset}", str(source))

    def write_environment(self) -> Path:
        """Write what the parts run with into a file, and return it: with it manage.py runs in this installation."""
        path = self.folder / "demo.env"
        mine = {name: value for name, value in self.supervisor.environment.items() if name.startswith("COUNTERSIGN_")}
        environment_file.append(path, {name: value for name, value in sorted(mine.items()) if value})
        return path

    @property
    def inbox(self) -> Path:
        """Where files for publishing in the browser are put by hand."""
        return self.folder / "inbox" / DATASET

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py in this installation and return what it printed."""
        return self.supervisor.manage(*arguments)

    def stop(self) -> None:
        """Stop everything."""
        self.supervisor.stop()
        if self.sink is not None:
            self.sink.stop()

    def _settings(self) -> dict[str, str]:
        outside = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
        return outside | {
            "COUNTERSIGN_ENV_FILE": "",
            "COUNTERSIGN_SECRET_KEY": secrets.token_urlsafe(50),
            "COUNTERSIGN_MASTER_KEYS": "1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
            "COUNTERSIGN_SIGNING_PASSPHRASE": secrets.token_urlsafe(32),
            "COUNTERSIGN_DATABASE_URL": f"sqlite:///{self.folder / 'countersign.sqlite3'}",
            "COUNTERSIGN_VAULT_ARCHIVES": f"folder:{self.folder / 'archives'}",
            "COUNTERSIGN_VAULT_DELIVERY": f"folder:{self.folder / 'delivery'}",
            "COUNTERSIGN_INBOX": str(self.folder / "inbox"),
            "COUNTERSIGN_VAULT_PAPERS": f"folder:{self.folder / 'papers'}",
            "COUNTERSIGN_SMTP_HOST": "127.0.0.1",
            "COUNTERSIGN_SMTP_PORT": str(self.smtp_port),
            "COUNTERSIGN_SMTP_SECURITY": "none",
            "COUNTERSIGN_MAIL_FROM": "GeneBody access <access@lab.example>",
            # A person who tries the demo has no authenticator at hand. Nowhere else is this off.
            "COUNTERSIGN_STAFF_MFA": "no",
        }


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
