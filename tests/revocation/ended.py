"""Alice's access, ended, and what its people then owe: what tests about the destruction of copies share."""

from __future__ import annotations

import datetime as dt

from agreements.applications.models import State
from agreements.core import clock
from agreements.grants.members import invitations, membership
from agreements.grants.models import DownloadOpened, Grant, Link
from agreements.people.models import User
from agreements.revocation import queries
from agreements.revocation.models import AffectedGrant, Destruction
from agreements.revocation.revoking import revoke
from tests.applications.cases import put
from tests.flows.scene import Scene

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
"""When access ends; its copies are to be destroyed by 16 March."""
DUE = dt.date(2026, 3, 16)
REASON = "The images were posted on a public page."
PROCESS = "00000000-0000-4000-8000-000000000001"


def day(number: int, *, hour: int = 9) -> dt.datetime:
    """Return a moment so many days after the due date."""
    return dt.datetime.combine(DUE + dt.timedelta(days=number), dt.time(hour), tzinfo=dt.UTC)


def granted(scene: Scene, *, members: tuple[User, ...] = ()) -> Grant:
    """Return Alice's access, with members who joined it."""
    with clock.frozen(NOON - dt.timedelta(days=30)):
        put(scene, State.APPROVED)
        grant = Grant.objects.get()
        for member in members:
            invited = membership.invite(grant=grant, email=member.email, name=member.name, by=scene.alice.actor)
            membership.accept(token=invitations.token(invited), by=member.actor)
    return grant


def downloaded(grant: Grant, person: User, *, at: dt.datetime) -> DownloadOpened:
    """Note that a person began a download."""
    link = Link.objects.select_related("archive").filter(grant=grant, seal__person=person).latest("pk")
    return DownloadOpened.objects.create(
        process=PROCESS,
        grant=grant,
        link=link,
        archive=link.archive,
        at=at,
        range_start=0,
        range_stop=link.archive.sealed_size,
    )


def ended(scene: Scene, *, members: tuple[User, ...] = (), grant: Grant | None = None) -> AffectedGrant:
    """Return the end of Alice's access; she and each member owe the destruction of their copies."""
    grant = grant or granted(scene, members=members)
    with clock.frozen(NOON):
        procedure = revoke(grant=grant, clause_id="termination", reason=REASON, by=scene.dan.actor)
    assert procedure.destroy_by == DUE
    affected = AffectedGrant.objects.get(procedure=procedure)
    for person in (scene.alice, *members):
        Destruction.objects.get_or_create(affected=affected, person=person, defaults={"due_on": DUE})
    return affected


def owed_by(person: User) -> Destruction:
    """Return what a person was asked, however it stands."""
    return queries.asked_of(person.pk).get()
