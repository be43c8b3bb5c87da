"""Fills the site of the bench of links: `python -m bench.links_scene FOLDER` prints the addresses to ask, as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django


def main(folder: Path) -> dict[str, list[str]]:
    """Return the paths by name (one-query, shared, open), of four people each. Migrates the empty database first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.links_settings")
    django.setup()
    from django.core.management import call_command

    from agreements.core import wakeups

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    wakeups._registry.clear()

    from agreements.catalog.models import SealKind
    from agreements.catalog.publishing.publish import publish_archive
    from agreements.core import actors
    from agreements.grants import issuing
    from agreements.grants.links import making as links
    from agreements.grants.links import tokens
    from agreements.grants.shared import generations
    from tests.grants.scene import approved, build, handed_in, person

    scene = build(folder)
    by = actors.job("bench")
    archive = publish_archive(
        subset=scene.train40, source=folder, by=by, name="train40-shared.zip", seal=SealKind.SHARED
    )
    generation = generations.ask(archive=archive, by=by)
    while not generations.work_off_one(generation.pk):
        continue
    made = []
    for number in range(4):
        application = approved(scene.dataset, scene.terms, person(f"{number}holder"))
        grant = issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")
        made.append(links.make(grant=grant, archive=archive, person=grant.holder, by=grant.holder.actor, mail=False))
    return {
        "one-query": [f"/one-query/{link.link_id}" for link in made],
        "shared": [f"/d/{tokens.token(link)}/{archive.name}" for link in made],
        "open": [f"/datasets/{scene.dataset.slug}/download/{scene.open.pk}/{scene.open.name}"],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
