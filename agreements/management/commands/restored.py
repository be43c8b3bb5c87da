"""manage.py restored"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agreements.catalog.models import Dataset
from agreements.core import actors
from agreements.core.errors import NotPossible
from agreements.flows import restore_watch


class Command(BaseCommand):
    help = (
        "Say that database and stores were restored together, which the portal cannot notice: "
        "shuts downloads and passwords of every dataset until one of its stewards has reconciled it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Shut everything and print what. Raises CommandError where all is shut already."""
        try:
            told = restore_watch.tell(by=actors.job("operator"))
        except NotPossible as refusal:
            raise CommandError(str(refusal)) from None
        shut = Dataset.objects.filter(shut_at=told.noticed_at).order_by("slug")
        self.stdout.write(f"The record ends at row {told.found_sequence}.")
        for dataset in shut:
            self.stdout.write(f"{dataset.slug}: shut; its stewards are told by mail.")
