"""Ending and suspending access through the pages: choosing whose, the preview, and what is typed."""

from __future__ import annotations

import pytest

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role
from agreements.grants.models import Grant, GrantState
from agreements.revocation.models import Procedure
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in
from tests.revocation import many
from tests.web.procedures import DESK, END, another, end, typed


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def test_the_first_step_offers_what_there_is_with_its_numbers(scene: Scene, grant: Grant) -> None:
    another(grant, 1)
    page = signed_in(scene.dan).get(END).content.decode()
    for words in ("Hong Kong University of Science and Technology (2)", "connect.ust.hk (2)", "Train40 (2)", "1.0 (2)"):
        assert words in page


@pytest.mark.parametrize("act", ["revoke", "suspend"])
def test_a_choice_leads_to_its_preview(scene: Scene, grant: Grant, act: str) -> None:
    dan = signed_in(scene.dan)
    chosen = {"act": act, "target": f"organization:{grant.organization_key}", "named": ""}
    assert dan.get(END, chosen)["Location"] == end("organization", grant.organization_key, act)
    named = {"act": act, "target": "", "named": "Alice@connect.ust.hk"}
    assert dan.get(END, named)["Location"] == end("person", str(scene.alice.public_id), act)
    assert dan.get(END, named | {"named": grant.reference.lower()})["Location"] == end("grant", grant.reference, act)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"act": "revoke"}, "one of the two"),
        ({"act": "revoke", "target": "subset:train40", "named": "alice@connect.ust.hk"}, "one of the two"),
        ({"act": "move", "target": "subset:train40"}, "Select a valid choice"),
        ({"act": "revoke", "target": "subset:nothing"}, "Select a valid choice"),
        ({"act": "revoke", "named": "eve@ethz.ch"}, "has this address"),
        ({"act": "revoke", "named": "nobody@ethz.ch"}, "has this address"),
        ({"act": "revoke", "named": "GB-G-999999"}, "has no access GB-G-999999"),
        ({"act": "revoke", "scope": "planet", "value": "x"}, "Choose whose access"),
        ({"act": "move", "scope": "dataset", "value": ""}, "Choose whether to end or to suspend it."),
        ({"act": "revoke", "scope": "person", "value": "not-a-uuid"}, "Nobody of this name"),
        ({"act": "revoke", "scope": "organization", "value": "\0"}, "Nobody at"),
    ],
)
def test_a_bad_choice_is_answered_with_words(scene: Scene, grant: Grant, given: dict[str, str], words: str) -> None:
    answer = signed_in(scene.dan).get(END, given)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)


def test_what_only_another_dataset_has_is_answered_like_what_nobody_has(scene: Scene, grant: Grant) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve, there = signed_in(scene.eve), "/stewardship/other/end/"
    assert eve.get(END).status_code == 404
    assert eve.post(end("dataset"), typed()).status_code == 404
    hers = {"person": str(scene.alice.public_id), "grant": grant.reference, "organization": grant.organization_key}
    nobodys = {"person": "0" * 32, "grant": "GB-G-999999", "organization": "x"}
    for scope, value in hers.items():
        here, nowhere = (
            eve.get(there, {"act": "revoke", "scope": scope, "value": each}) for each in (value, nobodys[scope])
        )
        assert here.status_code == nowhere.status_code == 422
        assert here.content.decode().replace(value, "…").count("has no access") == nowhere.content.decode().count(
            "has no access"
        )
        assert grant.holder_name not in here.content.decode()
    named = eve.get(there, {"act": "revoke", "target": "", "named": "alice@connect.ust.hk"})
    assert "Nobody who has, or had, access to this dataset has this address." in named.content.decode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "This field is required."),
        ({"clause_id": "termination", "reason": "  ", "expected": "1"}, "This field is required."),
        ({"clause_id": "invented", "reason": "x", "expected": "1"}, "Select a valid choice"),
        ({"clause_id": "termination", "reason": "x" * 5001, "expected": "1"}, "at most 5000 characters"),
        (typed(bar="person", until="2001-01-01"), "Choose a day in the future."),
        (typed(bar="domain:elsewhere.example"), "Select a valid choice"),
        (typed(until="2999-01-01"), "Choose who is barred until that day"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_has_ended(
    scene: Scene, grant: Grant, data: dict[str, str], words: str
) -> None:
    answer = signed_in(scene.dan).post(end("grant", grant.reference), data)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not Procedure.objects.exists()


def test_the_old_address_of_one_access_leads_to_its_preview(scene: Scene, grant: Grant) -> None:
    dan = signed_in(scene.dan)
    assert dan.get(f"{DESK}grants/{grant.reference}/revoke/")["Location"] == end("grant", grant.reference)
    page = dan.get(f"{DESK}grants/{grant.reference}/").content.decode()
    assert "Revoke this access…" in page
    assert "Everything of" in page
    for address in (end("grant", grant.reference), end("person", str(scene.alice.public_id))):
        preview = dan.get(address).content.decode()
        assert "It reaches 1 access, 1 person" in preview
        assert grant.reference in preview
        assert "cut within seconds" in preview


def test_revoking_by_double_click_revokes_once_and_says_so(scene: Scene, grant: Grant) -> None:
    dan, address = signed_in(scene.dan), end("grant", grant.reference)
    answers = [dan.post(address, typed()) for _click in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]
    assert f"Access {grant.reference} is revoked" in answers[1].content.decode()
    procedure = Procedure.objects.get()
    assert answers[0]["Location"] == f"{DESK}procedures/{procedure.reference}/"
    page = dan.get(f"{DESK}grants/{grant.reference}/").content.decode()
    assert "The project has ended." in page
    assert procedure.reference in page
    assert "Revoke this access" not in page


def test_more_than_one_access_wants_its_number_typed(scene: Scene, grant: Grant) -> None:
    another(grant, 1)
    dan, address = signed_in(scene.dan), end("organization", grant.organization_key)
    assert "It reaches 2 accesses, 2 people" in dan.get(address).content.decode()
    for number in ("", "3"):
        answer = dan.post(address, typed(2, number=number))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "The project has ended." in page
    assert "It reaches 2 accesses." in page
    done = dan.post(address, typed(2, number="2"), follow=True).content.decode()
    assert "2 accesses are revoked; notice is on its way." in done
    assert set(Grant.objects.values_list("state", flat=True)) == {GrantState.REVOKED}


def test_what_changed_since_the_preview_is_told_with_everything_kept(scene: Scene, grant: Grant) -> None:
    dan, address = signed_in(scene.dan), end("organization", grant.organization_key)
    another(grant, 1)
    another(grant, 2)
    answer = dan.post(address, typed(2, number="3"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "3 accesses are hit now; when you looked it was 2." in page
    assert "GB-G-000002" in page
    assert "The project has ended." in page
    assert '<option value="termination" selected>' in page
    assert 'name="expected" value="3"' in page
    assert not Procedure.objects.exists()
    assert dan.post(address, typed(3, number="3")).status_code == 302


def test_a_steward_does_not_end_their_own_access(scene: Scene, grant: Grant) -> None:
    Grant.objects.update(holder=scene.dan)
    answer = signed_in(scene.dan).post(end("grant", grant.reference), typed())
    assert (answer.status_code, "This is your own access" in answer.content.decode()) == (422, True)


def test_nobody_but_a_steward_finds_the_page(scene: Scene, grant: Grant) -> None:
    for person in (scene.eve, scene.alice, scene.carol, staff(scene, "audrey", Role.AUDITOR)):
        client = signed_in(person)
        for address in (END, end("grant", grant.reference), f"{DESK}grants/{grant.reference}/revoke/"):
            assert client.get(address).status_code == 404
            assert client.post(address, typed()).status_code == 404
    assert not Procedure.objects.exists()


def test_a_membership_alone_is_not_offered_to_be_suspended(scene: Scene) -> None:
    [colleagues] = many.grants(scene.dataset, ["b@mit.edu"])
    [member] = many.join([colleagues], ["a@mit.edu"])
    assert member.person is not None
    who = str(member.person.public_id)
    page = signed_in(scene.dan).get(end("person", who)).content.decode()
    assert "Suspend it instead" not in page
    assert "suspended only with the access that it belongs to" in page
    page = signed_in(scene.dan).get(end("person", who, act="suspend")).content.decode()
    assert "A membership cannot be suspended by itself" in page
    assert "End it for good instead" in page


def test_terms_without_a_clause_in_common_are_said(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu"])
    many.grants(scene.dataset, ["b@mit.edu"], terms=many.second_terms(scene.dataset, "newer"))
    assert "have no clause in common" in signed_in(scene.dan).get(end("dataset")).content.decode()


def test_the_end_of_a_whole_subset_says_that_its_archive_stays_published(scene: Scene, grant: Grant) -> None:
    dan, said = signed_in(scene.dan), "New approvals leave Train40 out"
    preview = dan.get(end("subset", "train40")).content.decode()
    assert said in preview
    assert f'href="{DESK}archives/"' in preview
    for other in (end("subset", "train40", act="suspend"), end("dataset")):
        assert said not in dan.get(other).content.decode()
    answer = dan.post(end("subset", "train40"), typed(clause_id="termination"))
    assert said in dan.get(answer.headers["Location"]).content.decode()
