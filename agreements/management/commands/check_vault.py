"""manage.py check_vault"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import Progress

from agreements.catalog.models import Archive
from agreements.documents.models import StoredDocument
from agreements.sealing import ArchiveIndex, BadIndex
from agreements.vault import stores
from agreements.vault.protocol import NoSuchObject, OutOfReach, Store


class Command(BaseCommand):
    help = (
        "Read everything in the vault again and compare it with what the database says; exits 1 if something differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--papers-only", action="store_true", help="leave out the archives, which may be large")

    def handle(self, *args: Any, **options: Any) -> None:
        problems: list[str] = []
        checked = 0
        archives = [] if options["papers_only"] else list(Archive.objects.select_related("subset__dataset"))
        documents = list(StoredDocument.objects.all())
        with Progress(transient=True) as bars:
            task = bars.add_task("Checking", total=len(archives) + len(documents))
            for archive in archives:
                problems += _archive_problems(stores.archives(), archive)
                checked += 1
                bars.advance(task)
            for document in documents:
                what = f"document {document.pk}"
                problems += _object_problems(stores.papers(), what, document.store_key, document.sha256, document.size)
                checked += 1
                bars.advance(task)
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError(f"{len(problems)} of {checked} do not match what was stored.")
        self.stdout.write(f"{checked} archives and documents are as they were stored.")


def _archive_problems(store: Store, archive: Archive) -> Iterator[str]:
    what = f"{archive.subset.dataset.slug}/{archive.subset.slug}/{archive.name} version {archive.version}"
    yield from _object_problems(store, what, archive.pack_key, archive.pack_sha256, archive.pack_size)
    try:
        size = store.size(archive.index_key)
        index = ArchiveIndex.from_json(b"".join(store.open_range(archive.index_key, 0, size)))
    except NoSuchObject:
        yield f"{what}: its index {archive.index_key} is missing."
    except (BadIndex, OutOfReach) as error:
        yield f"{what}: its index cannot be read: {error}"
    else:
        if index.digest.hex() != archive.digest:
            yield f"{what}: its index is that of another archive."


def _object_problems(store: Store, what: str, key: str, sha256: str, size: int) -> Iterator[str]:
    try:
        if store.size(key) != size:
            yield f"{what}: {key} has {store.size(key)} bytes instead of {size}."
        elif store.digest(key) != sha256:
            yield f"{what}: {key} was changed; its SHA-256 is not the one that was recorded."
    except NoSuchObject:
        yield f"{what}: {key} is missing."
    except OutOfReach as error:
        yield f"{what}: {error}"
