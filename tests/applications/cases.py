"""Bringing Alice's application into each of its states, by the front door."""

from __future__ import annotations

import datetime as dt

from agreements.applications import drafting, evidence, submission, withdrawing
from agreements.applications.models import Application, EvidenceRun, State
from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.core import actors, clock
from agreements.core.actors import Actor
from agreements.flows.approving import approve
from agreements.people.models import User
from agreements.review import decisions
from agreements.review.decisions import Seen
from tests.flows.scene import Scene, draft_with_signed_copy

SYSTEM = actors.job("tests")
FINDING = {"check": "address", "outcome": "pass", "summary": "Known.", "details": {}}


def seen(application: Application) -> Seen:
    """Return what a reviewer sees who opens the case now."""
    handed_in = submission.newest(application)
    assert handed_in is not None
    run = evidence.newest(handed_in)
    return Seen(handed_in.number, run.digest if run else "")


def with_evidence(application: Application) -> EvidenceRun:
    """Return the newest run of a submitted application, complete, without opening any file."""
    handed_in = submission.newest(application)
    assert handed_in is not None
    run = evidence.newest(handed_in)
    assert run is not None
    evidence.complete(run=run, findings=[FINDING], sources={"test": "1"})
    run.refresh_from_db()
    return run


def put(scene: Scene, state: State) -> Application:
    """Return Alice's application in a state."""
    application = draft_with_signed_copy(scene)
    alice, carol = scene.alice.actor, scene.carol.actor
    if state in {State.SUBMITTED, State.RETURNED, State.APPROVED, State.DECLINED}:
        submission.submit(application=application, by=alice)
        with_evidence(application)
    if state is State.WITHDRAWN:
        withdrawing.withdraw(application=application, by=alice)
    elif state is State.LAPSED:
        with clock.frozen(clock.now() + dt.timedelta(days=400)):
            withdrawing.lapse_forgotten()
    elif state is State.RETURNED:
        decisions.return_for_changes(application=application, seen=seen(application), reason="Sign it.", by=carol)
    elif state is State.DECLINED:
        decisions.decline(application=application, seen=seen(application), reason="No.", by=carol)
    elif state is State.APPROVED:
        approve(application=application, seen=seen(application), reason="", by=carol)
    application.refresh_from_db()
    assert application.state == state
    return application


def staff(scene: Scene, name: str, role: Role, *, host: str = "genebody.example") -> User:
    """Return a further member of staff."""
    user = User.objects.create_user(f"{name}@{host}", name=name.title())
    roles.give(user=user, dataset=scene.dataset, role=role, by=SYSTEM)
    return user


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def save(application: Application, by: Actor, **fields: str) -> Application:
    return drafting.save(application=application, fields=fields, by=by)
