"""`python -m portal.embedded`: the whole installation in the foreground, until it is told to stop."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from portal import environment_file, first_run
from portal.embedded.children import PRIVATE, ROOT
from portal.embedded.supervisor import Plan, StartFailed, Supervisor
from portal.privacy import hide_from_same_user


def main() -> int:
    """Serve until SIGINT or SIGTERM. Returns 1 when a part did not start, with the reason on standard error."""
    asked = _arguments()
    os.umask(PRIVATE)
    hide_from_same_user()
    environment_file.load()
    first_run.complete()
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    supervisor = Supervisor(
        Plan(home=asked.home, host=asked.host, web_port=asked.port, delivery_port=asked.delivery_port)
    )
    try:
        supervisor.prepare()
        supervisor.start()
    except StartFailed as failure:
        supervisor.stop()
        sys.stderr.write(f"{failure}\n")
        return 1
    sys.stderr.write(f"Serving {supervisor.site_url} (logs in {asked.home / 'logs'}); Ctrl-C stops it.\n")
    while not stopping.wait(0.2):
        for name in supervisor.watch_once():
            sys.stderr.write(f"{name} had died and was started again\n")
    supervisor.stop()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="serve", description="Run every process of an embedded installation.")
    parser.add_argument("--home", type=Path, default=ROOT / "var", help="folder for logs and the broker's data")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8000, help="port of the pages (0: a free one)")
    parser.add_argument("--delivery-port", type=int, default=8001, help="port of the downloads (0: a free one)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
