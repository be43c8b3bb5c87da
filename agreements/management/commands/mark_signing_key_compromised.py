"""manage.py mark_signing_key_compromised FINGERPRINT"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.documents import certifying
from agreements.documents.models import IssuedAgreement
from agreements.grants.models import ExecutedAgreement


class Command(BaseCommand):
    help = (
        "Trust no signature of a signing key any longer: others may know it. What was signed with it is from then on "
        "recognized by its SHA-256 alone, and nothing more is signed with it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("fingerprint", help="SHA-256 of its certificate, or the first eight digits of it or more")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            certificate = certifying.find(options["fingerprint"])
            issued = IssuedAgreement.objects.filter(certified_with=certificate).count()
            executed = ExecutedAgreement.objects.filter(certified_with=certificate).count()
            self.stdout.write(f"{certificate.subject}, {certificate.fingerprint}")
            self.stdout.write(
                f"It certified {issued} issued agreements: copies that come back of them are no longer recognized by "
                "its signature, and whoever has not signed yet gets an agreement made anew."
            )
            self.stdout.write(
                f"It certified {executed} executed agreements: they stay as they are, and the record of their SHA-256 "
                "alone proves them from now on."
            )
            if not options["yes"]:
                self._ask()
            certifying.mark_compromised(certificate.fingerprint, by=job("mark_signing_key_compromised"))
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write("It is not trusted any more.")
        if not certifying.is_ready():
            self.stdout.write("Nothing can be signed until there is another key: manage.py make_signing_key --replace")

    def _ask(self) -> None:
        try:
            answer = input("Type yes to go on: ")
        except EOFError:
            raise CommandError("No answer can be read here: say --yes.") from None
        if answer.strip().lower() != "yes":
            raise CommandError("Nothing was changed.")
