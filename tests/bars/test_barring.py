"""Setting a bar, and lifting it: by stewards, with a reason, on record, and never on oneself."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.bars import barring
from agreements.bars.checks import check_not_barred, running
from agreements.bars.models import Bar
from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.flows.scene import SETUP, Scene

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
UNTIL = NOON + dt.timedelta(days=30)


def bar_alice(scene: Scene, until: dt.datetime | None = None) -> Bar:
    return barring.set_bar(
        dataset=scene.dataset, person=scene.alice, reason="Passed it on.", until=until, by=scene.dan.actor
    )


def bar_domain(scene: Scene, domain: str) -> Bar:
    return barring.set_bar(dataset=scene.dataset, domain=domain, reason="Their lab.", by=scene.dan.actor)


def is_barred(scene: Scene) -> bool:
    try:
        check_not_barred(dataset_pk=scene.dataset.pk, person_pk=scene.alice.pk, emails=[scene.alice.email])
    except NotAllowed:
        return True
    return False


def test_a_bar_holds_until_its_end_and_is_on_record(scene: Scene) -> None:
    with clock.frozen(NOON):
        bar = bar_alice(scene, UNTIL)
        assert is_barred(scene)
    with clock.frozen(UNTIL):
        assert not is_barred(scene)
    row = LedgerEntry.objects.get(kind="bar.set")
    assert row.subjects == {"dataset": "genebody", "person": str(scene.alice.public_id)}
    assert row.payload == {
        "domain_digest": "",
        "reason_digest": text_digest("Passed it on.", salt=bar.reason_salt),
        "until": UNTIL.isoformat(),
    }
    assert row.role == "steward"


def test_a_lifted_bar_holds_no_more_and_is_lifted_once(scene: Scene) -> None:
    bar = barring.lift(bar=bar_alice(scene), reason="Settled.", by=scene.dan.actor)
    assert not is_barred(scene)
    assert (bar.lifted_by, bar.lift_reason) == (scene.dan, "Settled.")
    row = LedgerEntry.objects.get(kind="bar.lifted")
    assert row.payload == {"domain_digest": "", "reason_digest": text_digest("Settled.", salt=bar.lift_salt)}
    with pytest.raises(NotPossible, match="lifted already, or has run out"):
        barring.lift(bar=bar, reason="Again.", by=scene.dan.actor)


def test_what_has_run_out_is_not_lifted(scene: Scene) -> None:
    with clock.frozen(NOON):
        bar = bar_alice(scene, UNTIL)
    with clock.frozen(UNTIL), pytest.raises(NotPossible, match="has run out"):
        barring.lift(bar=bar, reason="Late.", by=scene.dan.actor)


@pytest.mark.parametrize("written", ["ust.hk", "@UST.hk", "someone@ust.hk", " ust.hk. "])
def test_a_domain_is_stored_in_one_form(scene: Scene, written: str) -> None:
    bar = bar_domain(scene, written)
    assert bar.domain == "ust.hk"
    assert is_barred(scene)
    row = LedgerEntry.objects.get(kind="bar.set")
    assert "ust.hk" not in f"{row.subjects} {row.payload}"
    assert row.payload["domain_digest"] == text_digest("ust.hk", salt=bar.domain_salt)
    barring.lift(bar=bar, reason="Settled.", by=scene.dan.actor)
    assert LedgerEntry.objects.get(kind="bar.lifted").payload["domain_digest"] == row.payload["domain_digest"]


@pytest.mark.parametrize("written", ["", "hk", "*.hk", "ust hk.hk", "a/b.hk"])
def test_what_is_no_domain_of_one_organization_is_refused(scene: Scene, written: str) -> None:
    with pytest.raises(Invalid) as refused:
        bar_domain(scene, written)
    assert refused.value.field == "domain"


def test_reasons_are_given_and_an_end_lies_ahead(scene: Scene) -> None:
    with pytest.raises(Invalid) as refused:
        barring.set_bar(dataset=scene.dataset, person=scene.alice, reason=" ", by=scene.dan.actor)
    assert refused.value.field == "reason"
    with clock.frozen(NOON), pytest.raises(Invalid) as refused:
        bar_alice(scene, NOON)
    assert refused.value.field == "until"
    bar = bar_alice(scene)
    with pytest.raises(Invalid):
        barring.lift(bar=bar, reason="", by=scene.dan.actor)
    assert is_barred(scene)


@pytest.mark.parametrize("who", ["alice", "carol", "eve", "audrey"])
def test_only_a_steward_sets_and_lifts(scene: Scene, who: str) -> None:
    audrey = User.objects.create_user("audrey@genebody.example")
    roles.give(user=audrey, dataset=scene.dataset, role=Role.AUDITOR, by=SETUP)
    by = audrey.actor if who == "audrey" else getattr(scene, who).actor
    with pytest.raises(NotAllowed):
        barring.set_bar(dataset=scene.dataset, person=scene.bob, reason="x", by=by)
    bar = bar_alice(scene)
    with pytest.raises(NotAllowed):
        barring.lift(bar=bar, reason="x", by=by)
    assert running(dataset_pk=scene.dataset.pk).count() == 1


def test_nobody_bars_themselves_or_lifts_what_bars_them(scene: Scene) -> None:
    other = User.objects.create_user("dan+two@genebody.example")
    for person in (scene.dan, other):
        with pytest.raises(NotAllowed, match="names yourself"):
            barring.set_bar(dataset=scene.dataset, person=person, reason="x", by=scene.dan.actor)
    with pytest.raises(NotAllowed, match="your own address"):
        bar_domain(scene, "genebody.example")
    bar = Bar.objects.create(
        dataset=scene.dataset, person=scene.dan, reason="x", reason_salt="00" * 16, set_by=scene.carol
    )
    with pytest.raises(NotAllowed, match="another steward"):
        barring.lift(bar=bar, reason="I am fine.", by=scene.dan.actor)


def test_a_second_bar_has_to_last_longer(scene: Scene) -> None:
    with clock.frozen(NOON):
        bar_alice(scene, UNTIL)
        with pytest.raises(NotPossible, match=r"alice@connect\.ust\.hk is barred already"):
            bar_alice(scene, UNTIL)
        bar_alice(scene, UNTIL + dt.timedelta(days=1))
        bar_alice(scene)
        with pytest.raises(NotPossible):
            bar_alice(scene, UNTIL)
        assert running(dataset_pk=scene.dataset.pk).count() == 3
