"""manage.py grant_runtime"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection, transaction

from agreements.ledger.runtime_role import statements


class Command(BaseCommand):
    help = (
        "Give the role COUNTERSIGN_RUNTIME_ROLE what the site needs to run, and no more: no DDL, and of append-only "
        "tables nothing but reading and adding. Run it as the owner of the tables after each migration (PostgreSQL)."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the role or change it. Raises CommandError, in which no password stands."""
        role, password = settings.RUNTIME_ROLE, settings.RUNTIME_PASSWORD
        if connection.vendor != "postgresql":
            raise CommandError("SQLite has no roles: protect the file.")
        if not role or not password:
            raise CommandError("Set COUNTERSIGN_RUNTIME_ROLE and COUNTERSIGN_RUNTIME_PASSWORD.")
        if role == connection.settings_dict["USER"]:
            raise CommandError("The role that runs must be another one than the one that owns the tables.")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                exists = cursor.fetchone() is not None
                database = str(connection.settings_dict["NAME"])
                for statement in statements(role=role, password=password, database=database, exists=exists):
                    cursor.execute(statement)
        except DatabaseError as error:
            raise CommandError(f"the rights could not be given: {type(error.__cause__ or error).__name__}") from None
        self.stdout.write(f"{role} may run the site")
