"""Gives the demo's people their roles, as a program of its own: `python -m demo.people DATASET ROLE=ADDRESS ...`."""

from __future__ import annotations

import os
import sys


def main(dataset_slug: str, wanted: list[str]) -> None:
    """Make each person and give each the role. Raises what the domain raises."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()

    from agreements.catalog import roles
    from agreements.catalog.models import Dataset, Role
    from agreements.core import actors
    from agreements.people import accounts

    dataset = Dataset.objects.get(slug=dataset_slug)
    for entry in wanted:
        role, _, address = entry.partition("=")
        user = accounts.find_or_create(address)
        roles.give(user=user, dataset=dataset, role=Role(role), by=actors.job("demo"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
