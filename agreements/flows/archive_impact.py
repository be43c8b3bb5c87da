"""What publishing or withdrawing an archive means for those who have access: counted before anybody decides."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from agreements.catalog import archives
from agreements.catalog.models import Archive, Subset
from agreements.core.clock import now
from agreements.grants.models import DownloadClosed, DownloadOpened, Grant, Link
from agreements.grants.running import running


@dataclass(frozen=True, slots=True)
class Publishing:
    """What would become: version `version` beside `standing`, the one offered now, if any.

    `grants` that run would be offered it; `links` that run lead to earlier versions and go on to do so.
    """

    version: int
    standing: Archive | None
    grants: int
    links: int


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What would end: running grants that are offered it, links, downloads; `instead` is offered afterwards."""

    grants: int
    links: int
    downloads: int
    instead: Archive | None


def count_for_publishing(*, subset: Subset, name: str) -> Publishing:
    """Return what a new version of an archive would mean."""
    newest = archives.newest(subset, name)
    return Publishing(
        version=newest.version + 1 if newest else 1,
        standing=_offered(subset, name),
        grants=_grants(subset).count(),
        links=_links().filter(archive__subset=subset, archive__name=name, archive__withdrawn_at=None).count(),
    )


def count_for_withdrawal(*, archive: Archive) -> Withdrawal:
    """Return what the withdrawal of one version would mean."""
    opened = DownloadOpened.objects.filter(archive=archive, grant__isnull=False)
    ended = DownloadClosed.objects.filter(opened=OuterRef("pk"))
    offered = _offered(archive.subset, archive.name)
    others = Archive.objects.filter(subset=archive.subset, name=archive.name, withdrawn_at=None).exclude(pk=archive.pk)
    return Withdrawal(
        grants=_grants(archive.subset).count() if offered == archive else 0,
        links=_links().filter(archive=archive).count(),
        downloads=opened.exclude(Exists(ended)).count(),
        instead=others.order_by("-version").first(),
    )


def _offered(subset: Subset, name: str) -> Archive | None:
    standing = Archive.objects.filter(subset=subset, name=name, withdrawn_at=None)
    return standing.order_by("-version").first()


def _grants(subset: Subset) -> QuerySet[Grant]:
    return running().filter(subsets=subset)


def _links() -> QuerySet[Link]:
    return Link.objects.filter(ended_at=None, expires_at__gt=now(), grant__in=running())
