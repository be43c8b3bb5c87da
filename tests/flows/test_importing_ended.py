"""Whoever the lab ended, or suspended, does not come back by a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreements.applications.models import Application
from agreements.grants.imported import confirming
from agreements.grants.models import Grant, GrantState, Suspension
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation.lifting import lift
from agreements.revocation.models import ProcedureAct, ScopeKind
from tests.flows.recipients import ROW, Run, person
from tests.flows.scene import Scene
from tests.revocation import many


@pytest.fixture
def run(scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


def test_whoever_the_lab_ended_does_not_come_back_by_a_table(run: Run, scene: Scene, tmp_path: Path) -> None:
    many.grants(scene.dataset, ["ada@ethz.ch", "bo@ethz.ch", "held@ethz.ch"])
    Application.objects.filter(applicant__email="bo@ethz.ch").update(email="b.earlier@ethz.ch")
    many.join(list(Grant.objects.filter(holder__email="held@ethz.ch")), ["cy@ethz.ch"])
    people = [str(User.objects.get(email=f"{name}@ethz.ch").public_id) for name in ("ada", "bo", "cy")]
    ada, bo, cy = (many.start(scene.dataset, ScopeKind.PERSON, each, by=scene.dan).reference for each in people)
    rows = [ROW, person("Bo"), person("Cy"), person("Be", email="b.earlier@ethz.ch"), person("Di")]
    before = Grant.objects.count()
    said = run(rows)
    for line in (
        f"line 2: the lab ended the access of ada@ethz.ch ({ada}).",
        f"line 3: the lab ended the access of bo@ethz.ch ({bo}).",
        f"line 4: the lab ended the access of cy@ethz.ch ({cy}).",
        f"line 5: the lab ended the access of b.earlier@ethz.ch ({bo}).",
    ):
        assert line in said
    assert Grant.objects.count() == before
    run(rows, "--skip-bad")
    assert [grant.holder.email for grant in Grant.objects.filter(imported_at__isnull=False)] == ["di@ethz.ch"]


def test_who_is_brought_in_under_a_suspension_in_force_stays_shut_after_confirming_until_it_is_lifted(
    run: Run, scene: Scene
) -> None:
    many.grants(scene.dataset, ["other@ethz.ch"])
    procedure = many.start(scene.dataset, ScopeKind.DOMAIN, "ethz.ch", by=scene.dan, act=ProcedureAct.SUSPEND)
    run([ROW], "--no-mail")
    grant = Grant.objects.get(imported_at__isnull=False)
    causes = Suspension.objects.filter(grant=grant, closed_at=None).values_list("cause", "procedure")
    assert set(causes) == {("unconfirmed", ""), ("procedure", procedure.reference)}
    assert not OutboxMessage.objects.filter(subject_reference=grant.reference).exists()
    assert confirming.confirm(grant=grant, by=grant.holder.actor).state == GrantState.SUSPENDED
    lift(procedure=procedure, reason="It was settled.", by=scene.dan.actor)
    grant.refresh_from_db()
    assert grant.state == GrantState.ACTIVE


def test_a_subset_that_was_revoked_for_everybody_is_given_to_nobody(run: Run, scene: Scene) -> None:
    many.grants(scene.dataset, ["ada.other@ethz.ch"])
    many.start(scene.dataset, ScopeKind.SUBSET, "train40", by=scene.dan)
    assert "train40 is no subset that is given by agreement; there are: none." in run([ROW | {"subsets": "train40"}])
    assert not Grant.objects.filter(imported_at__isnull=False).exists()
