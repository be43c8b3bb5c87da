"""Attesting, excusing and certifying at the same moment: one outcome, one paper, told plainly to the other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from agreements.core import clock
from agreements.documents.models import StoredDocument
from agreements.grants.models import Grant
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.models import OutboxMessage
from agreements.revocation import attesting, certifying, following_up, messages
from agreements.revocation.models import AffectedGrant, Destruction, DestructionState
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World, note, revoking_it

pytestmark = pytest.mark.timeout(900)

TOO_LATE = re.compile(r"This was attested already|A steward has settled this already")


def owed(world: World, grant: Grant) -> Destruction:
    """Return what the holder of a grant owes, which is revoked now."""
    procedure = revoking_it(grant, world.scene.dan)()
    return Destruction.objects.select_related("affected__grant__dataset", "person").get(affected__procedure=procedure)


def another(first: Destruction) -> Destruction:
    """Return what the same person owes after one more end of the same grant."""
    affected = AffectedGrant.objects.create(
        procedure=first.affected.procedure, grant=first.affected.grant, state_before="active"
    )
    return Destruction.objects.create(affected=affected, person=first.person, due_on=first.due_on)


def attesting_it(due: Destruction, name: str) -> Callable[[], Destruction]:
    return partial(attesting.attest, destruction=due, name=name, by=due.person.actor)


def about(destruction: Destruction, kind: str) -> int:
    reference = destruction.affected.grant.reference
    return LedgerEntry.objects.filter(kind=kind, subjects__grant=reference).count()


@ROUNDS
def test_a_double_click_attests_once(world: World, rounds: int) -> None:
    grant, outcomes = world.granted(), Counter[str]()
    first = owed(world, grant)
    for _ in range(rounds):
        due = another(first)
        before, recorded = StoredDocument.objects.count(), about(first, "destruction.attested")
        ends = at_once(*(attesting_it(due, name) for name in ("Alice One", "Alice Two")))
        [told] = refusals(ends)
        assert TOO_LATE.match(told)
        [won] = [end for end in ends if isinstance(end, Destruction)]
        due.refresh_from_db()
        assert (due.state, due.signed_name) == (DestructionState.ATTESTED, won.signed_name)
        assert StoredDocument.objects.count() == before + 1
        assert about(first, "destruction.attested") == recorded + 1
        outcomes[won.signed_name] += 1
    assert verify().holds
    note("attest twice", outcomes, rounds=rounds)


@ROUNDS
def test_attested_or_excused_and_never_both(world: World, rounds: int) -> None:
    grant, outcomes = world.granted(), Counter[str]()
    first = owed(world, grant)
    for _ in range(rounds):
        due = another(first)
        ends = at_once(
            attesting_it(due, "Alice"),
            partial(attesting.excuse, destruction=due, reason="Unreachable.", by=world.scene.dan.actor),
        )
        [told] = refusals(ends)
        assert TOO_LATE.match(told)
        due.refresh_from_db()
        assert bool(due.certificate_id) == (due.state == DestructionState.ATTESTED)
        outcomes[due.state] += 1
    assert about(first, "destruction.attested") + about(first, "destruction.excused") == rounds
    assert verify().holds
    note("attest against excuse", outcomes, rounds=rounds)


@ROUNDS
def test_a_certificate_is_opened_by_two_while_the_worker_draws_it(world: World, rounds: int) -> None:
    grant = world.granted()
    first = owed(world, grant).affected
    certifying.work_off()
    for _ in range(rounds):
        affected = AffectedGrant.objects.create(procedure=first.procedure, grant=grant, state_before="active")
        before, recorded = StoredDocument.objects.count(), about_certificates(grant)
        opened = [partial(certifying.certificate_of, affected)] * 2
        papers = at_once(*opened, certifying.work_off)[:2]
        affected.refresh_from_db()
        assert {paper.pk for paper in papers} == {affected.certificate_id}
        assert StoredDocument.objects.count() == before + 1
        assert about_certificates(grant) == recorded + 1
    assert verify().holds


def about_certificates(grant: Grant) -> int:
    return LedgerEntry.objects.filter(kind="certificate.made", subjects__grant=grant.reference).count()


def test_two_workers_follow_up_and_each_person_hears_once(world: World) -> None:
    due = [owed(world, world.granted()) for _ in range(8)]
    Destruction.objects.update(due_on=clock.today().replace(day=1).replace(year=2020))
    at_once(following_up.follow_up, following_up.follow_up)
    assert OutboxMessage.objects.filter(kind=messages.REMINDER).count() == len(due)
    assert OutboxMessage.objects.filter(kind=messages.OVERDUE).count() == 1
    assert LedgerEntry.objects.filter(kind="destruction.overdue").count() == len(due)
    assert verify().holds
