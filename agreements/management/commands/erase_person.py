"""manage.py erase_person ADDRESS --reason TEXT [--dry-run] [--with-colleagues-papers]"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.flows import erasure
from agreements.people import accounts
from agreements.people.models import User


class Command(BaseCommand):
    help = (
        "Erase a person by the address they sign in with, or were invited by: everything that names them, in the "
        "database and among the papers. The record stays. Look at --dry-run first: there is no way back."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="the person's address")
        parser.add_argument("--reason", default="", help="why, such as “asked by mail on 2026-03-02”")
        parser.add_argument("--dry-run", action="store_true", help="list what would go, and change nothing")
        parser.add_argument(
            "--with-colleagues-papers",
            action="store_true",
            help="erase agreements and signed copies of colleagues, too, on which the person is named",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        address, papers = options["address"], options["with_colleagues_papers"]
        if not options["dry_run"] and not options["reason"].strip():
            raise CommandError("Give the --reason, such as the request and its date.")
        try:
            # Whoever was only invited has no account; one is made for the record to name, and stays without a name.
            with transaction.atomic():
                has_account = accounts.find(address) is not None
                person = accounts.find_or_create(address)
                if options["dry_run"]:
                    self._tell(erasure.preview(person, colleagues_papers=papers))
                    transaction.set_rollback(True)
                    return
                if not has_account and not erasure.is_named(person):
                    raise CommandError(f"Nothing here names {address}.")
            self._erase(person, options["reason"], papers)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None

    def _erase(self, person: User, reason: str, papers: bool) -> None:
        done = erasure.erase(person=person, reason=reason, by=job("erase_person"), colleagues_papers=papers)
        self.stdout.write(
            f"Erased. The record knows the person as {done.person}; {done.applications} applications, "
            f"{done.documents} papers. Rows of the record that nothing opens any more: "
            f"{', '.join(map(str, done.rows)) or 'none'}."
        )
        self.stdout.write(f"Receipt, kept nowhere else: with this salt the reason opens its digest: {done.receipt}")
        if done.files_left:
            self.stdout.write(f"Files of {done.files_left} papers are still there; the daily task deletes them.")
        self.stdout.write("Logs and backups are not touched: docs/retention.md says what to do about them.")

    def _tell(self, preview: erasure.Preview) -> None:
        for heading, lines in (("Goes", preview.goes), ("Stays", preview.stays), ("In the way", preview.in_the_way)):
            self.stdout.write(f"{heading}:")
            for line in lines or ["nothing"]:
                self.stdout.write(f"  {line}")
