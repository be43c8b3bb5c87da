"""Fills an installation of the fault tests: dataset, archive, people with open sessions, applications ready to submit.

A program of its own, run in the installation's environment: `python -m tests.faults.prepare FOLDER NUMBER` prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path

import django


def main(folder: Path, number: int) -> dict[str, object]:
    """Return whose session is which, and whose application is which."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from dataclasses import replace

    from agreements.core import wakeups
    from agreements.core.clock import now
    from agreements.documents.models import Inspection, InspectionState
    from agreements.people.models import User
    from tests.flows.scene import draft_with_signed_copy, make_scene

    # The broker is not part of filling: what is due is found by the beat.
    with wakeups.silenced():
        scene = make_scene(folder / "train40")
        people = {"carol": scene.carol, "dan": scene.dan}
        applications = {}
        for index in range(number):
            name = f"alice{index}"
            people[name] = User.objects.create_user(f"{name}@connect.ust.hk", name=f"Alice {index}")
            applications[name] = draft_with_signed_copy(replace(scene, alice=people[name])).reference
        # Opening a dozen files is not what these tests are about; those that are have it done again.
        Inspection.objects.filter(state=InspectionState.PENDING).update(state=InspectionState.OK, finished_at=now())
        return {"sessions": {name: _session(user) for name, user in people.items()}, "applications": applications}


def _session(user: object) -> str:
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from agreements.people.models import User

    assert isinstance(user, User)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]))))
