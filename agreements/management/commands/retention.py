"""manage.py retention [--dry-run] [--dataset SLUG]"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.catalog.models import Dataset
from agreements.flows import retention


class Command(BaseCommand):
    help = (
        "Erase what need not be kept, by each dataset's own times (forget_days, copy_years in dataset.toml). A task "
        "does the same each day. With --dry-run nothing is written: it lists exactly what would go."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="list what would go, and change nothing")
        parser.add_argument("--dataset", metavar="SLUG", help="of this dataset alone")

    def handle(self, *args: Any, **options: Any) -> None:
        datasets = self._datasets(options["dataset"])
        if options["dry_run"]:
            for dataset in datasets:
                self._list(dataset)
            return
        done = retention.run(datasets, budget=float("inf"))
        self.stdout.write(
            f"Erased: {done.applications} applications, {done.papers} papers; files of {done.files} papers deleted."
        )

    def _datasets(self, slug: str | None) -> list[Dataset]:
        found = Dataset.objects.order_by("slug")
        if slug is None:
            return list(found)
        if not found.filter(slug=slug).exists():
            raise CommandError(f"There is no dataset {slug}.")
        return list(found.filter(slug=slug))

    def _list(self, dataset: Dataset) -> None:
        items = retention.due(dataset)
        self.stdout.write(f"{dataset.slug}: {len(items) or 'nothing'} would go.")
        for item in items:
            length = f"{item.rule} = {getattr(dataset, item.rule)}"
            self.stdout.write(f"  {item.reference}  {item.rule.words}; since {item.since:%Y-%m-%d}, {length}")
