"""manage.py verify_agreement FILE"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from agreements.flows.verifying import verify

NOT_READ: Final = 2


class Command(BaseCommand):
    help = (
        "Say whether a file is a paper of this portal, unaltered, and in force, in the words of the page /verify/. "
        "Exits with 0 if it is ours, unaltered (or only filled in or signed) and in force; with 1 if it is not ours, "
        "was altered, or cannot be vouched for; with 2 if it could not be read; with 3 if it is ours and not in force."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file, a PDF")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer and leave with its code."""
        try:
            with options["file"].open("rb") as source:
                verdict = verify(source.read(settings.SIGNED_COPY_LIMIT + 1))
        except OSError as failure:
            raise CommandError(f"{options['file']}: {failure.strerror}", returncode=NOT_READ) from None
        except DatabaseError as failure:
            raise CommandError(f"the database cannot be read: {failure}", returncode=NOT_READ) from None
        self.stdout.write("\n  ".join((verdict.headline, *verdict.sentences)))
        sys.exit(verdict.exit_code)
