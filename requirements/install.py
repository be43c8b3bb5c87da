"""Makes `.venv` from one of the hashed locks: `install.py demo` or `install.py dev`. Needs Python alone.

A lock that changed makes the environment anew. `dev` holds everything that `demo` holds, so it serves for both.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE.parent / ".venv"


def main(wanted: str) -> int:
    """Return 0 when `.venv` holds the lock's packages; otherwise say what is missing and return 1."""
    if problem := _missing():
        sys.stderr.write(f"{problem}\n")
        return 1
    stamps = {name: VENV / f".installed-{name}" for name in ("demo", "dev")}
    if any(_fresh(stamps[name], name) for name in {wanted, "dev"}):
        return 0
    if VENV.is_symlink():
        sys.stderr.write(
            f".venv is a link to {VENV.resolve()}, which lacks this lock: nothing is installed through it.\n"
        )
        return 1
    outdated = any(stamp.exists() and not _fresh(stamp, name) for name, stamp in stamps.items())
    if outdated or not (VENV / "bin" / "python").exists():
        sys.stderr.write("Making .venv ...\n")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    sys.stderr.write(f"Installing requirements/{wanted}.lock into .venv (once; one to three minutes) ...\n")
    pip = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    lock = ["--require-hashes", "--no-deps", "--requirement", str(HERE / f"{wanted}.lock")]
    done = subprocess.run([*pip, *lock], check=False)
    if done.returncode:
        sys.stderr.write("pip could not install the lock: see above. Nothing else was changed.\n")
        return done.returncode
    stamps[wanted].write_text(_digest(wanted))
    return 0


def _missing() -> str:
    """Return what stands in the way, or nothing."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the point is to say so to an older Python
        found = sys.version.split()[0]
        return f"Python 3.11 or newer is needed, this is {found}. Name another: make PYTHON=/path/to/python3.11 ..."
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "Python's venv module is missing. On Debian or Ubuntu: apt-get install python3-venv"
    try:
        import sqlite3  # noqa: F401
        import ssl  # noqa: F401
    except ImportError as error:
        return f"This Python was built without {error.name}; use another: make PYTHON=/path/to/python3.11 ..."
    return ""


def _digest(name: str) -> str:
    return hashlib.sha256((HERE / f"{name}.lock").read_bytes()).hexdigest()


def _fresh(stamp: Path, name: str) -> bool:
    return stamp.exists() and stamp.read_text() == _digest(name)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in {"demo", "dev"}:
        sys.exit("usage: install.py demo|dev")
    sys.exit(main(sys.argv[1]))
