"""What the steward does about a destruction that is owed: reads it, excuses it; and who cannot."""

from __future__ import annotations

import pytest
from django.urls import reverse

from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.people.models import User
from agreements.revocation.models import AffectedGrant, Destruction
from tests.applications.cases import SYSTEM, staff
from tests.flows.scene import Scene, signed_in
from tests.revocation.ended import ended, owed_by
from tests.web.destructions import browser, page


@pytest.fixture
def affected(scene: Scene) -> AffectedGrant:
    return ended(scene, members=(scene.bob,))


def excuse_page(owed: Destruction) -> str:
    return f"/stewardship/genebody/procedures/{owed.affected.procedure.reference}/excuse/{owed.pk}/"


def test_a_steward_excuses_and_the_auditor_cannot(scene: Scene, affected: AffectedGrant) -> None:
    owed, audrey = owed_by(scene.bob), staff(scene, "audrey", Role.AUDITOR)
    for who in (audrey, scene.carol, scene.alice, scene.eve):
        assert signed_in(who).get(excuse_page(owed)).status_code == 404
        assert signed_in(who).post(excuse_page(owed), {"reason": "No."}).status_code == 404
    dan = signed_in(scene.dan)
    assert "Excuse Bob from attesting" in dan.get(excuse_page(owed)).content.decode()
    assert dan.post(excuse_page(owed), {"reason": " "}).status_code == 422
    answer = dan.post(excuse_page(owed), {"reason": "Left no address."})
    assert answer["Location"] == reverse("procedure", args=["genebody", affected.procedure.reference])
    assert owed_by(scene.bob).remark == "Left no address."
    assert "This was excused already" in dan.get(excuse_page(owed)).content.decode()
    assert dan.post(excuse_page(owed), {"reason": "Again."}).status_code == 422
    text = signed_in(scene.bob).get(page(owed)).content.decode()
    assert "A steward has settled this" in text
    assert "Left no address" not in text


def test_another_datasets_steward_finds_nothing(scene: Scene, affected: AffectedGrant) -> None:
    other = scene.dataset.__class__.objects.create(
        slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example"
    )
    rita = User.objects.create_user("rita@other.example", name="Rita")
    roles.give(user=rita, dataset=other, role=Role.STEWARD, by=SYSTEM)
    client, owed, reference = signed_in(rita), owed_by(scene.alice), affected.procedure.reference
    for slug in ("genebody", "other"):
        base = f"/stewardship/{slug}/procedures/{reference}"
        assert client.get(f"{base}/certificate/{affected.pk}.pdf").status_code == 404
        assert client.get(f"{base}/destruction/{owed.pk}.pdf").status_code == 404
        assert client.get(f"{base}/excuse/{owed.pk}/").status_code == 404


def test_a_paper_that_is_not_made_is_not_there(scene: Scene, affected: AffectedGrant) -> None:
    owed = owed_by(scene.alice)
    assert browser(scene.alice).get(page(owed, "certificate.pdf")).status_code == 404
    base = f"/stewardship/genebody/procedures/{affected.procedure.reference}"
    assert signed_in(scene.dan).get(f"{base}/destruction/{owed.pk}.pdf").status_code == 404
