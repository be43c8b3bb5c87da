"""manage.py publish_archive genebody/train40 PATH"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from agreements.catalog.models import Archive, Dataset, SealKind, Subset
from agreements.catalog.publishing import publish_archive
from agreements.core.actors import job
from agreements.core.errors import DomainError
from agreements.vault.protocol import OutOfReach

PHASES: Final = {"reading": "Reading", "writing": "Writing", "checking": "Reading back"}


class Command(BaseCommand):
    help = (
        "Publish a folder or a zip as an archive of a subset. It can be interrupted and run again; the same content "
        "is published once, new content becomes the archive's next version."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subset", help="dataset and subset, such as genebody/train40")
        parser.add_argument("path", type=Path, help="the folder or the zip")
        parser.add_argument("--name", help="file name as downloaded (default: the subset's, train40.zip)")
        parser.add_argument(
            "--seal",
            choices=SealKind.values,
            help="default: personal for a subset by agreement, none for an open one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        subset = self._subset(options["subset"])
        seal = SealKind(options["seal"]) if options["seal"] else None
        with Progress(
            TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(), transient=True
        ) as bars:
            tell = _Bars(bars)
            try:
                archive = publish_archive(
                    subset=subset,
                    source=options["path"],
                    name=options["name"],
                    seal=seal,
                    by=job("publish_archive"),
                    progress=tell,
                )
            except (DomainError, OutOfReach) as error:
                raise CommandError(str(error)) from None
            except KeyboardInterrupt:
                raise CommandError("Interrupted; nothing was published. Run it again to go on.") from None
        self.stdout.write(_told(archive))

    def _subset(self, address: str) -> Subset:
        dataset_slug, _, slug = address.partition("/")
        found = Subset.objects.filter(dataset__slug=dataset_slug, slug=slug).select_related("dataset").first()
        if found is not None:
            return found
        if not Dataset.objects.filter(slug=dataset_slug).exists():
            raise CommandError(f"There is no dataset {dataset_slug!r}; load it first: manage.py load_dataset FOLDER.")
        known = Subset.objects.filter(dataset__slug=dataset_slug).values_list("slug", flat=True)
        raise CommandError(f"{dataset_slug} has no subset {slug!r}. It has: {', '.join(known)}.")


class _Bars:
    """One bar for each phase, made when the phase begins."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(PHASES[phase], total=total)
        self._bars.update(self._tasks[phase], completed=done, total=total)


def _told(archive: Archive) -> str:
    seal = "without a seal" if archive.seal == SealKind.NONE else f"with a {archive.seal} seal"
    return (
        f"{archive.name}, version {archive.version}: {archive.member_count} files, "
        f"{filesizeformat(archive.sealed_size)} to download, {seal}. Digest {archive.digest[:16]}."
    )
