"""Fills the site of the bench of links: `python -m bench.links_scene FOLDER` prints the addresses to ask, as JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import django


def main(folder: Path) -> dict[str, str]:
    """Return the paths by name: one-query, shared, open. Migrates the empty database first."""
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
    from agreements.grants.links import making as links
    from agreements.grants.links import tokens
    from agreements.grants.shared import generations
    from tests.grants.scene import build

    scene = build(folder)
    by = actors.job("bench")
    archive = publish_archive(
        subset=scene.train40, source=folder, by=by, name="train40-shared.zip", seal=SealKind.SHARED
    )
    generation = generations.ask(archive=archive, by=by)
    while not generations.work_off_one(generation.pk):
        continue
    link = links.make(grant=scene.grant, archive=archive, person=scene.alice, by=scene.alice.actor, mail=False)
    return {
        "one-query": f"/one-query/{link.link_id}",
        "shared": f"/d/{tokens.token(link)}/{archive.name}",
        "open": f"/datasets/{scene.dataset.slug}/download/{scene.open.pk}/{scene.open.name}",
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
