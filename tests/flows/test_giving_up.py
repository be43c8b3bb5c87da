"""Giving up an access: it ends for everybody under it, who are told, and asked to destroy what they have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.core import mail

from agreements.applications.models import State
from agreements.core import clock
from agreements.core.errors import DomainError, NotAllowed, NotPossible
from agreements.flows import giving_up
from agreements.grants import lifecycle
from agreements.grants.models import Grant, GrantState, Link
from agreements.grants.running import is_running
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.revocation.models import Destruction, Procedure
from tests.applications.cases import put
from tests.flows.moves import NOON
from tests.flows.scene import Scene
from tests.web.opening_things import bring_in
from tests.web.test_member_pages import joined


@pytest.fixture
def noon() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.fixture
def grant(noon: None, scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application", "terms").get()


def test_it_ends_for_good_for_holder_and_members_and_each_owes_an_attestation(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    before = LedgerEntry.objects.count()
    procedure = giving_up.give_up(grant=grant, by=scene.alice.actor)
    grant.refresh_from_db()
    assert (grant.state, grant.closed_for, grant.ends_at) == (GrantState.EXPIRED, "declined", NOON)
    assert not is_running(grant)
    assert not Link.objects.filter(grant=grant, ended_at=None).exists()
    assert (procedure.act, procedure.scope_value, procedure.clause_id) == ("close", grant.reference, "termination")
    assert {(row.person, row.due_on) for row in Destruction.objects.select_related("person")} == {
        (scene.alice, dt.date(2026, 3, 16)),
        (scene.bob, dt.date(2026, 3, 16)),
    }
    kinds = [row.kind for row in LedgerEntry.objects.order_by("sequence")[before:]]
    assert kinds == ["grant.closed", "procedure.begun"]


def test_each_is_told_in_their_own_words(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    drain()
    mail.outbox.clear()
    giving_up.give_up(grant=grant, by=scene.alice.actor)
    drain()
    told = {letter.to[0]: " ".join(str(letter.body).split()) for letter in mail.outbox}
    assert len(told) == len(mail.outbox) == 2
    asked = "Please destroy your copies by 16 March 2026 and attest that you did."
    assert f"your access {grant.reference} to GeneBody has ended. {asked}" in told[scene.alice.email]
    assert (
        f"access {grant.reference} to GeneBody, which Alice Zhang 张爱丽 held and you were a member of, has ended: "
        "Alice Zhang 张爱丽 no longer uses the data. Your links no longer work, and the password is no longer shown. "
        f"{asked}"
    ) in told[scene.bob.email]


def test_a_suspended_access_can_be_given_up(scene: Scene, grant: Grant) -> None:
    lifecycle.suspend(grant=grant, cause="question", reason="A question.", by=scene.dan.actor)
    giving_up.give_up(grant=grant, by=scene.alice.actor)
    grant.refresh_from_db()
    assert grant.state == GrantState.EXPIRED


def test_others_cannot_nor_twice_nor_where_there_is_nothing_to_end(scene: Scene, grant: Grant) -> None:
    joined(grant, scene.bob)
    for other in (scene.bob, scene.eve, scene.dan):
        with pytest.raises(NotAllowed):
            giving_up.give_up(grant=grant, by=other.actor)
    giving_up.give_up(grant=grant, by=scene.alice.actor)
    with pytest.raises(NotPossible):
        giving_up.give_up(grant=grant, by=scene.alice.actor)
    assert Procedure.objects.count() == 1


def test_what_was_brought_in_and_never_confirmed_is_declined_instead(scene: Scene) -> None:
    brought = bring_in(scene, scene.eve)
    with pytest.raises(DomainError):
        giving_up.give_up(grant=brought, by=scene.eve.actor)
    assert giving_up.decline(grant=brought, has_copies=False, by=scene.eve.actor) is None
