"""What anyone may see of a dataset."""

from __future__ import annotations

from django.test import Client
from django.utils import timezone

from agreements.applications.models import State
from agreements.catalog.models import Dataset
from tests.applications.cases import put
from tests.flows.scene import Scene, signed_in


def test_with_one_dataset_the_first_page_leads_to_it_and_with_two_it_lists_them(scene: Scene) -> None:
    page = Client().get("/", follow=True)
    assert "GeneBody" in page.content.decode()
    Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    listed = Client().get("/")
    assert listed.status_code == 200
    assert all(title in listed.content.decode() for title in ("GeneBody", "Other"))


def test_the_blank_form_is_the_same_for_everybody(scene: Scene) -> None:
    one, other = (browser.get("/datasets/genebody/terms/1.0.pdf") for browser in (Client(), signed_in(scene.alice)))
    assert one.content == other.content
    assert one.content.startswith(b"%PDF")
    assert one["Content-Disposition"] == 'attachment; filename="genebody-agreement-1.0.pdf"'
    # A shared cache keeps what came without a cookie only.
    assert "public" in one["Cache-Control"]
    assert "public" not in other["Cache-Control"]
    assert "private" in other["Cache-Control"]


def test_the_page_knows_where_one_stands(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    mine = signed_in(scene.alice).get("/datasets/genebody/").content.decode()
    assert application.reference in mine
    for other in (Client(), signed_in(scene.bob), signed_in(scene.carol)):
        assert application.reference not in other.get("/datasets/genebody/").content.decode()


def test_a_withdrawn_dataset_takes_no_applications(scene: Scene) -> None:
    Dataset.objects.update(withdrawn_at=timezone.now())
    page = Client().get("/datasets/genebody/").content.decode()
    assert "This dataset has been withdrawn." in page
    assert "/apply/" not in page
    told = signed_in(scene.alice).post("/datasets/genebody/apply/", follow=True).content.decode()
    assert "GeneBody has been withdrawn." in told


def test_what_does_not_exist_is_not_found(scene: Scene) -> None:
    for address in (
        "/datasets/none/",
        "/datasets/genebody/terms/9.9/",
        "/datasets/genebody/terms/9.9.pdf",
        "/datasets/genebody/preview.jpg",
    ):
        assert Client().get(address).status_code == 404
