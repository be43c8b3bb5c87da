"""Programs that a test needs and that no wheel brings. Missing ones are skipped with the reason, or fail the run."""

from __future__ import annotations

import os
import shutil

import pytest

# program -> (other names of it, Debian package)
KNOWN: dict[str, tuple[tuple[str, ...], str]] = {
    "chromium": (("chromium-browser", "google-chrome"), "chromium"),
    "7z": (("7zz",), "p7zip-full"),
    "aria2c": ((), "aria2"),
    "bsdtar": ((), "libarchive-tools"),
    "pdftotext": ((), "poppler-utils"),
    "pdfsig": ((), "poppler-utils"),
    "pdftk": ((), "pdftk-java"),
    "curl": ((), "curl"),
    "wget": ((), "wget"),
    "dovecot": ((), "dovecot-imapd"),
    "heif-enc": ((), "libheif-examples"),
}
NOTHING_SKIPPED = "COUNTERSIGN_TEST_NOTHING_SKIPPED"


def find(program: str) -> str | None:
    """Return the path of a program, or None."""
    return next(filter(None, map(shutil.which, (program, *KNOWN[program][0]))), None)


def path_of(program: str) -> str:
    """Return the path of a program. Without it the test is skipped, or fails where nothing may be skipped."""
    found = find(program)
    if found is not None:
        return found
    reason = f"{program} is not installed (Debian package {KNOWN[program][1]})"
    if os.environ.get(NOTHING_SKIPPED):
        pytest.fail(reason)
    pytest.skip(reason)
