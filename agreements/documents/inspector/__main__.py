"""Command line of the inspector: one file by pipe, or the service with `--spool DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def main() -> int:
    arguments = argparse.ArgumentParser(prog="inspector", description="Looks inside PDF files that strangers sent.")
    arguments.add_argument("--spool", type=Path, metavar="DIR", help="serve the requests that appear in a folder")
    asked = arguments.parse_args()
    if asked.spool is None:
        from agreements.documents.inspector.one_file import serve

        serve(sys.stdin.buffer, sys.stdout.buffer)
        return 0
    from agreements.documents.inspector.spool import watch

    watch(asked.spool)
    return 0


if __name__ == "__main__":
    sys.exit(main())
