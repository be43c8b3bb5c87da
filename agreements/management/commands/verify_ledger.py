"""manage.py verify_ledger"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agreements.ledger.models import LedgerHead
from agreements.ledger.verify import verify


class Command(BaseCommand):
    help = "Walk the whole record and its hashes. Exits 1 and names the first wrong row if it was tampered with."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print rows and head hash. Raises CommandError naming the row."""
        head = LedgerHead.objects.filter(id=1).first()
        columns = (TextColumn("Verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task("rows", total=head.sequence if head else 0)
            verdict = verify(lambda done: bars.update(task, completed=done))
        if not verdict.holds:
            raise CommandError(
                f"BROKEN at row {verdict.sequence}: {verdict.fault}. The {verdict.rows} rows before hold."
            )
        self.stdout.write(f"The record holds: {verdict.rows} rows, head {verdict.head_hash}")
