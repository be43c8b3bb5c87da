"""Links: one archive, one person, a limited time. A fresh link is a new id; the old one runs to its end."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from agreements.catalog.archives import ledger_name
from agreements.catalog.models import Archive
from agreements.core import secrets as keys
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import NotPossible, TooMany
from agreements.grants import lifecycle, seals
from agreements.grants.deliverable import deliverable
from agreements.grants.links import tokens
from agreements.grants.links.lifetimes import lifetime
from agreements.grants.messages import queue_fresh_links
from agreements.grants.models import Grant, Link, Seal
from agreements.grants.permissions import Permission, Standing, check_may
from agreements.grants.running import check_running
from agreements.keys import master_keys
from agreements.ledger.act import Act, act
from agreements.ledger.kinds import Kind
from agreements.people.models import User

FRESH_PER_DAY: Final = 20
"""Links that may be made for one person and archive in 24 hours."""


def make(*, grant: Grant, archive: Archive, person: User, by: Actor, mail: bool = True) -> Link:
    """Return a fresh link for a person, and mail it to them unless `mail` is False.

    Raises NotAllowed (a stranger, or someone else's seal), NotPossible (access not running, archive not covered),
    TooMany.
    """
    with act() as record:
        locked = lifecycle.lock(grant)
        standing = _check_may(Permission.MAKE_LINK, locked, person_pk=person.pk, by=by)
        check_running(locked)
        seal = seals.running_seal(grant=locked, person_pk=person.pk)
        if seal is None or not deliverable(locked).filter(pk=archive.pk).exists():
            raise NotPossible(_("This archive cannot be downloaded under this access."))
        _check_number(seal, archive)
        link = create(record, grant=locked, seal=seal, archive=archive, by=by, as_role=standing)
        if mail:
            queue_fresh_links(locked, links=[link], person=person)
    return link


def make_missing(*, grant: Grant, person: User, by: Actor) -> list[Link]:
    """Make a person a link to each archive to which they have none that runs, mail them in one mail, and return them.

    An older version is left out: who wants one asks for it. Raises what `make` raises; then none is made.
    """
    with act():
        have = set(running(grant=grant, person_pk=person.pk).values_list("archive_id", flat=True))
        newest: dict[tuple[int, str], Archive] = {}
        for archive in deliverable(grant).order_by("subset__position", "name", "-version"):
            newest.setdefault((archive.subset_id, archive.name), archive)
        missing = [archive for archive in newest.values() if archive.pk not in have]
        made = [make(grant=grant, archive=archive, person=person, by=by, mail=False) for archive in missing]
        if made:
            queue_fresh_links(grant, links=made, person=person)
    return made


def end_all(*, grant: Grant, person_pk: int) -> int:
    """End every link of a person under a grant; return how many. The caller records why."""
    return Link.objects.filter(grant=grant, seal__person_id=person_pk, ended_at=None).update(ended_at=now())


def create(record: Act, *, grant: Grant, seal: Seal, archive: Archive, by: Actor, as_role: str) -> Link:
    """Return a new link row and record it; the caller has checked that it may be made, and by which standing."""
    master_keys.confirm(keys.key_ring().current)
    link = Link.objects.create(
        link_id=secrets.token_hex(16),
        grant=grant,
        seal=seal,
        archive=archive,
        key_number=keys.key_ring().current,
        expires_at=now() + lifetime(grant),
    )
    record.record(
        Kind.LINK_ISSUED,
        by=by,
        as_role=as_role,
        subjects=lifecycle.subjects(grant, seal.person) | {"archive": ledger_name(archive)},
        archive=ledger_name(archive),
        version=archive.version,
        expires=link.expires_at.isoformat(),
    )
    return link


def end(*, link: Link, by: Actor) -> None:
    """End a link at once; downloads that run through it are cut. Raises NotPossible if it was ended before."""
    with act() as record:
        grant = lifecycle.lock(link.grant)
        standing = _check_may(Permission.END_LINK, grant, person_pk=link.seal.person_id, by=by)
        if not Link.objects.filter(pk=link.pk, ended_at=None).update(ended_at=now()):
            raise NotPossible(_("This link was ended already."))
        archive = ledger_name(link.archive)
        record.record(
            Kind.LINK_ENDED,
            by=by,
            as_role=standing,
            subjects=lifecycle.subjects(grant, link.seal.person) | {"archive": archive},
            archive=archive,
        )


def parse(text: str) -> Link | None:
    """Return the link of a token with all that decides about it, or None. Says nothing about whether it still opens."""
    found = tokens.read(text)
    if found is None:
        return None
    link_id, key_number = found
    return with_all().filter(link_id=link_id, key_number=key_number).first()


def with_all() -> QuerySet[Link]:
    """Return links with grant, person, archive and dataset loaded, and whether the grant `covers` the archive."""
    covered = Grant.subsets.through.objects.filter(
        grant_id=OuterRef("grant_id"), subset_id=OuterRef("archive__subset_id")
    )
    related = ("grant__dataset", "seal__person", "archive__subset__dataset")
    return Link.objects.select_related(*related).annotate(covers=Exists(covered))


def running(*, grant: Grant, person_pk: int | None) -> QuerySet[Link]:
    """Return the links of a person that have neither ended nor run out, newest first; the grant is not looked at."""
    mine = Link.objects.filter(grant=grant, seal__person_id=person_pk, ended_at=None, expires_at__gt=now())
    return mine.select_related("archive", "seal").order_by("-created_at", "-pk")


def _check_may(permission: Permission, grant: Grant, *, person_pk: int, by: Actor) -> Standing:
    """A person acts on their own links only; for others the role of a steward is needed."""
    standing = check_may(permission, grant=grant, by=by)
    if person_pk == by.person_pk:
        return Standing.PERSON
    check_may(Permission.MANAGE_LINKS_OF_OTHERS, grant=grant, by=by)
    return standing


def _check_number(seal: Seal, archive: Archive) -> None:
    since = now() - dt.timedelta(days=1)
    mine = Link.objects.filter(grant=seal.grant_id, seal__person=seal.person_id, archive=archive)
    made = mine.filter(created_at__gt=since).count()
    if made >= FRESH_PER_DAY:
        raise TooMany(_("Many links were made for this archive today. Use one of them."), retry_after=86_400)
