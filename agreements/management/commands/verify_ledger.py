"""manage.py verify_ledger"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any, Final, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agreements.core.errors import Invalid
from agreements.flows.checkpoint_check import Judged, judge
from agreements.grants.downloads import digests
from agreements.ledger import queries
from agreements.ledger.checkpoint_text import Checkpoint
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import Verdict, trusted_hash, verify

BROKEN: Final = 1
NOT_CHECKED: Final = 2
ENOUGH_FOR_MANY: Final = 50_000
"""Rows from which on it pays to start a second process."""


class Command(BaseCommand):
    help = (
        "Walk the record and its hashes. Exits with 0 if it holds, with 1 if it was tampered with (the first wrong row "
        "is named), with 2 if it could not be checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since",
            metavar="ROW|DATE|FILE",
            help="trust the rows up to this one, those before this date (UTC), or those under the checkpoint in a file",
        )
        parser.add_argument("--trusted", metavar="HASH", help="the hash that the row of --since must have")
        parser.add_argument(
            "--checkpoint", metavar="FILE", action="append", default=[], help="compare with a kept one; more than once"
        )
        parser.add_argument("--processes", type=int, metavar="N", help="how many to use; all processors if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was compared, rows and head hash. Raises CommandError naming the first wrong row."""
        try:
            self._check(options)
        except DatabaseError as error:
            raise CommandError(f"the database cannot be read: {error}", returncode=NOT_CHECKED) from None

    def _check(self, options: dict[str, Any]) -> None:
        kept = [found for name in options["checkpoint"] for found in self._kept(name)]
        since = self._since(options["since"], options["trusted"])
        verdict = self._walk(since, options["processes"])
        if not verdict.holds:
            _broken(f"row {verdict.sequence}: {verdict.fault}. The {verdict.rows} rows before hold.")
        self._compare(kept)
        for fault in download_faults():
            _broken(fault)
        if since and verdict.rows == since:
            self.stdout.write(f"No row was walked: none stands behind row {since}. Head {verdict.head_hash}")
            return
        begun = f", from row {since + 1} on" if since else ""
        self.stdout.write(f"The record holds: {verdict.rows} rows{begun}, head {verdict.head_hash}")

    def _walk(self, since: int, processes: int | None) -> Verdict:
        head = queries.head()
        few = head.sequence - since < ENOUGH_FOR_MANY
        columns = (TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task("rows", total=head.sequence - since)
            return verify(
                lambda done: bars.update(task, completed=done - since),
                since=since,
                processes=processes or (1 if few else os.cpu_count() or 1),
            )

    def _since(self, asked: str | None, trusted: str | None) -> int:
        """Return the row that is trusted with all before it, and say which that is."""
        if asked is None:
            return 0
        try:
            since = self._row(asked)
            known = trusted_hash(since)
        except Invalid as error:
            raise CommandError(f"--since {asked}: {error}", returncode=NOT_CHECKED) from None
        if trusted is not None and trusted.strip().lower() != known:
            _broken(f"row {since}: its hash is {known}, not the trusted one")
        self.stdout.write(f"Trusted: row {since}, hash {known}")
        return since

    def _row(self, asked: str) -> int:
        if asked.isdecimal():
            return int(asked)
        try:
            day = dt.datetime.combine(dt.date.fromisoformat(asked), dt.time(), dt.UTC)
        except ValueError:
            newest = max(self._kept(asked), key=lambda each: each.finding.checkpoint.count)
            self._compare([newest])
            return newest.finding.checkpoint.count
        before = LedgerEntry.objects.filter(at__lt=day).order_by("-sequence").values_list("sequence", flat=True)
        return before.first() or 0

    def _kept(self, name: str) -> list[Judged]:
        """Return the checkpoints of a file. Raises CommandError where it proves nothing."""
        try:
            judged = judge(Path(name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, Invalid) as error:
            raise CommandError(f"{name}: {error}", returncode=NOT_CHECKED) from None
        for each in judged:
            if not each.finding.is_trustworthy:
                words = f"{each.signature_words} {each.compromised_words}".strip()
                raise CommandError(f"{name}: {words}", returncode=NOT_CHECKED)
        return judged

    def _compare(self, kept: list[Judged]) -> None:
        agreed = 0
        for each in sorted(kept, key=lambda each: each.finding.checkpoint.count):
            checkpoint: Checkpoint = each.finding.checkpoint
            if not each.agrees:
                _broken(f"row {each.place(agreed)}: {each.chain_words}")
            agreed = checkpoint.count
            self.stdout.write(f"Agrees with the checkpoint of {checkpoint.made}, row {checkpoint.count}")


def download_faults() -> list[str]:
    """Return what is wrong with the digests of downloads."""
    return list(map(str, digests.verify()))


def _broken(words: str) -> NoReturn:
    raise CommandError(f"BROKEN at {words}", returncode=BROKEN)
