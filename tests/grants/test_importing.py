"""Access that was brought in and waits for its holder: the rule for one grant and the query for many say the same."""

from __future__ import annotations

import itertools

from agreements.core.clock import now
from agreements.grants.imported import importing
from agreements.grants.models import Grant, GrantState
from tests.grants.scene import Scene


def test_the_query_and_the_rule_agree_over_every_state(scene: Scene) -> None:
    at = now()
    found = []
    for state, imported_at, confirmed_at in itertools.product(GrantState, (None, at), (None, at)):
        Grant.objects.filter(pk=scene.grant.pk).update(state=state, imported_at=imported_at, confirmed_at=confirmed_at)
        grant = Grant.objects.get(pk=scene.grant.pk)
        waits = importing.is_waiting(grant)
        assert importing.waiting(scene.dataset).exists() == waits, (state, imported_at, confirmed_at)
        if waits:
            found.append((state, imported_at, confirmed_at))
    assert found == [(GrantState.SUSPENDED, at, None)]
