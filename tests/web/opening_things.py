"""What the addresses about opened subsets and brought-in access name."""

from __future__ import annotations

import datetime as dt
from typing import Final

from agreements.applications import importing as application_import
from agreements.catalog.models import Access, Opening, Subset, Terms
from agreements.core import actors
from agreements.documents import store
from agreements.grants.imported import importing
from agreements.grants.models import Grant, SubsetOffer
from agreements.ledger.act import act
from agreements.people.models import User
from tests.flows.scene import Scene

NOT_THERE: Final = {"announced": "nothing", "opened": "nothing", "offer": "987654", "imported": "GB-G-999997"}


def opened_offered_and_imported(scene: Scene, grant: Grant) -> dict[str, str]:
    """Return an announced subset, one that opened, its offer under a grant, and access brought in for Bob."""
    announced = Subset.objects.create(
        dataset=scene.dataset, slug="extended370", title="Extended370", access=Access.ANNOUNCED, position=8
    )
    opened = Subset.objects.create(
        dataset=scene.dataset, slug="hands", title="Hands", access=Access.AGREEMENT, position=9
    )
    Opening.objects.create(subset=opened)
    offer = SubsetOffer.objects.create(grant=grant, subset=opened)
    return {
        "announced": announced.slug,
        "opened": opened.slug,
        "offer": str(offer.pk),
        "imported": bring_in(scene, scene.bob).reference,
    }


def bring_in(scene: Scene, person: User, *, note: str = "") -> Grant:
    """Return access of a person as the import leaves it."""
    fields = dict.fromkeys(application_import.FIELDS, "x") | {
        "name": person.name,
        "organization": "ETH Zurich",
        "site_department": "Computer Science",
        "site_city": "Zurich",
        "country": "CH",
        "site_country": "CH",
    }
    with act():
        handed_in = application_import.bring_in(
            dataset=scene.dataset,
            terms=Terms.objects.get(dataset=scene.dataset, version="1.0"),
            person=person,
            email=person.email,
            fields=fields,
            document=store.save(b"%PDF-1.7 " + person.email.encode()),
            original_name="signed.pdf",
            signed_at=dt.datetime(2023, 5, 31, tzinfo=dt.UTC),
            note=note,
        )
        return importing.bring_in(
            submission=handed_in,
            subsets=list(Subset.objects.filter(dataset=scene.dataset, slug="train40")),
            starts_at=handed_in.submitted_at,
            ends_at=None,
            by=actors.job("import_agreements"),
        )
