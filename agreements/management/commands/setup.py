"""`manage.py setup`, its second half: tables, a test mail, the dataset, its first steward, and what is left to do.

`portal/first_run.py` runs before it and writes settings and keys. Everything here is safe to run again.
"""

from __future__ import annotations

import os
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from agreements.catalog import loading, roles
from agreements.catalog.models import Dataset, Role
from agreements.core import actors
from agreements.core.errors import DomainError
from agreements.mail import immediate
from agreements.people import accounts


class Command(BaseCommand):
    help = "Set up this installation: settings, keys, tables, mail, dataset, first steward. Safe to run again."
    # They would speak of a key that is made here.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--non-interactive", action="store_true", help="ask nothing")
        parser.add_argument("--dataset", metavar="FOLDER", help="dataset folder to load")
        parser.add_argument("--steward", metavar="ADDRESS", help="first steward of that dataset")
        parser.add_argument("--administrator", metavar="ADDRESS", help="first site administrator")
        parser.add_argument("--test-mail", metavar="ADDRESS", help="send a test mail there")

    def handle(self, *args: Any, **options: Any) -> None:
        # The database, its journal and the vault's folders are for nobody else on the machine.
        before = os.umask(0o077)
        try:
            self._set_up(options)
        finally:
            os.umask(before)

    def _set_up(self, options: dict[str, Any]) -> None:
        self.ask = not options["non_interactive"]
        self.left: list[str] = []
        self._signing_key()
        self.check(display_num_errors=False)
        self._tables()
        steward = self._address(options["steward"], "First steward's e-mail address (empty: later)")
        administrator = self._address(options["administrator"], "Site administrator's address (empty: later)")
        self._mail(self._address(options["test_mail"], "Send a test mail to (empty: none)", default=steward))
        if administrator:
            self._administrator(administrator)
        dataset = self._dataset(self._answer(options["dataset"], "Dataset folder (empty: later)"))
        if dataset and steward:
            self._steward(dataset, steward)
        self._what_is_left()

    def _signing_key(self) -> None:
        """See to a key that agreements are certified with. All else works without one."""
        try:
            call_command("make_signing_key", if_missing=True, stdout=StringIO(), stderr=self.stderr)
        except CommandError as refusal:
            self.left.append(f"make a signing key, without which no agreement is issued: {refusal}")
        else:
            self.stdout.write(f"Signing key: in {settings.SIGNING_KEY}.")

    def _tables(self) -> None:
        name = settings.DATABASES["default"]["NAME"]
        if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
            Path(name).parent.mkdir(parents=True, exist_ok=True)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        self._shut(Path(name))
        self.stdout.write("Tables: ready.")

    def _shut(self, database: Path) -> None:
        """Take a database that an earlier version left readable away from others. Nothing to do for PostgreSQL."""
        for path in (database, *(database.with_name(database.name + end) for end in ("-wal", "-shm"))):
            if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") and path.exists():
                path.chmod(0o600)

    def _mail(self, address: str) -> None:
        if not address:
            self.left.append(
                f"try whether {settings.EMAIL_HOST}:{settings.EMAIL_PORT} takes our mail; without it nobody can sign "
                "in: manage.py setup --test-mail you@example.org"
            )
            return
        try:
            immediate.send_now(
                kind="test",
                recipient=address,
                language="en",
                subject="Countersign can send mail",
                text=f"This is the test mail that `manage.py setup` sent for {settings.SITE_URL}.\n",
                html="",
            )
        except immediate.NotSent as failure:
            self.left.append("make mail work (COUNTERSIGN_SMTP_*); without it nobody can sign in")
            self.stderr.write(f"Mail: not sent. {failure}")
        else:
            self.stdout.write(f"Mail: {settings.EMAIL_HOST} took the test mail to {address}.")

    def _administrator(self, address: str) -> None:
        user = accounts.find_or_create(address)
        accounts.make_administrator(user=user, by=actors.job("setup"))
        self.stdout.write(f"Site administrator: {user.email}.")

    def _dataset(self, folder: str) -> Dataset | None:
        if not folder:
            self.left.append("load a dataset: manage.py setup --dataset datasets/genebody --steward you@example.org")
            return None
        try:
            report = loading.load_dataset(Path(folder), by=actors.job("setup"))
        except (DomainError, OSError) as refused:
            raise CommandError(f"{folder}: {refused}") from refused
        self.stdout.write(f"Dataset: {report.dataset.slug} loaded.")
        for remark in report.remarks:
            self.stdout.write(f"  {remark}")
        return report.dataset

    def _steward(self, dataset: Dataset, address: str) -> None:
        user = accounts.find_or_create(address)
        roles.give(user=user, dataset=dataset, role=Role.STEWARD, by=actors.job("setup"))
        self.stdout.write(f"Steward of {dataset.slug}: {user.email}.")

    def _address(self, given: str | None, text: str, default: str = "") -> str:
        answer = self._answer(given, text, default)
        if answer:
            try:
                validate_email(answer)
            except ValidationError:
                raise CommandError(f"{answer!r} is not an e-mail address.") from None
        return answer

    def _answer(self, given: str | None, text: str, default: str = "") -> str:
        if given or not self.ask:
            return given or ""
        hint = f" [{default}]" if default else ""
        try:
            return input(f"{text}{hint}: ").strip() or default
        except EOFError:
            raise CommandError("No answer can be read here: use --non-interactive.") from None

    def _what_is_left(self) -> None:
        if not Dataset.objects.exists() or not roles_given():
            self.left.append("name a first steward: manage.py setup --dataset FOLDER --steward ADDRESS")
        for dataset in Dataset.objects.all():
            self.left.append(f"publish archives: manage.py publish_archive {dataset.slug}/SUBSET PATH")
            if dataset.contact_address.endswith(".example"):
                self.left.append(
                    f"give {dataset.slug} a contact address of yours: {dataset.contact_address} is the sample's"
                )
        if not settings.OVER_TLS:
            self.left.append("put the site behind TLS and set COUNTERSIGN_SITE_URL to its https:// address")
        if "localhost" in settings.DEFAULT_FROM_EMAIL:
            self.left.append("set COUNTERSIGN_MAIL_FROM to an address of yours, or mail servers will refuse our mail")
        self.left.append("keep a copy of the master keys somewhere else: without them no password can be shown again")
        self.left.append(f"keep one of {settings.SIGNING_KEY} and its passphrase, too: they sign in this portal's name")
        self.stdout.write("\nLeft to do:")
        for item in dict.fromkeys(self.left):
            self.stdout.write(f"  - {item}")
        self.stdout.write("\nStart everything on this machine: manage.py serve")


def roles_given() -> bool:
    """Return whether any dataset has a steward."""
    return any(roles.holders(dataset, {Role.STEWARD}).exists() for dataset in Dataset.objects.all())
