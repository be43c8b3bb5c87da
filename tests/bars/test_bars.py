"""Who may not apply, and that they are told only when they submit."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from agreements.applications import drafting, submission
from agreements.applications.models import State
from agreements.bars.checks import check_not_barred
from agreements.bars.models import Bar
from agreements.catalog.models import Dataset
from agreements.core import clock
from agreements.core.errors import NotAllowed
from tests.applications.cases import fresh
from tests.flows.scene import Scene, draft_with_signed_copy

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def bar(scene: Scene, **fields: object) -> Bar:
    return Bar.objects.create(
        **({"dataset": scene.dataset, "reason": "x", "reason_salt": "00", "set_by": scene.dan} | fields)
    )


def barred(scene: Scene, *, at: dt.datetime = NOON) -> bool:
    try:
        with clock.frozen(at):
            check_not_barred(dataset_pk=scene.dataset.pk, person_pk=scene.alice.pk, emails=["Alice@Connect.UST.hk"])
    except NotAllowed:
        return True
    return False


@pytest.mark.parametrize(
    ("domain", "hit"),
    [
        ("connect.ust.hk", True),
        ("ust.hk", True),
        ("hk", True),
        ("cs.connect.ust.hk", False),
        ("st.hk", False),
        ("ethz.ch", False),
    ],
)
def test_a_bar_on_a_domain_hits_it_and_what_is_below(scene: Scene, domain: str, hit: bool) -> None:
    bar(scene, domain=domain)
    assert barred(scene) == hit


def test_a_bar_on_a_person_hits_nobody_else(scene: Scene) -> None:
    bar(scene, person=scene.bob)
    assert not barred(scene)
    bar(scene, person=scene.alice)
    assert barred(scene)


def test_a_bar_ends_when_it_is_lifted_or_its_time_is_over(scene: Scene) -> None:
    one = bar(scene, person=scene.alice, until=NOON + dt.timedelta(hours=1))
    assert barred(scene)
    assert not barred(scene, at=NOON + dt.timedelta(hours=1))
    one.until, one.lifted_at = None, NOON
    one.save()
    assert not barred(scene)


def test_a_bar_is_for_its_dataset_only(scene: Scene) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT")
    bar(scene, person=scene.alice, dataset=other)
    assert not barred(scene)


def test_a_bar_names_a_person_or_a_domain_and_not_both(scene: Scene) -> None:
    for fields in ({}, {"person": scene.alice, "domain": "ust.hk"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            bar(scene, **fields)


def test_the_barred_are_told_when_they_submit_and_not_before(scene: Scene) -> None:
    bar(scene, domain="ust.hk")
    application = draft_with_signed_copy(scene)
    assert drafting.start(dataset=scene.dataset, email=scene.alice.email, by=scene.alice.actor) == application
    with pytest.raises(NotAllowed, match="You cannot apply for this dataset at present"):
        submission.submit(application=application, by=scene.alice.actor)
    assert fresh(application).state == State.DRAFT


def test_a_bar_is_not_evaded_by_another_spelling_of_the_mailbox_or_the_domain(scene: Scene) -> None:
    bar(scene, person=scene.alice)
    bar(scene, domain="ust.hk")
    for email in ("alice+2@connect.ust.hk", "someone@connect.ｕst.hk", "someone@ust。hk"):
        with pytest.raises(NotAllowed):
            check_not_barred(dataset_pk=scene.dataset.pk, person_pk=scene.eve.pk, emails=[email])
    Bar.objects.filter(person=None).delete()
    with pytest.raises(NotAllowed):
        check_not_barred(dataset_pk=scene.dataset.pk, person_pk=scene.eve.pk, emails=["alice+2@connect.ust.hk"])
    check_not_barred(dataset_pk=scene.dataset.pk, person_pk=scene.eve.pk, emails=["alicia@connect.ust.hk"])
