"""`manage.py poll_mailbox`: read the mailbox now, to its end, and say what came."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from agreements.flows.mailbox import polling
from agreements.mail.inbox import imap


class Command(BaseCommand):
    help = "Take in what lies in the mailbox, until nothing is left there. The worker does so each minute."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="as the worker does: stop after its time")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not imap.is_configured():
            raise CommandError(_("No mailbox is configured: set COUNTERSIGN_IMAP_HOST."))
        while True:
            done = polling.poll()
            if done.busy:
                raise CommandError(_("Another process reads the mailbox at this moment; try again in two minutes."))
            self.stdout.write(
                _("%(taken)d taken, %(repeated)d known already, %(too_large)d too large, %(left)d left.")
                % {
                    "taken": done.taken,
                    "repeated": done.repeated,
                    "too_large": done.too_large,
                    "left": done.left,
                }
            )
            if done.error:
                raise CommandError(done.error)
            if options["once"] or not done.left:
                return
