"""manage.py import_ror v1.63-2025-04-03-ror-data.zip"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.identity import registry_loading
from agreements.identity.registry_loading import Plan
from agreements.identity.sources import AlreadyLoaded
from agreements.management.bars import Tell, telling

READING: Final = {"reading": "Reading"}
WRITING: Final = {"writing": "Writing"}
INTERRUPTED: Final = "Interrupted; nothing was changed."
# What the counts are called, in the order in which they are said.
SAID: Final = {
    "organizations": "active organizations",
    "domains": "domains of their own",
    "websites": "hosts of websites, for organizations without such a domain or beside it",
    "not_active": "inactive or withdrawn records passed over",
    "dropped_public_suffix": "domains dropped: bare public suffixes",
    "dropped_unreadable": "domains dropped: not readable as one",
    "dropped_website_public_suffix": "websites dropped: on a bare public suffix",
    "dropped_website_shared_host": "websites dropped: on a host that is everybody's",
    "dropped_website_a_page_of_somebody": "websites dropped: a page on a host that is somebody else's",
    "dropped_website_shared_by_strangers": "websites dropped: on a host shared by organizations that are not related",
    "dropped_website_unreadable": "websites dropped: no host, or none by name",
}


class Command(BaseCommand):
    help = (
        "Load a dump of the Research Organization Registry, schema v2: the zip as it is published, or the JSON out of "
        "it (docs/operations.md). What is loaded now stays for the evidence that names it. Exits 0 also where the file "
        "is loaded already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the zip or JSON file")
        parser.add_argument("--release", default="", help="its version, where the file's name does not say it: v1.63")
        parser.add_argument("--released-on", type=_day, metavar="DATE", help="the same for its day: 2025-04-03")
        parser.add_argument("--dry-run", action="store_true", help="say what the file holds, and write nothing")
        parser.add_argument(
            "--may-be-smaller", action="store_true", help="take a file with less than half of what is loaded"
        )
        parser.add_argument(
            "--forget-older-than",
            type=int,
            metavar="DAYS",
            help="afterwards, delete the organizations of loads that were replaced longer ago",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            self._load(path, options)
            if options["forget_older_than"] is not None and not options["dry_run"]:
                gone = registry_loading.forget(older_than=dt.timedelta(days=options["forget_older_than"]))
                self.stdout.write(f"Forgotten of earlier loads: {gone:,} organizations.")
        except DomainError as refused:
            raise CommandError(str(refused)) from None
        except OSError as problem:
            raise CommandError(f"{path}: {problem.strerror or problem}") from None
        except KeyboardInterrupt:
            raise CommandError(INTERRUPTED, returncode=130) from None

    def _load(self, path: Path, options: dict[str, Any]) -> None:
        terminal = sys.stderr.isatty()
        try:
            with telling(READING, write=self.stderr.write, is_terminal=terminal) as tell:
                planned = registry_loading.plan(
                    path,
                    version=options["release"],
                    released_on=options["released_on"],
                    may_be_smaller=options["may_be_smaller"],
                    tell=tell,
                )
            self._say(planned)
            if options["dry_run"]:
                self.stdout.write("This was a dry run: nothing was written.")
                return
            with telling(WRITING, write=self.stderr.write, is_terminal=terminal, in_bytes=False) as tell:
                self._write(planned, tell)
        except AlreadyLoaded as there:
            self.stdout.write(str(there))

    def _write(self, planned: Plan, tell: Tell) -> None:
        load = registry_loading.carry_out(planned, by=job("import_ror"), tell=tell)
        self.stdout.write(f"Loaded: ROR {load.version}, SHA-256 {load.sha256}.")

    def _say(self, planned: Plan) -> None:
        day = f", released on {planned.released_on}" if planned.released_on else ""
        self.stdout.write(f"ROR {planned.version}{day}:")
        for name, what in SAID.items():
            if count := planned.counts.get(name, 0):
                self.stdout.write(f"{count:>9,} {what}")


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is no day: write it like 2025-04-03.") from None
