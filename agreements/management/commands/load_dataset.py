"""manage.py load_dataset datasets/genebody"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.catalog.loading import load_dataset
from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.vault.protocol import OutOfReach


class Command(BaseCommand):
    help = "Load or update a dataset from its folder. Safe to run again; published terms and archives never change."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder with dataset.toml and terms/")
        parser.add_argument("--preview", type=Path, help="a JPEG for the dataset's page, instead of the folder's")

    def handle(self, *args: Any, **options: Any) -> None:
        preview: Path | None = options["preview"]
        if preview is not None and not preview.is_file():
            raise CommandError(f"There is no {preview}.")
        try:
            report = load_dataset(options["folder"], by=job("load_dataset"), preview=preview)
        except (DomainError, OutOfReach) as error:
            raise CommandError(str(error)) from None
        for remark in report.remarks:
            self.stdout.write(self.style.WARNING(remark))
        if report.created:
            self.stdout.write(f"{report.dataset.title} was loaded.")
        elif report.changes:
            self.stdout.write(f"{report.dataset.title} was updated: {', '.join(report.changes)}.")
        else:
            self.stdout.write(f"{report.dataset.title} is up to date.")
        for version in report.terms_published:
            self.stdout.write(f"Terms {version} were published.")
