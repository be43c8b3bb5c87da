"""Fills the installation of `bench.approval`: `python -m bench.approval_scene COUNT FOLDER` leaves that many cases."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import django


def main(count: int, folder: Path) -> None:
    """Hand in `count` applications of as many people; their evidence is gathered, their mails wait."""
    django.setup()
    from agreements.applications import submission
    from agreements.core import wakeups
    from agreements.core.clock import now
    from agreements.documents.models import Inspection, InspectionState
    from agreements.flows import agreement_issue
    from agreements.people.models import User
    from agreements.review import gathering
    from tests.flows.scene import draft_with_signed_copy, make_scene

    logging.disable(logging.INFO)
    with wakeups.silenced(), patch.object(agreement_issue, "drawn_agreement", _the_same_each_time()):
        scene = make_scene(folder)
        for number in range(count):
            alice = User.objects.create_user(f"alice{number}@connect.ust.hk", name=f"Alice {number}")
            application = draft_with_signed_copy(replace(scene, alice=alice))
            # What `inspect` finds is not part of this.
            pending = Inspection.objects.filter(state=InspectionState.PENDING)
            pending.update(state=InspectionState.OK, finished_at=now())
            submission.submit(application=application, by=alice.actor)
        while gathering.work_off():
            continue


def _the_same_each_time() -> Callable[..., Any]:
    """Return what draws the first agreement and gives it again: nobody reads them here, and drawing takes long."""
    from agreements.flows import agreement_issue

    render = agreement_issue.drawn_agreement  # type: ignore[attr-defined]
    drawn: list[Any] = []

    def once(*given: Any, **named: Any) -> Any:
        drawn[:] = drawn or [render(*given, **named)]
        return drawn[0]

    return once


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
