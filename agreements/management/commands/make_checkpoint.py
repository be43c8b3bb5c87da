"""manage.py make_checkpoint"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from agreements.core import actors
from agreements.core.errors import DomainError
from agreements.flows import checkpoint_mail


class Command(BaseCommand):
    help = "Sign the record as it stands now, print the checkpoint, and mail it to every steward."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the checkpoint. Raises CommandError where none can be made now."""
        try:
            made = checkpoint_mail.make_on_purpose(by=actors.job("operator"))
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(made.text)
