"""What `make check` runs: every look at the code that needs no running service. All of them run; one failure fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests import signing

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PASSPHRASE = "of a key that signs nothing"
PACKAGES = ["portal", "agreements", "demo", "tests", "bench"]


def steps() -> dict[str, list[str]]:
    """Return the commands by name, in the order in which they run."""
    packages = [name for name in PACKAGES if (ROOT / name).is_dir()]
    manage = [sys.executable, "manage.py"]
    compose = ["--builtin-schema", "vendor.compose-spec", "docker-compose.yml"]
    return {
        "ruff": [str(BIN / "ruff"), "check", "."],
        "format": [str(BIN / "ruff"), "format", "--check", "."],
        "mypy": [
            str(BIN / "mypy"),
            *packages,
            "requirements",
            "manage.py",
        ],
        "layers": [str(BIN / "lint-imports"), "--no-cache"],
        "migrations": [*manage, "makemigrations", "--check", "--dry-run"],
        "django": [*manage, "check", "--deploy", "--fail-level", "WARNING"],
        "generated docs": [*manage, "write_docs", "--check"],
        "compose file": [str(BIN / "check-jsonschema"), *compose],
        "Dockerfile": [str(BIN / "hadolint"), "Dockerfile"],
        "audit": [sys.executable, "-m", "tests.audit"],
    }


def main(only: list[str]) -> int:
    """Run every step, or only those named; return how many failed."""
    console = Console(highlight=False, soft_wrap=True)
    failed = []
    with tempfile.TemporaryDirectory(prefix="cs-check-") as folder:
        environment = _environment(Path(folder))
        signing.key_for_this_run(Path(folder, "signing-key.p12"), passphrase=PASSPHRASE)
        for name, command in steps().items():
            if only and name not in only:
                continue
            started = time.monotonic()
            done = subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, text=True)
            word = "[red]failed[/]" if done.returncode else "ok"
            last_line = done.stdout.strip().rpartition("\n")[2] if name == "audit" else ""
            console.print(f"{name:<15} {word:<6} {time.monotonic() - started:5.1f} s  {last_line}")
            if done.returncode:
                failed.append(name)
                console.print((done.stdout + done.stderr).strip(), markup=False)
    console.print(f"check: {', '.join(failed)} failed" if failed else "check: everything holds")
    return len(failed)


def _environment(folder: Path) -> dict[str, str]:
    """Settings as of a site over TLS, on a database that is not there."""
    given = {
        "COUNTERSIGN_ENV_FILE": "",
        "COUNTERSIGN_SECRET_KEY": "a check needs a key of fifty characters and many kinds: 0123456789",
        "COUNTERSIGN_MASTER_KEYS": "1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "COUNTERSIGN_SITE_URL": "https://countersign.example",
        "COUNTERSIGN_ALLOWED_HOSTS": "countersign.example",
        # Off by default, since they bind other sites of the domain; Django's check wants them on.
        "COUNTERSIGN_HSTS_SUBDOMAINS": "yes",
        "COUNTERSIGN_HSTS_PRELOAD": "yes",
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{folder / 'check.sqlite3'}",
        "COUNTERSIGN_SIGNING_KEY": str(folder / "signing-key.p12"),
        "COUNTERSIGN_SIGNING_PASSPHRASE": PASSPHRASE,
        "COUNTERSIGN_STATIC_ROOT": str(folder / "static"),
        "COUNTERSIGN_VAULT_ARCHIVES": f"folder:{folder / 'archives'}",
        "COUNTERSIGN_VAULT_DELIVERY": f"folder:{folder / 'delivery'}",
        "COUNTERSIGN_INBOX": str(folder / "inbox"),
        "COUNTERSIGN_VAULT_PAPERS": f"folder:{folder / 'papers'}",
    }
    (folder / "static").mkdir()
    outside = {name: value for name, value in os.environ.items() if not name.startswith("COUNTERSIGN_")}
    return outside | given


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
