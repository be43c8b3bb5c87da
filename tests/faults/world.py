"""What races are run in: the scene, with a fresh application or access for every round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from agreements.applications import submission
from agreements.applications.models import Application, EvidenceRun
from agreements.documents.models import Inspection
from agreements.flows.approving import approve
from agreements.grants.models import Grant
from agreements.people.models import User
from agreements.review.decisions import Seen
from agreements.revocation import revoking
from agreements.revocation.models import Procedure
from tests.figures import FIGURES
from tests.flows.scene import Scene, draft_with_signed_copy

ROUNDS = pytest.mark.parametrize("rounds", [20, pytest.param(200, marks=pytest.mark.long)])


class World:
    """The scene, and a fresh application for every round."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.count = 0

    def ready(self) -> Application:
        """Return an application of somebody new that is ready to be submitted."""
        self.count += 1
        alice = User.objects.create_user(f"alice{self.count}@connect.ust.hk", name=f"Alice {self.count}")
        application = draft_with_signed_copy(replace(self.scene, alice=alice))
        # What `inspect` finds is not part of these races.
        Inspection.objects.filter(state="pending").update(state="ok")
        return application

    def submitted(self) -> Application:
        """Return a submitted application of somebody new; its evidence is not gathered yet."""
        application = self.ready()
        submission.submit(application=application, by=application.applicant.actor)
        return application

    def granted(self) -> Grant:
        """Return somebody's new access."""
        application = self.submitted()
        approving(application, self.scene.carol)()
        return Grant.objects.get(application=application)


def approving(application: Application, reviewer: User) -> Callable[[], Any]:
    """Return the approval of what was handed in first, with the evidence there is now."""
    run = EvidenceRun.objects.filter(submission__application=application).latest("number")
    seen = Seen(submission_number=1, evidence_digest=run.digest)
    return lambda: approve(application=application, seen=seen, reason="I know the group.", by=reviewer.actor)


def revoking_it(grant: Grant, steward: User) -> Callable[[], Procedure]:
    """Return the revocation of an access."""
    return lambda: revoking.revoke(grant=grant, clause_id="termination", reason="It is over.", by=steward.actor)


def note(what: str, outcomes: Counter[str]) -> None:
    """Keep for the end of the run how often who came first."""
    FIGURES.append(f"{what}: {dict(outcomes)}")
