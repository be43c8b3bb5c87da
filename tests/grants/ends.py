"""Alice's access with an end, and time that passes as the beat sees it: what tests about ends share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from django.core import mail

from agreements.core import clock
from agreements.grants import lifecycle
from agreements.grants.ends import messages, noticing, proving, renewing
from agreements.grants.models import Grant, Renewal
from agreements.mail.drain import drain
from tests.grants.scene import NOON, Scene

ALICE = "alice@mit.example.edu"
BOB = "bob@mit.example.edu"


def give_an_end(scene: Scene, *, days: int = 365, address_days: int | None = None) -> Grant:
    """Let Alice's access last for so many days from noon, and the dataset give as many at each renewal."""
    messages.register()
    scene.dataset.grant_days, scene.dataset.address_days = days, address_days
    scene.dataset.save()
    Grant.objects.filter(pk=scene.grant.pk).update(ends_at=NOON + dt.timedelta(days=days))
    return again(scene)


def again(scene: Scene) -> Grant:
    return Grant.objects.select_related("dataset", "terms", "holder", "application").get(pk=scene.grant.pk)


@contextmanager
def day(number: float) -> Iterator[None]:
    """Stop the clock so many days after noon."""
    with clock.frozen(NOON + dt.timedelta(days=number)):
        yield


def beat() -> list[tuple[str, str]]:
    """Do what the beat does, twice over, and return to whom which mail went, in the order of sending."""
    for _again in range(2):
        lifecycle.expire_due()
        noticing.give_due()
        proving.suspend_overdue()
    mail.outbox.clear()
    drain()
    return [(letter.to[0], str(letter.subject)) for letter in mail.outbox]


def body(to: str) -> str:
    [letter] = [one for one in mail.outbox if one.to == [to]]
    return str(letter.body)


def renew(
    scene: Scene, *, drop_subsets: tuple[str, ...] = (), drop_members: tuple[int, ...] = (), use: str = "Research."
) -> Renewal:
    grant = again(scene)
    return renewing.renew(
        grant=grant,
        seen_end=grant.ends_at,
        drop_subsets=drop_subsets,
        drop_members=drop_members,
        use=use,
        by=scene.alice.actor,
    )
