"""The ending half of `bench.record`: an organization's access ends in one transaction while others go on.

``python -m bench.record_ending COUNT FOLDER`` prints, in seconds: the revocation of all at once, the same number one
by one, the longest that anybody else's renewal took meanwhile; then how many links were refused and notices queued.
"""

from __future__ import annotations

import datetime as dt
import sys
import threading
import time
from pathlib import Path

import django


def main(count: int, folder: Path) -> None:
    """Make the scene in the database that is configured, and measure."""
    django.setup()
    from agreements.core import wakeups
    from agreements.grants.models import Link
    from agreements.mail.models import OutboxMessage
    from agreements.revocation.models import ScopeKind
    from tests.flows.scene import make_scene
    from tests.revocation import many

    # There is no broker here, and no worker to be woken.
    wakeups._registry.clear()
    scene = make_scene(folder)
    ending = many.grants(scene.dataset, [f"a{number}@all.example" for number in range(count)], organization="All")
    others = many.grants(scene.dataset, [f"b{number}@other.example" for number in range(40)], organization="Others")
    slowest, stop = [0.0], threading.Event()
    renewing = threading.Thread(target=_renew, args=(others, slowest, stop))
    renewing.start()
    began = time.perf_counter()
    many.start(scene.dataset, ScopeKind.ORGANIZATION, "All", by=scene.dan)
    at_once = time.perf_counter() - began
    stop.set()
    renewing.join()
    links = Link.objects.filter(grant__in=ending)
    refused = sum(_is_refused(link) for link in links.select_related("grant"))
    queued = OutboxMessage.objects.filter(kind="grant-revoked").count()
    print(at_once, _one_by_one(scene, count), slowest[0], refused, queued)


def _renew(others: list[object], slowest: list[float], stop: threading.Event) -> None:
    """Renew one after the other, each a day longer, until told to stop."""
    from django.db import connection

    from agreements.core.clock import now
    from agreements.grants import lifecycle
    from agreements.grants.models import Grant

    known = Grant.objects.filter(pk__in=[grant.pk for grant in others])  # type: ignore[attr-defined]
    known.update(ends_at=now() + dt.timedelta(days=5))
    days = 10
    while not stop.is_set():
        days += 1
        for grant in known.select_related("holder"):
            began = time.perf_counter()
            until = now() + dt.timedelta(days=days)
            lifecycle.renew(grant=grant, ends_at=until, use_digest="ab" * 32, by=grant.holder.actor)
            slowest[0] = max(slowest[0], time.perf_counter() - began)
            if stop.is_set():
                break
    connection.close()


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
