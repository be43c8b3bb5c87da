"""manage.py publish_archive genebody/train40 SOURCE"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.catalog.models import Archive, Dataset, SealKind, Subset
from agreements.catalog.publishing.publish import publish_archive
from agreements.core.actors import job
from agreements.core.clock import now
from agreements.core.errors import DomainError
from agreements.core.sizes import size
from agreements.management.bars import telling
from agreements.vault.s3_prefix import SCHEME

PHASES: Final = {"reading": "Reading", "writing": "Writing", "checking": "Reading back"}
INTERRUPTED: Final = (
    "Interrupted; nothing was published. What was read and written so far is kept: run the same command again to go on."
)


class Command(BaseCommand):
    help = (
        "Publish a folder, a zip or everything under an S3 prefix as an archive of a subset. It can be interrupted and "
        "run again: it goes on where it was. The same content is published once, new content becomes the archive's "
        "next version."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subset", help="dataset and subset, such as genebody/train40")
        parser.add_argument("source", help="a folder, a zip, or s3://bucket/prefix on the server of the stores")
        parser.add_argument("--name", help="file name as downloaded (default: the subset's, train40.zip)")
        parser.add_argument(
            "--seal",
            choices=[str(kind) for kind in SealKind],
            help="default: personal for a subset by agreement, none for an open one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        subset = self._subset(options["subset"])
        source: str = options["source"]
        began = now()
        try:
            with telling(PHASES, write=self.stderr.write, is_terminal=sys.stderr.isatty()) as tell:
                archive = publish_archive(
                    subset=subset,
                    source=source if source.startswith(SCHEME) else Path(source),
                    name=options["name"],
                    seal=SealKind(options["seal"]) if options["seal"] else None,
                    by=job("publish_archive"),
                    progress=tell,
                )
        except (DomainError, OSError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError(INTERRUPTED, returncode=130) from None
        is_new = archive.published_at >= began
        self.stdout.write(
            _told(archive) if is_new else f"Nothing new: version {archive.version} has this content. {_told(archive)}"
        )

    def _subset(self, address: str) -> Subset:
        dataset_slug, _, slug = address.partition("/")
        found = Subset.objects.filter(dataset__slug=dataset_slug, slug=slug).select_related("dataset").first()
        if found is not None:
            return found
        if not Dataset.objects.filter(slug=dataset_slug).exists():
            raise CommandError(f"There is no dataset {dataset_slug!r}; load it first: manage.py load_dataset FOLDER.")
        known = Subset.objects.filter(dataset__slug=dataset_slug).values_list("slug", flat=True)
        raise CommandError(f"{dataset_slug} has no subset {slug!r}. It has: {', '.join(known)}.")


def _told(archive: Archive) -> str:
    seal = "without a seal" if archive.seal == SealKind.NONE else f"with a {archive.seal} seal"
    return (
        f"{archive.name}, version {archive.version}: {archive.member_count} files, "
        f"{size(archive.sealed_size)} to download, {seal}. Digest {archive.digest[:16]}."
    )
