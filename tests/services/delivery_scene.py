"""Fills the site of the tests and benches of delivery; run in its environment, it prints JSON.

`python -m tests.services.delivery_scene FOLDER MEMBERS GRANTS` makes an archive of MEMBERS x 64 MiB, and as many grants
to it, each of another person, with one link. `... revoke NUMBER...` ends grants, each with a commit of its own.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import django

MEMBER = 64 << 20


def fill(folder: Path, members: int, grants: int) -> dict[str, object]:
    """Return the archive's sealed size, the open archive's path and a page's; and of each grant number and path."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)

    from agreements.grants import issuing
    from agreements.grants.links import making as links
    from agreements.grants.links import tokens
    from tests.grants import scene as scenes

    folder.mkdir(parents=True, exist_ok=True)
    data = random.Random(7).randbytes(MEMBER)
    for number in range(members):
        (folder / f"{number:03}.bin").write_bytes(data)
    scene = scenes.build(folder)
    made = [(scene.grant, scene.alice)]
    for number in range(1, grants):
        person = scenes.person(f"p{number:02}")
        application = scenes.approved(scene.dataset, scene.terms, person)
        submission = scenes.handed_in(application)
        made.append((issuing.issue(submission=submission, by=scene.carol.actor, as_role="reviewer"), person))
    paths = []
    for grant, person in made:
        link = links.make(grant=grant, archive=scene.sealed, person=person, by=person.actor, mail=False)
        paths.append(f"/d/{tokens.token(link)}/{scene.sealed.name}")
    return {
        "size": scene.sealed.sealed_size,
        "open": f"/datasets/{scene.dataset.slug}/download/{scene.open.pk}/{scene.open.name}",
        "page": f"/datasets/{scene.dataset.slug}/",
        "grants": [grant.pk for grant, _ in made],
        "paths": paths,
    }


def revoke(grants: list[int]) -> dict[int, float]:
    """End grants; return when each was committed, in seconds since 1970."""
    from agreements.core.clock import now
    from agreements.grants.models import Grant
    from agreements.people.models import User
    from agreements.revocation.revoking import revoke as end

    dan = User.objects.get(email__startswith="dan@").actor
    committed = {}
    for grant in Grant.objects.filter(pk__in=grants):
        end(grant=grant, clause_id="no-redistribution", reason="Published on a web page.", by=dan)
        committed[grant.pk] = now().timestamp()
    return committed


def main(arguments: list[str]) -> object:
    """Do what is asked, with nobody to be woken by it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from agreements.core import wakeups

    with wakeups.silenced():
        if arguments[0] == "revoke":
            return revoke([int(number) for number in arguments[1:]])
        folder, members, grants = arguments
        return fill(Path(folder), int(members), int(grants))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1:])))
