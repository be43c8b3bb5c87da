"""Access is opened in the very moment in which all of its kind ends: it is ended with the others, or never opens."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from agreements.bars import barring
from agreements.bars.models import Bar
from agreements.catalog.models import Access, Subset
from agreements.core.errors import MovedOn
from agreements.flows import opening
from agreements.grants.members import invitations, membership
from agreements.grants.models import Grant, GrantState, MemberState, SubsetOffer
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from agreements.revocation.beginning import BarWish
from agreements.revocation.models import Procedure, ScopeKind
from tests.faults.at_once import at_once
from tests.faults.world import ROUNDS, World, approving, note
from tests.revocation import many

pytestmark = pytest.mark.timeout(900)


@ROUNDS
def test_an_approval_beside_the_end_and_the_bar_of_its_domain(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        waiting = world.submitted()
        domain = f"lab{number}.example"
        type(waiting).objects.filter(pk=waiting.pk).update(email=f"alice@{domain}")
        waiting.refresh_from_db()
        many.grants(world.scene.dataset, [f"other@{domain}"], organization="Elsewhere")
        ends = partial(
            many.start,
            world.scene.dataset,
            ScopeKind.DOMAIN,
            domain,
            by=world.scene.dan,
            expected=1,
            bar=BarWish(domain=domain),
        )
        approved, ended = at_once(approving(waiting, world.scene.carol), ends)
        opened = Grant.objects.filter(application=waiting, state=GrantState.ACTIVE).exists()
        if isinstance(ended, Procedure):
            assert not opened
            assert "was barred" in str(approved)
            seen["ended first"] += 1
        else:
            # The steward looks again, and finds one more.
            assert isinstance(ended, MovedOn), ended
            assert opened
            seen["approved first"] += 1
    note("approve against the end of a domain", seen, rounds=rounds, orders=2)


@ROUNDS
def test_joining_beside_the_end_of_the_person(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for number in range(rounds):
        grant = world.granted()
        bob = User.objects.create_user(f"bob{number}@connect.ust.hk", name="Bob")
        many.grants(world.scene.dataset, [bob.email], organization="Elsewhere")
        invited = membership.invite(grant=grant, email=bob.email, name="Bob", by=grant.holder.actor)
        joins = partial(membership.accept, token=invitations.token(invited), by=bob.actor)
        person = str(bob.public_id)
        ends = partial(many.start, world.scene.dataset, ScopeKind.PERSON, person, by=world.scene.dan, expected=1)
        _joined, ended = at_once(joins, ends)
        invited.refresh_from_db()
        if isinstance(ended, Procedure):
            assert invited.state != MemberState.JOINED
            seen["ended first"] += 1
        else:
            assert isinstance(ended, MovedOn), ended
            assert invited.state == MemberState.JOINED
            seen["joined first"] += 1
    note("join against the end of a person", seen, rounds=rounds, orders=2)


@ROUNDS
def test_an_approval_beside_a_bar_that_comes_with_no_procedure(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _number in range(rounds):
        waiting = world.submitted()
        bars = partial(
            barring.set_bar,
            dataset=world.scene.dataset,
            person=waiting.applicant,
            reason="Misuse.",
            by=world.scene.dan.actor,
        )
        approved, barred = at_once(approving(waiting, world.scene.carol), bars)
        assert isinstance(barred, Bar), barred
        issued = LedgerEntry.objects.filter(kind="grant.issued", subjects__application=waiting.reference).first()
        if issued is None:
            assert "was barred" in str(approved)
            seen["barred first"] += 1
        else:
            # Rows stand in the order in which their acts came to an end.
            assert issued.sequence < LedgerEntry.objects.filter(kind="bar.set").latest("sequence").sequence
            seen["approved first"] += 1
    note("approve against a bar", seen, rounds=rounds, orders=2)


@ROUNDS
def test_accepting_an_offer_beside_the_end_of_its_subset(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    dataset = world.scene.dataset
    for number in range(rounds):
        grant = world.granted()
        slug = f"more{number}"
        subset = Subset.objects.create(dataset=dataset, slug=slug, title=slug, access=Access.AGREEMENT, position=9)
        many.grants(dataset, [f"other{number}@mit.edu"], subsets=[subset])
        offer = SubsetOffer.objects.create(grant=grant, subset=subset)
        accepts = partial(opening.accept, offer=offer, by=grant.holder.actor)
        ends = partial(many.start, dataset, ScopeKind.SUBSET, slug, by=world.scene.dan, expected=1)
        accepted, ended = at_once(accepts, ends)
        covered = grant.subsets.filter(pk=subset.pk).exists()
        if isinstance(ended, Procedure):
            assert not covered
            assert "can no longer be had" in str(accepted)
            seen["ended first"] += 1
        else:
            assert isinstance(ended, MovedOn), ended
            assert covered
            seen["accepted first"] += 1
    note("accept an offer against the end of its subset", seen, rounds=rounds, orders=2)
