"""`make demo`: prepare, walk one application through as proof, and stay up for a person to try."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from rich.console import Console

from demo.installation import REVIEWER, STEWARD, Installation
from portal.embedded.children import ROOT
from portal.embedded.supervisor import StartFailed

RESEARCHER = "bob@connect.ust.hk"
console = Console(highlight=False, soft_wrap=True)


def main() -> int:
    """Return 0 when every step of the walk held and the record is clean."""
    asked = _arguments()
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    folder = Path(tempfile.mkdtemp(prefix="countersign-demo-"))
    installation = Installation(folder)
    try:
        _start(installation)
        failed = _walk(installation, asked.keep) or _check_the_record(installation, asked.keep)
        if failed and not asked.once:
            console.print("The walk did not hold, but the site stays up to be looked at.", style="bold red")
        if not asked.once:
            _stay(installation, stopping)
    except StartFailed as failure:
        console.print(str(failure), markup=False)
        failed = True
    finally:
        if asked.keep is not None:
            shutil.copytree(folder / "logs", asked.keep / "logs", dirs_exist_ok=True)
        installation.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


def _start(installation: Installation) -> None:
    console.print(f"Preparing an installation in {installation.folder}: database, dataset, sample archives ...")
    installation.start_sink()
    installation.prepare()
    console.print("Starting broker, pages, downloads, worker and clock ...")
    installation.supervisor.start()
    console.print(f"Serving {installation.supervisor.site_url}, mails at {installation.viewer_url}")


def _walk(installation: Installation, keep: Path | None) -> bool:
    """Run the walker as a process of its own; return whether it failed."""
    where = ["--base", installation.supervisor.site_url, "--mails", str(installation.mails)]
    people = ["--reviewer", REVIEWER, "--steward", STEWARD]
    source = ["--source", str(installation.sources["train40"])]
    kept = ["--keep", str(keep)] if keep else []
    walker = [sys.executable, "-m", "demo.walk", *where, *people, *source, *kept]
    return subprocess.run(walker, check=False, cwd=ROOT).returncode != 0


def _check_the_record(installation: Installation, keep: Path | None) -> bool:
    """Verify the ledger and, if asked for, keep an export of it; return whether that failed."""
    try:
        console.print(f"\nverify_ledger: {installation.manage('verify_ledger').strip()}", markup=False)
        if keep is not None:
            (keep / "ledger.jsonl").write_text(installation.manage("export_ledger"), encoding="utf-8")
            console.print(f"kept in {keep}: {', '.join(sorted(path.name for path in keep.iterdir()))}", markup=False)
    except StartFailed as failure:
        console.print(str(failure), markup=False)
        return True
    return False


def _stay(installation: Installation, stopping: threading.Event) -> None:
    environment = installation.write_environment()
    console.print(
        f"""
The site is up. Sign in with an address; the code arrives in the mail viewer.
    site         {installation.supervisor.site_url}
    mails        {installation.viewer_url}
    researcher   {RESEARCHER} (or any other address)
    reviewer     {REVIEWER}
    steward      {STEWARD}
    commands     COUNTERSIGN_ENV_FILE={environment} .venv/bin/python manage.py check_vault
    inbox        {installation.inbox} (a folder or zip put there can be published on the steward's desk)
Ctrl-C stops it and removes everything.""",
        markup=False,
    )
    while not stopping.wait(0.2):
        for name in installation.supervisor.watch_once():
            console.print(f"{name} had died and was started again")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo", description="An installation, proved and left running.")
    parser.add_argument("--once", action="store_true", help="do the walk and exit")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep raw mails, headers, archive, ledger and logs")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
