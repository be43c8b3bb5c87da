"""manage.py make_signing_key, with --if-missing, --replace or --check"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from agreements.core.errors import DomainError
from agreements.keys import signing_key_check, signing_key_file, signing_keys
from agreements.keys.signing_keys import NoSigningKey, SigningKey

TEN_YEARS: Final = 3652
LONGEST: Final = 36_500  # days


class Command(BaseCommand):
    help = (
        "Make the key that certifies agreements (EC P-256, with a certificate that it signs itself) in the file that "
        "COUNTERSIGN_SIGNING_KEY names, encrypted under COUNTERSIGN_SIGNING_PASSPHRASE. A key of your own in that file "
        "(PKCS#12) is used as it is; --check says whether it can be."
    )
    # The checks would say first that there is no key yet. The command needs no database either.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--if-missing", action="store_true", help="do nothing if the file is there, whatever is in it"
        )
        what.add_argument("--replace", action="store_true", help="put another key in its place and keep the old file")
        what.add_argument("--check", action="store_true", help="make nothing, say whether the key can be used")
        parser.add_argument(
            "--common-name", metavar="NAME", help="whom the certificate names (default: the site's host)"
        )
        parser.add_argument("--days", type=int, default=TEN_YEARS, help="how long it is valid (default: ten years)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"]:
                self._check()
            elif options["if_missing"] and settings.SIGNING_KEY.exists():
                self._say_what_is_there()
            else:
                self._make(options)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None

    def _make(self, options: dict[str, Any]) -> None:
        path, passphrase = settings.SIGNING_KEY, settings.SIGNING_PASSPHRASE
        if not 1 <= options["days"] <= LONGEST:
            raise CommandError(f"--days: between 1 and {LONGEST}.")
        name = options["common_name"] or urlsplit(settings.SITE_URL).hostname or "Countersign"
        key = signing_key_file.make(common_name=name, days=options["days"])
        try:
            kept = signing_key_file.write(key, path, passphrase=passphrase, replace=options["replace"])
        except signing_key_file.KeyFileExists:
            if options["if_missing"]:  # another process of this installation was faster
                self._say_what_is_there()
                return
            raise CommandError(
                f"{path} is there already, and nothing was changed. --check says what it is; --replace puts another "
                "key in its place and keeps this one beside it."
            ) from None
        except OSError as problem:
            raise CommandError(f"{path} cannot be written: {problem.strerror or type(problem).__name__}.") from None
        self.stdout.write("A signing key was made.")
        self._describe(key)
        if kept:
            self.stdout.write(f"  old file       {kept}")
            self.stdout.write("What the old key signed is still recognized: its certificate stays in the database.")
        if not passphrase:
            self.stderr.write("The file is not encrypted: COUNTERSIGN_SIGNING_PASSPHRASE is empty.")
        self.stdout.write(
            "Keep a copy of the file and of its passphrase, apart from each other and from the database's backups. "
            "Without them nothing more can be signed until another key is made. Whoever has both can sign in this "
            "portal's name. Processes that run take the new file up by themselves."
        )

    def _say_what_is_there(self) -> None:
        """Tell of the key that is there. One that cannot be used is no failure here: all but signing works."""
        try:
            self.stdout.write(f"Signing key: there, {signing_keys.current().fingerprint[:16]}….")
        except NoSigningKey as refusal:
            self.stderr.write(f"Signing key: {refusal}")

    def _check(self) -> None:
        key = signing_keys.current()
        try:
            signing_keys.check(key)
        except DatabaseError:
            self.stderr.write("The database has not been asked whether this key was given up: it does not answer.")
        self.stdout.write("The signing key can be used.")
        self._describe(key)
        for _code, words, hint in signing_key_check.remarks(key):
            self.stderr.write(f"{words} {hint}")

    def _describe(self, key: SigningKey) -> None:
        self.stdout.write(f"  certificate    {key.subject}")
        self.stdout.write(f"  fingerprint    {key.fingerprint}")
        self.stdout.write(f"  valid until    {key.valid_until:%Y-%m-%d}")
        self.stdout.write(f"  kind           {signing_key_file.kind(key)}")
        if key.chain:
            self.stdout.write(f"  along with it  {', '.join(one.subject.rfc4514_string() for one in key.chain)}")
        self.stdout.write(f"  file           {settings.SIGNING_KEY}")
