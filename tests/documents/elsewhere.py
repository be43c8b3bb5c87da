"""What another process makes of the same paper: nothing of it may hang on memory or on the order of a set."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings


def digests(module: str, function: str) -> set[str]:
    """Return the SHA-256 sums of what a function returns in two other processes, with other seeds of hashes."""
    program = (
        "import hashlib; from django.conf import settings; "
        f"settings.configure(USE_I18N=False, SITE_URL={settings.SITE_URL!r})\n"
        f"from {module} import {function}\n"
        f"print(hashlib.sha256({function}()).hexdigest())"
    )
    return {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
