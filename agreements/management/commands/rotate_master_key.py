"""manage.py rotate_master_key, and manage.py rotate_master_key --compromised N"""

from __future__ import annotations

import base64
import secrets
import sys
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.core.secrets import key_ring
from agreements.flows import keys
from agreements.keys import master_keys
from agreements.management import key_file
from agreements.management.bars import adding, telling

RESTART: Final = "Restart every process now (web, delivery, worker, beat, on all machines)"


class Command(BaseCommand):
    help = (
        "Add a master key: new seals and links are made under the highest number, older keys go on serving what was "
        "made under them. With --compromised N: replace everything that hangs on key N, which others may know."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--compromised", metavar="N", type=int, help="the number of the key that others may know")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--show-key",
            action="store_true",
            help="print the new key for the environment even if the output is no terminal, where it may be kept",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["compromised"] is None:
                self._add(dry_run=options["dry_run"], show=options["show_key"])
            else:
                self._replace(options["compromised"], dry_run=options["dry_run"], asked=options["yes"])
        except DomainError as refused:
            raise CommandError(str(refused)) from None

    def _add(self, *, dry_run: bool, show: bool) -> None:
        number, ring = keys.next_number(), key_ring()
        kind, place = settings.MASTER_KEYS_SOURCE
        if lost := master_keys.missing(ring):
            self.stderr.write(f"Not configured though rows name them: {', '.join(map(str, lost))}. Put them back.")
        if dry_run:
            where = {"file": f"to {place}", "line": f"to the line {key_file.SETTING} in {place}"}
            self.stdout.write(f"Key {number} would be added {where.get(kind, 'by you, to the environment')}.")
            return
        item = f"{number}:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        try:
            path = key_file.add(settings.MASTER_KEYS_SOURCE, item)
        except key_file.CannotWrite as reason:
            self._tell(item, number, str(reason), show=show)
        else:
            self.stdout.write(f"Master key {number} was added to {path}.")
            self.stdout.write(
                f"{RESTART}; if they read another copy of that file, copy it there first. From then on new seals and "
                f"links are made under key {number}. Keep a copy of the file apart from the database's backups."
            )

    def _tell(self, item: str, number: int, reason: str, *, show: bool) -> None:
        """Print the key for the operator to put there. It goes to the terminal alone, never through a log."""
        if not (show or self.stdout.isatty()):
            raise CommandError(
                f"No key was added: {reason}. The new key would have to be printed here, and this is no terminal. "
                "Run it in one, or say --show-key if the output is kept nowhere."
            )
        self.stdout.write(f"Nothing was written: {reason}. Add this to the end of {key_file.SETTING}:\n")
        self.stdout.write(f"    ,{item}\n")
        self.stdout.write(
            f"In .env for containers, or wherever your processes get their environment; if a file is named by "
            f"{key_file.SETTING}_FILE, as a line of its own and without the comma. {RESTART}; from then on new seals "
            f"and links are made under key {number}. This key is shown once and is kept nowhere here."
        )

    def _replace(self, number: int, *, dry_run: bool, asked: bool) -> None:
        if dry_run:
            # First how much it is, then why it cannot be done yet: whoever decides wants to know both.
            self._say(keys.outlook(number))
            keys.plan(number)
            return
        planned = keys.plan(number)
        self._say(planned)
        if not asked:
            self._ask(number)
        words = {"renewing": "Renewing"}
        try:
            with telling(words, write=self.stderr.write, is_terminal=sys.stderr.isatty(), in_bytes=False) as tell:
                keys.replace(number, by=job("rotate_master_key"), told=adding(tell, "renewing", planned.steps))
        except KeyboardInterrupt:
            raise CommandError("Interrupted. Links made under it are ended already; run it again to go on.") from None
        self.stdout.write(
            f"Nothing that was made under key {number} opens anything any more; archives are still traced."
        )
        for archive in keys.shared_archives(number):
            self.stdout.write(f"  {archive}: still handed out under its shared seal until the next one is ready.")
        self.stdout.write(
            f"If a process ran without key {planned.current} until now, restart it and run this once more: that ends "
            "what the process made. Do not remove the old key: trace needs it."
        )
        if planned.bars:
            self.stdout.write(
                f"Without key {number}, {planned.bars} bars on erased people would stop nobody: nothing else says "
                "whom they name. With it, and the database, others can tell whether an address is among them."
            )

    def _say(self, planned: keys.Plan) -> None:
        lines = [
            (planned.seals, "passwords are replaced; each person is told by mail"),
            (planned.links, "links end"),
            (planned.member_invitations, "invitations to members get another address and are mailed again"),
            (planned.staff_invitations, "invitations to roles are made anew and mailed again"),
            (planned.second_factors, "second factors are sealed anew; nobody notices"),
            (planned.generations, "shared archives are sealed anew, as their next generation"),
            (planned.agreements, "printed agreements: the codes on their pages are no longer trusted"),
            (planned.bars, f"bars on erased people stay under it: without key {planned.key_number} they stop nobody"),
        ]
        by = f"key {planned.current}" if planned.current != planned.key_number else "a new key"
        self.stdout.write(f"Master key {planned.key_number}, to be replaced by {by}:")
        for count, what in lines:
            self.stdout.write(f"  {count:>7} {what}")

    def _ask(self, number: int) -> None:
        try:
            answer = input(f"Type {number} to go on: ")
        except EOFError:
            raise CommandError("No answer can be read here: say --yes.") from None
        if answer.strip() != str(number):
            raise CommandError("Nothing was changed.")
