from __future__ import annotations

from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.review import notices
from agreements.review.notices import Wishes
from tests.flows.scene import Scene, signed_in


def test_a_reviewer_chooses_what_is_mailed(scene: Scene) -> None:
    carol = signed_in(scene.carol)
    page = carol.get("/account/").content.decode()
    assert '<input type="checkbox" name="digest" aria-describedby="id_digest_helptext" id="id_digest" checked>' in page
    assert 'name="each_case" aria-describedby="id_each_case_helptext" id="id_each_case">' in page
    assert carol.post("/account/notices/", {"each_case": "on"}).headers["Location"] == "/account/"
    assert notices.wishes_of(scene.carol) == Wishes(digest=False, each_case=True)
    page = carol.get("/account/").content.decode()
    assert "Saved." in page
    assert 'id="id_each_case" checked>' in page
    carol.post("/account/notices/", {"digest": "on"})
    assert notices.wishes_of(scene.carol) == Wishes(digest=True, each_case=False)


def test_who_is_told_of_no_case_is_asked_nothing(scene: Scene) -> None:
    for person in (scene.dan, scene.alice, scene.eve):
        client = signed_in(person)
        assert "Mail about applications" not in client.get("/account/").content.decode()
        assert client.post("/account/notices/", {"digest": "on"}).status_code == 404
    assert signed_in(scene.carol).get("/account/notices/").status_code == 405


def test_a_steward_of_a_dataset_without_a_reviewer_is_asked(scene: Scene) -> None:
    roles.end(user=scene.carol, dataset=scene.dataset, role=Role.REVIEWER, by=scene.dan.actor)
    assert "Mail about applications" in signed_in(scene.dan).get("/account/").content.decode()
