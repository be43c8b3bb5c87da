"""Gives somebody of an installation of the fault tests access, and prints what a restore is to be tested with, as JSON.

A program of its own, run in the installation's environment: `python -m tests.faults.prepare_restore REFERENCE`.
"""

from __future__ import annotations

import json
import os
import sys

import django


def main(reference: str) -> dict[str, str]:
    """Return the grant's reference and the path of its link."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from agreements.applications import submission
    from agreements.applications.models import Application
    from agreements.core import wakeups
    from agreements.grants import issuing
    from agreements.grants.links import tokens
    from agreements.grants.models import Link
    from agreements.people.models import User

    with wakeups.silenced():
        application = Application.objects.select_related("applicant", "dataset", "terms").get(reference=reference)
        handed_in = submission.submit(application=application, by=application.applicant.actor)
        carol = User.objects.get(email="carol@genebody.example")
        grant = issuing.issue(submission=handed_in, by=carol.actor, as_role="reviewer")
        link = Link.objects.select_related("archive").get(grant=grant)
        return {"grant": grant.reference, "link": f"/d/{tokens.token(link)}/{link.archive.name}"}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
