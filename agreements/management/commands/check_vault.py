"""manage.py check_vault"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.core.sizes import size
from agreements.management import vault_checks
from agreements.management.bars import telling
from agreements.vault import stores
from agreements.vault.protocol import OutOfReach


class Command(BaseCommand):
    help = (
        "Read everything in the vault again and compare it with what the database says; exits 1 if something differs. "
        "Names what is damaged, and counts what was begun and not finished."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--papers-only", action="store_true", help="leave out the archives, which may be large")
        parser.add_argument("--quick", action="store_true", help="compare lengths only, and read the indexes")
        parser.add_argument(
            "--unused", action="store_true", help="list what lies there and is offered nowhere; no check"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["unused"]:
                self._list_unused()
                return
            self._check(quick=options["quick"], papers_only=options["papers_only"])
            if not options["papers_only"]:
                self._count_leftovers()
        except OutOfReach as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted; what was checked so far is not remembered.", returncode=130) from None

    def _check(self, *, quick: bool, papers_only: bool) -> None:
        things = [] if papers_only else [*vault_checks.packs(), *vault_checks.generations()]
        things += vault_checks.documents()
        total = sum(thing.size for thing in things)
        done = damaged = 0
        with telling({"checking": "Checking"}, write=self.stderr.write, is_terminal=sys.stderr.isatty()) as tell:
            for thing in things:
                begun = done

                def read(count: int) -> None:
                    nonlocal done
                    done += count
                    if not quick:
                        tell("checking", done, total)

                found = list(vault_checks.problems(thing, quick=quick, read=read))
                for problem in found:
                    self.stderr.write(problem)
                damaged += bool(found)
                done = begun + thing.size
        if damaged:
            raise CommandError(f"{damaged} of {len(things)} do not match what was stored.")
        how = "as long as they were when they were stored" if quick else "as they were stored"
        self.stdout.write(f"{len(things)} archives and documents are {how}.")

    def _count_leftovers(self) -> None:
        for name, store in stores.every().items():
            try:
                left = list(store.leftovers())
            except OutOfReach as error:
                # Some accounts may read and write, but not list.
                self.stderr.write(f"What is unfinished in the store of {name} is not known: {error}")
                continue
            if left:
                total, oldest = sum(one.size for one in left), min(one.touched_at for one in left)
                self.stdout.write(
                    f"The store of {name} holds {len(left)} unfinished objects, {size(total)}, the oldest last written "
                    f"to on {oldest:%Y-%m-%d}. They are removed after a week."
                )

    def _list_unused(self) -> None:
        found = list(vault_checks.unused())
        for one in found:
            self.stdout.write(f"{one.store}: {one.key}, {size(one.size)}: {one.why}.")
        self.stdout.write(f"{len(found)} unused, {size(sum(one.size for one in found))}. Nothing was deleted.")
