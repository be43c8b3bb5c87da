"""A real SMTP server that keeps every mail as a file, and shows them on a page. It delivers nothing anywhere.

`python -m demo.sink --smtp 127.0.0.1:2525 --viewer 127.0.0.1:8025 --folder DIR`
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.viewer import serve

SIZE_LIMIT = 32 * 1024 * 1024


class Keeper:
    """Writes each mail to `NNNN.eml`, byte for byte as it came, and its envelope to `NNNN.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._count = len(list(folder.glob("*.eml")))

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail. The `.eml` appears last and at once, so that a reader never sees a part of it."""
        content: Any = envelope.original_content or b""
        with self._lock:
            self._count += 1
            name = f"{self._count:04d}"
            facts = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "peer": str(session.peer)}
            (self._folder / f"{name}.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
            unfinished = self._folder / f"{name}.part"
            unfinished.write_bytes(content)
            unfinished.rename(self._folder / f"{name}.eml")
        return "250 kept"


def main() -> int:
    """Take mail and show it until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="demo.sink", description="Keep every mail as a file and show them on a page.")
    parser.add_argument("--smtp", required=True, metavar="HOST:PORT")
    parser.add_argument("--viewer", required=True, metavar="HOST:PORT")
    parser.add_argument("--folder", required=True, type=Path)
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    smtp_host, smtp_port = _address(asked.smtp)
    controller = Controller(
        Keeper(asked.folder),
        hostname=smtp_host,
        port=smtp_port,
        enable_SMTPUTF8=True,
        data_size_limit=SIZE_LIMIT,
    )
    controller.start()
    viewer = serve(asked.folder, *_address(asked.viewer))
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    stopping.wait()
    viewer.shutdown()
    controller.stop()
    return 0


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    sys.exit(main())
