"""Fills a database and a vault for the tests of download tools: an archive under each seal, and Alice's links to both.

A program of its own: `python -m tests.faults.prepare_deliveries FOLDER` prints JSON, the links' paths by kind of seal.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path

import django

MIB = 1024 * 1024
SIZES = {
    "scan.bin": 64 * MIB,
    **{f"view/{n}.bin": 6 * MIB for n in range(6)},
    **{f"mask/{n}.png": 20_011 for n in range(40)},
}
"""Bytes of each file: one far larger than a tool's pieces, some of a size from which codes are kept, many small."""


def main(folder: Path) -> dict[str, str]:
    """Return the paths of the links: `personal` and `shared`."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from agreements.catalog.models import SealKind
    from agreements.catalog.publishing.publish import publish_archive
    from agreements.core import wakeups
    from agreements.core.actors import job
    from agreements.grants.links import making as links
    from agreements.grants.links import tokens
    from agreements.grants.shared import generations
    from agreements.vault import stores
    from tests.grants import scene as scenes

    with wakeups.silenced():  # no broker runs
        for store in (stores.archives(), stores.delivery(), stores.papers()):
            store.prepare()
        made = scenes.build(folder / "small")
        paths = {}
        for kind in (SealKind.PERSONAL, SealKind.SHARED):
            source = _files(folder / kind)
            name = f"{kind}.zip"
            archive = publish_archive(subset=made.train40, source=source, name=name, seal=kind, by=job("tests"))
            generations.work_off()
            link = links.make(grant=made.grant, archive=archive, person=made.alice, by=made.alice.actor, mail=False)
            paths[str(kind)] = f"/d/{tokens.token(link)}/{name}"
        return paths


def _files(folder: Path) -> Path:
    chance = random.Random(str(folder.name))
    for name, size in SIZES.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(chance.randbytes(size))
    return folder


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))
