"""Whether the holder is asked about new terms: the list, the page and the renewal say the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.applications.models import State
from agreements.core import clock
from agreements.grants.ends.terms import to_agree
from agreements.grants.models import ClosedFor, Grant, GrantState, TermsCampaign
from agreements.grants.terms_change import consenting
from agreements.web import access_terms
from tests.applications.cases import put
from tests.flows.scene import Scene
from tests.web.terms_things import asked


@pytest.mark.parametrize(
    ("changes", "is_asked"),
    [
        ({}, True),
        ({"state": GrantState.SUSPENDED}, True),
        ({"state": GrantState.EXPIRED, "ends_at": -10}, True),
        ({"state": GrantState.EXPIRED, "ends_at": -100}, False),
        ({"state": GrantState.REVOKED}, False),
        ({"closed_for": ClosedFor.MOVED}, False),
        ({"imported_at": 0}, False),
        ({"imported_at": 0, "confirmed_at": 0}, True),
    ],
)
def test_list_page_and_renewal_ask_alike(scene: Scene, changes: dict[str, Any], is_asked: bool) -> None:
    put(scene, State.APPROVED)
    known = Grant.objects.select_related("dataset", "holder", "application", "terms")
    consent = asked(scene, known.get())
    moments = {
        name: clock.now() + dt.timedelta(days=value) if name.endswith("_at") else value
        for name, value in changes.items()
    }
    Grant.objects.update(**moments)
    grant = known.get()
    assert (consenting.asked_of(grant) == consent) is is_asked
    assert access_terms.asked([grant]) == ({grant.pk: consent} if is_asked else {})
    assert to_agree(grant) == (consent.campaign.terms if is_asked else None)
    TermsCampaign.objects.update(ended_at=clock.now())
    assert (consenting.asked_of(grant), access_terms.asked([grant]), to_agree(grant)) == (None, {}, None)
