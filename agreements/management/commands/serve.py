"""`manage.py serve`: the whole installation on one machine, in the foreground."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Run every process of an embedded installation (pages, downloads, worker, clock, broker) until Ctrl-C."
    # The supervisor brings the database up to date itself.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--home", help="folder for logs and the broker's data (default: var)")
        parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, help="port of the pages (default: 8000; 0: a free one)")
        parser.add_argument("--delivery-port", type=int, help="port of the downloads (default: 8001; 0: a free one)")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Become the supervisor, which is no part of this package and needs nothing of Django."""
        names = ("home", "host", "port", "delivery_port")
        given = [f"--{name.replace('_', '-')}={options[name]}" for name in names if options[name] is not None]
        os.execv(sys.executable, [sys.executable, "-m", "portal.embedded", *given])  # noqa: S606 - no shell is meant
