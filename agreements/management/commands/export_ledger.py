"""manage.py export_ledger"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.ledger.export import lines


class Command(BaseCommand):
    help = "Write the whole record as JSON Lines, oldest row first, to standard output or to a file."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="where to write; standard output if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the rows. Raises CommandError where the file is there already or cannot be written."""
        if not options["file"]:
            for line in lines():
                self.stdout.write(line)
            return
        written = 0
        try:
            with Path(options["file"]).open("x", encoding="utf-8", newline="\n") as target:
                for line in lines():
                    target.write(line + "\n")
                    written += 1
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        self.stdout.write(f"{written} rows written to {options['file']}")
