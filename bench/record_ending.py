"""The ending half of `bench.record`: an organization's access ends in one transaction while others go on.

``python -m bench.record_ending COUNT FOLDER`` prints, in seconds: the revocation of all at once, the same number one
by one, the longest that anybody else's renewal took meanwhile; then how many accesses had a link and had every one
refused, and how many notices were queued. A renewal that fails meanwhile fails the bench.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import django

if TYPE_CHECKING:
    from agreements.grants.models import Grant


def main(count: int, folder: Path) -> None:
    """Make the scene in the database that is configured, and measure."""
    django.setup()
    from agreements.core import wakeups

    # Every link that is refused would be a line.
    logging.disable(logging.INFO)
    # There is no broker here, and no worker to be woken.
    with wakeups.silenced():
        _measure(count, folder)


def _measure(count: int, folder: Path) -> None:
    from agreements.mail.models import OutboxMessage
    from agreements.revocation.models import ScopeKind
    from tests.flows.scene import make_scene
    from tests.revocation import many

    scene = make_scene(folder)
    ending = many.grants(scene.dataset, [f"a{number}@all.example" for number in range(count)], organization="All")
    others = many.grants(scene.dataset, [f"b{number}@other.example" for number in range(40)], organization="Others")
    assert not any(_refused(ending).values()), "a link that is refused before the end shows nothing afterwards"
    stop = Event()
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(_renew, others, stop)
        try:
            began = time.perf_counter()
            many.start(scene.dataset, ScopeKind.ORGANIZATION, "All", by=scene.dan)
            at_once = time.perf_counter() - began
        finally:
            stop.set()
        slowest = renewing.result()
    refused = sum(_refused(ending).values())
    queued = OutboxMessage.objects.filter(kind="grant-revoked").count()
    print(at_once, _one_by_one(scene, count), slowest, refused, queued)


def _refused(ending: list[Grant]) -> dict[int, bool]:
    """Tell of each grant that has a link whether every one of its links is refused."""
    from agreements.grants.models import Link

    found: dict[int, bool] = {}
    for link in Link.objects.filter(grant__in=ending).select_related("grant"):
        found[link.grant_id] = found.get(link.grant_id, True) and _is_refused(link)
    return found


def _renew(others: list[Grant], stop: Event) -> float:
    """Renew one after the other, each a day longer, until told to stop; return the seconds of the slowest."""
    from django.db import connection

    from agreements.core.clock import now
    from agreements.grants import lifecycle
    from agreements.grants.models import Grant

    known = Grant.objects.filter(pk__in=[grant.pk for grant in others])
    known.update(ends_at=now() + dt.timedelta(days=5))
    days, slowest = 10, 0.0
    while not stop.is_set():
        days += 1
        for grant in known.select_related("holder"):
            began = time.perf_counter()
            until = now() + dt.timedelta(days=days)
            lifecycle.renew(grant=grant, ends_at=until, use_digest="ab" * 32, by=grant.holder.actor)
            slowest = max(slowest, time.perf_counter() - began)
            if stop.is_set():
                break
    connection.close()
    return slowest


def _is_refused(link: object) -> bool:
    from agreements.grants.downloads.redeeming import redeem
    from agreements.grants.downloads.refusals import Refused
    from agreements.grants.links import tokens
    from agreements.grants.models import Link

    assert isinstance(link, Link)
    try:
        redeem(tokens.token(link), start=0, stop=10)
    except Refused:
        return True
    return False


def _one_by_one(scene: object, count: int) -> float:
    """Return the seconds that as many revocations take, each of one access."""
    from agreements.revocation.revoking import revoke
    from tests.flows.scene import Scene
    from tests.revocation import many

    assert isinstance(scene, Scene)
    made = many.grants(scene.dataset, [f"c{number}@single.example" for number in range(count)], organization="Single")
    began = time.perf_counter()
    for grant in made:
        revoke(grant=grant, clause_id="termination", reason=many.REASON, by=scene.dan.actor)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
