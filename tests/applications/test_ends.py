"""Applications that end without a decision."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail

from agreements.applications import withdrawing
from agreements.applications.models import Application, State
from agreements.core import clock
from agreements.core.errors import NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from tests.applications.cases import fresh, put, save
from tests.flows.scene import Scene


@pytest.mark.parametrize("state", [State.DRAFT, State.SUBMITTED, State.RETURNED])
def test_the_applicant_may_withdraw_until_there_is_a_decision(scene: Scene, state: State) -> None:
    application = put(scene, state)
    withdrawing.withdraw(application=application, by=scene.alice.actor)
    assert fresh(application).state == State.WITHDRAWN
    with pytest.raises(NotPossible, match="is withdrawn"):
        withdrawing.withdraw(application=application, by=scene.alice.actor)
    drain()
    assert mail.outbox[-1].subject == f"GeneBody: your application {application.reference} was withdrawn"
    assert mail.outbox[-1].to == ["alice@connect.ust.hk"]


@pytest.mark.parametrize(
    ("state", "days", "lapses"),
    [
        (State.DRAFT, 89, False),
        (State.DRAFT, 90, True),
        (State.RETURNED, 89, False),
        (State.RETURNED, 90, True),
        (State.SUBMITTED, 4000, False),
        (State.APPROVED, 4000, False),
    ],
)
def test_what_nobody_touches_lapses_after_the_datasets_time(
    scene: Scene, state: State, days: int, lapses: bool
) -> None:
    application = put(scene, state)
    with clock.frozen(application.updated_at + dt.timedelta(days=days)):
        assert withdrawing.lapse_forgotten() == int(lapses)
        assert withdrawing.lapse_forgotten() == 0
    assert (fresh(application).state == State.LAPSED) == lapses
    assert OutboxMessage.objects.filter(kind="application-lapsed").count() == int(lapses)
    if lapses:
        assert LedgerEntry.objects.get(kind="application.lapsed").actor == "system:lapse"


def test_an_application_that_its_owner_goes_on_with_in_that_moment_does_not_lapse(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = put(scene, State.DRAFT)
    plain = withdrawing._forgotten

    def and_then_the_owner_saves() -> list[Application]:
        found = list(plain())
        save(application, scene.alice.actor, city="Kowloon")
        return found

    monkeypatch.setattr(withdrawing, "_forgotten", and_then_the_owner_saves)
    with clock.frozen(application.updated_at + dt.timedelta(days=91)):
        assert withdrawing.lapse_forgotten() == 0
    assert fresh(application).state == State.DRAFT


def test_saving_begins_the_time_anew(scene: Scene) -> None:
    application = put(scene, State.DRAFT)
    with clock.frozen(application.updated_at + dt.timedelta(days=80)):
        save(application, scene.alice.actor, city="Kowloon")
    with clock.frozen(application.updated_at + dt.timedelta(days=100)):
        assert withdrawing.lapse_forgotten() == 0
