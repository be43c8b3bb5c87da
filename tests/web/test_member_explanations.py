"""A colleague whose address is of another organization is explained, and whoever decides reads it."""

from __future__ import annotations

from agreements.applications.models import State
from agreements.grants.models import Grant, GrantMember
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in


def test_an_address_of_another_organization_is_explained_and_the_steward_reads_it(scene: Scene) -> None:
    put(scene, State.APPROVED)
    grant, alice = Grant.objects.get(), signed_in(scene.alice)
    page = f"/grants/{grant.reference}/members/"
    refused = alice.post(page, {"name": "Zoe", "email": "zoe@ethz.ch"})
    assert refused.status_code == 422
    assert "Explain why this address is of another organization: the lab reads it." in refused.content.decode()
    assert not GrantMember.objects.exists()
    alice.post(page, {"name": "Zoe", "email": "zoe@ethz.ch", "explanation": " A guest <in> our group. "})
    seen = signed_in(scene.dan).get(f"/stewardship/genebody/grants/{grant.reference}/").content.decode()
    assert "Explained: A guest &lt;in&gt; our group." in seen
