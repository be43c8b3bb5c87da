"""Whether a process of the portal is well, for a container's health check: exits 0 or 1. Standard library only.

`healthy.py http://127.0.0.1:8000/healthz`    an address answers with success
`healthy.py /spool/.alive 15`                 a file (or pattern) was touched in the last 15 seconds
"""

from __future__ import annotations

import glob
import os
import sys
import time
import urllib.request


def main(what: str, seconds: str = "4") -> int:
    """Return 0 if it is well. What goes wrong is said on standard error, which the container engine keeps."""
    try:
        if what.startswith("http://"):
            urllib.request.urlopen(what, timeout=float(seconds)).close()  # noqa: S310 - the scheme was just looked at
            return 0
        age = time.time() - max(map(os.path.getmtime, glob.glob(what)))  # noqa: PTH207 - a pattern with its folder
    except (OSError, ValueError) as reason:
        sys.stderr.write(f"{what}: {reason}\n")
        return 1
    return 0 if age < float(seconds) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
