"""What races are run in: the scene, with a fresh application or access for every round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client

from agreements.applications import submission
from agreements.applications.models import Application, EvidenceRun
from agreements.documents.models import Inspection
from agreements.flows.approving import approve
from agreements.grants.links import tokens
from agreements.grants.models import Grant, Link
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


LONG: Final = 200
REFUSED: Final = "This link does not open"


def note(what: str, outcomes: Counter[str], *, rounds: int, orders: int = 0) -> None:
    """Keep for the end of the run how often who came first.

    In the long profile each of the `orders` in which it can come must have come, or the race was none.
    """
    FIGURES.append(f"{what} on {connection.vendor}, {rounds} rounds: {dict(outcomes)}")
    if orders and rounds >= LONG:
        assert len(outcomes) == orders, f"{what}: only {dict(outcomes)} in {rounds} rounds"


def check_told(link: Link, *, number: int) -> None:
    """Check what a person reads who uses a link that was ended: that it does not open, and where to go on."""
    # Whoever is refused thirty times is told to wait: each round comes from an address of its own.
    address = f"198.51.{number // 250}.{number % 250 + 1}"
    answer = Client().get(f"/d/{tokens.token(link)}/{link.archive.name}", REMOTE_ADDR=address)
    assert answer.status_code == 404
    told = answer.content.decode()
    assert REFUSED in told
    assert "Sign in and open the page of your access" in told
