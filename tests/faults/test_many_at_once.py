"""Hundreds of accesses end in one transaction while others act: nobody waits for ever, and everybody is told."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from agreements.core.clock import now
from agreements.core.errors import DomainError, MovedOn, NotPossible
from agreements.grants import lifecycle
from agreements.grants.downloads.redeeming import Ticket, redeem
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.models import DownloadOpened, Grant, GrantState, Link
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation import lifting, revoking
from agreements.revocation.models import Destruction, Procedure, ProcedureAct, ScopeKind
from tests.faults.at_once import at_once
from tests.faults.world import ROUNDS, World, approving, note
from tests.figures import FIGURES
from tests.revocation import many

pytestmark = pytest.mark.timeout(900)
ALL = "All of them"
SECONDS = 60
"""In which hundreds of accesses must have ended: generous, for a machine that does much else."""
MANY = pytest.mark.parametrize("grants", [200, pytest.param(1000, marks=pytest.mark.long)])


def begin(world: World, *, expected: int, act: ProcedureAct = ProcedureAct.REVOKE) -> Callable[[], Procedure]:
    """Return the end of everything that the organization has, as a steward does it who has just looked."""
    return lambda: many.start(
        world.scene.dataset, ScopeKind.ORGANIZATION, ALL, by=world.scene.dan, act=act, expected=expected
    )


def made(world: World, number: int, *, members: int = 0, prefix: str = "a") -> list[Grant]:
    emails = [f"{prefix}{each}@all.example" for each in range(number)]
    return many.grants(world.scene.dataset, emails, organization=ALL, members=members)


@MANY
def test_others_go_on_while_an_organization_ends(world: World, grants: int) -> None:
    ending, others = (
        made(world, grants, members=1),
        many.grants(world.scene.dataset, [f"b{each}@other.example" for each in range(60)], organization="Others"),
    )
    Grant.objects.filter(pk__in=[grant.pk for grant in others]).update(ends_at=now() + dt.timedelta(days=5))
    waiting = world.submitted()
    done = threading.Event()
    acts: Counter[str] = Counter()
    took: list[float] = []

    def ends() -> Procedure:
        started = time.monotonic()
        try:
            return begin(world, expected=grants)()
        finally:
            done.set()
            took.append(time.monotonic() - started)
            words = f"{grants} accesses with a member each revoked on {connection.vendor} in {took[0]:.1f} s"
            FIGURES.append(f"{words} while others acted")

    def renews() -> None:
        for grant in others[:20]:
            later = now() + dt.timedelta(days=400)
            lifecycle.renew(grant=grant, ends_at=later, use_digest="ab" * 32, by=grant.holder.actor)
            acts["renewed"] += not done.is_set()

    def suspends() -> None:
        for grant in others[20:40]:
            cause = lifecycle.suspend(grant=grant, by=world.scene.dan.actor, cause="question", reason="Unclear.")
            lifecycle.resume(grant=grant, by=world.scene.dan.actor, suspension=cause, reason="Answered.")
            acts["suspended and resumed"] += not done.is_set()

    def revokes() -> None:
        for grant in others[40:]:
            revoking.revoke(grant=grant, clause_id="termination", reason="Over.", by=world.scene.dan.actor)
            acts["revoked"] += not done.is_set()

    ended, *rest = at_once(ends, renews, suspends, revokes, approving(waiting, world.scene.carol))
    assert isinstance(ended, Procedure), ended
    assert not any(isinstance(each, Exception) for each in rest), rest
    FIGURES.append(f"acts of others within the revocation of {grants} on {connection.vendor}: {dict(acts)}")
    # SQLite has one writer: there the others go on before and after.
    assert acts.total() > 0 or connection.vendor == "sqlite"
    assert took[0] < SECONDS, f"{grants} accesses took {took[0]:.0f} s to end"
    assert set(many.states(ending)) == {"revoked"}
    some = Link.objects.filter(grant__in=ending).order_by("pk")
    for link in some[:: max(1, some.count() // 10)][:10]:
        with pytest.raises(Refused):
            redeem(tokens.token(link), start=0, stop=10)
    assert OutboxMessage.objects.filter(kind__in=["grant-revoked", "member-revoked"]).count() == 2 * grants + 20
    assert Destruction.objects.filter(affected__procedure=ended).count() == 2 * grants
    assert Grant.objects.get(application=waiting).state == GrantState.ACTIVE


@ROUNDS
def test_of_two_stewards_one_ends_the_organization_and_the_other_is_told(world: World, rounds: int) -> None:
    for number in range(rounds):
        hit = made(world, 5, prefix=f"r{number}-")
        ends = at_once(begin(world, expected=5), begin(world, expected=5))
        [procedure] = [end for end in ends if isinstance(end, Procedure)]
        [told] = [end for end in ends if isinstance(end, MovedOn)]
        assert told.changes[0] == "0 accesses are hit now; when you looked it was 5."
        assert any(change.startswith(f"{procedure.reference} was begun by Dan") for change in told.changes)
        assert OutboxMessage.objects.filter(kind="grant-revoked", recipient=hit[0].holder.email).count() == 1


@ROUNDS
def test_a_download_and_the_end_of_the_organization_have_one_outcome(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        hit = made(world, 20, prefix=f"d{number}-")
        token = tokens.token(_link(hit[-1]))

        def fetch(token: str = token) -> Ticket:
            return redeem(token, start=0, stop=10)

        fetched, ended = at_once(fetch, begin(world, expected=20))
        assert isinstance(ended, Procedure), ended
        seen["redeemed first" if isinstance(fetched, Ticket) else "revoked first"] += 1
        assert DownloadOpened.objects.filter(grant=hit[-1]).count() == isinstance(fetched, Ticket)
        with pytest.raises(Refused):
            fetch()
    note("redeem against the end of 20", seen, rounds=rounds, orders=2)


@ROUNDS
def test_lifting_a_suspension_never_opens_what_was_revoked(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        hit = made(world, 5, prefix=f"l{number}-")
        suspension = begin(world, expected=5, act=ProcedureAct.SUSPEND)()
        lifts = _lift(suspension, world.scene.dan)
        lifted, ended = at_once(lifts, begin(world, expected=5))
        assert isinstance(ended, Procedure), ended
        assert isinstance(lifted, Procedure), lifted
        assert set(many.states(hit)) == {"revoked"}
        resumed = OutboxMessage.objects.filter(kind="grant-resumed", recipient=hit[0].holder.email).exists()
        seen["lifted first" if resumed else "revoked first"] += 1
    note("lift against revoke", seen, rounds=rounds, orders=2)


@ROUNDS
def test_two_lift_once(world: World, rounds: int) -> None:
    for number in range(rounds):
        hit = made(world, 5, prefix=f"t{number}-")
        suspension = begin(world, expected=5, act=ProcedureAct.SUSPEND)()
        ends = at_once(_lift(suspension, world.scene.dan), _lift(suspension, world.scene.dan))
        assert sum(isinstance(end, Procedure) for end in ends) == 1
        [told] = [end for end in ends if isinstance(end, NotPossible)]
        assert str(told) == f"{suspension.reference} was lifted already, or is no suspension."
        assert set(many.states(hit)) == {"active"}
        Grant.objects.filter(pk__in=[grant.pk for grant in hit]).update(organization_key="done")


@ROUNDS
def test_a_renewal_and_a_revocation_have_one_outcome(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        hit = made(world, 3, prefix=f"n{number}-")
        Grant.objects.filter(pk__in=[grant.pk for grant in hit]).update(ends_at=now() + dt.timedelta(days=5))
        later = now() + dt.timedelta(days=400)

        def renews(grant: Grant = hit[1], later: dt.datetime = later) -> Grant:
            return lifecycle.renew(grant=grant, ends_at=later, use_digest="ab" * 32, by=grant.holder.actor)

        renewed, ended = at_once(renews, begin(world, expected=3))
        assert isinstance(ended, Procedure), ended
        assert set(many.states(hit)) == {"revoked"}
        if isinstance(renewed, DomainError):
            assert str(renewed) == f"Access {hit[1].reference} is revoked: this can no longer be done."
        seen["revoked first" if isinstance(renewed, DomainError) else "renewed first"] += 1
    note("renew against revoke", seen, rounds=rounds, orders=2)


def _link(grant: Grant) -> Link:
    return links.with_all().get(grant=grant, seal__person=grant.holder)


def _lift(procedure: Procedure, steward: User) -> Callable[[], Procedure]:
    return lambda: lifting.lift(procedure=procedure, reason="Settled.", by=steward.actor)
