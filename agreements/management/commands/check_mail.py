"""manage.py check_mail"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from agreements.mail.checks import incoming, names, outgoing
from agreements.mail.checks.findings import Finding, Sign


class Command(BaseCommand):
    help = (
        "Check the settings of mail: one line for each step out (SMTP), in (IMAP) and of what name servers say of the "
        "sender's domain, with what to do. Exits 1 if something does not work. Prints no password."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--send-to", metavar="ADDRESS", default="", help="send a test mail there")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["send_to"]
        if address:
            try:
                validate_email(address)
            except ValidationError:
                raise CommandError(f"{address!r} is not an e-mail address.") from None
        found = []
        for finding in self._findings(address):
            found.append(finding)
            self.stdout.write(f"{finding.sign:<5}{finding.what}: {finding.words}")
            if finding.to_do:
                self.stdout.write(f"     -> {finding.to_do}")
        wrong = sum(finding.sign is Sign.BAD for finding in found)
        if wrong:
            raise CommandError(f"{wrong} of {len(found)} checks failed.")
        self.stdout.write(f"{len(found)} checks, none failed.")

    def _findings(self, address: str) -> Iterator[Finding]:
        return chain(outgoing.check(address), incoming.check(), names.check())
