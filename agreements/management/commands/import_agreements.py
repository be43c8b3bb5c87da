"""manage.py import_agreements recipients.csv scans/"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.catalog.models import Dataset
from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.flows import import_plan, import_table, importing
from agreements.flows.import_plan import Plan
from agreements.management.bars import telling

BAD: Final = 1
TROUBLE: Final = 2
WORDS: Final = {"looking": "Looking at the signed copies", "writing": "Bringing in"}


class Command(BaseCommand):
    help = (
        "Bring in people who signed before this portal: a CSV file and the folder of their signed PDFs "
        "(docs/importing.md). Their access is suspended until they confirm it. Safe to run again: who is there is "
        "skipped. Exits 0 if every row is there afterwards, 1 if a row has a problem, 2 if it could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("csv", type=Path, help="the table, one person a row")
        parser.add_argument("folder", type=Path, help="where the files lie that its column `file` names")
        parser.add_argument("--dataset", metavar="SLUG", help="which dataset; not needed where there is one")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
        parser.add_argument("--skip-bad", action="store_true", help="bring in the rows that have no problem")
        parser.add_argument("--no-mail", action="store_true", help="write to nobody; a steward does it from the desk")

    def handle(self, *args: Any, **options: Any) -> None:
        dataset = _dataset(options["dataset"])
        folder: Path = options["folder"]
        if not folder.is_dir():
            raise CommandError(f"There is no folder {folder}.", returncode=TROUBLE)
        try:
            table = import_table.read(options["csv"])
        except OSError as problem:
            raise CommandError(f"{options['csv']}: {problem.strerror or problem}", returncode=TROUBLE) from None
        if table.problems and not table.lines:
            # The header is wrong or nothing could be read: no row was looked at.
            self._problems(Plan(problems=table.problems))
            raise CommandError("Nothing was written.", returncode=BAD)
        terminal = sys.stderr.isatty()
        with telling(WORDS, write=self.stderr.write, is_terminal=terminal, in_bytes=False) as tell:
            rows = len(table.rows)
            plan = import_plan.make(
                table, dataset=dataset, folder=folder, told=lambda done: tell("looking", done, rows)
            )
            self._problems(plan)
            if plan.problems and not options["skip_bad"]:
                self._table(table.lines, plan, brought=0)
                raise CommandError("Nothing was written. Mend these, or say --skip-bad.", returncode=BAD)
            brought = len(plan.wanted)
            if not options["dry_run"]:
                brought = self._carry_out(plan, dataset, mail=not options["no_mail"], tell=tell)
        self._table(table.lines, plan, brought=brought, is_dry=options["dry_run"], mailed=not options["no_mail"])
        if plan.problems:
            sys.exit(BAD)

    def _carry_out(self, plan: Plan, dataset: Dataset, *, mail: bool, tell: Any) -> int:
        total = len(plan.wanted)
        done = 0

        def told(rows: int) -> None:
            nonlocal done
            done = rows
            tell("writing", rows, total)

        try:
            found = importing.carry_out(plan, dataset=dataset, mail=mail, by=job("import_agreements"), told=told)
        except DomainError as refused:
            words = f"{refused} {done} of {total} were brought in; run it again to go on."
            raise CommandError(words, returncode=TROUBLE) from None
        except KeyboardInterrupt:
            words = f"Interrupted. {done} of {total} were brought in; run it again to go on."
            raise CommandError(words, returncode=TROUBLE) from None
        for each in found:
            self.stdout.write(f"line {each.line}: {each.grant.reference} {each.grant.holder.email}")
        return len(found)

    def _problems(self, plan: Plan) -> None:
        for problem in plan.problems:
            self.stderr.write(str(problem))

    def _table(self, lines: int, plan: Plan, *, brought: int, is_dry: bool = False, mailed: bool = False) -> None:
        """Say at the end how many rows came to what."""
        for line, reference in plan.there:
            self.stdout.write(f"line {line}: {reference} is there already")
        bad = len({problem.line for problem in plan.problems})
        rows = [
            (lines, "rows in the file"),
            (len(plan.there), "were brought in before"),
            (brought, "would be brought in" if is_dry else "brought in now"),
            (bad, "lines with a problem"),
        ]
        if mailed:
            rows.append((brought, "would be asked by mail to confirm" if is_dry else "asked by mail to confirm"))
        for count, what in rows:
            self.stdout.write(f"{count:>7} {what}")
        if is_dry:
            self.stdout.write("This was a dry run: nothing was written.")


def _dataset(slug: str | None) -> Dataset:
    found = Dataset.objects.filter(slug=slug) if slug else Dataset.objects.all()
    datasets = list(found[:2])
    if len(datasets) != 1:
        known = ", ".join(Dataset.objects.values_list("slug", flat=True)) or "none is loaded"
        raise CommandError(f"Say --dataset: {known}.", returncode=TROUBLE)
    return datasets[0]
