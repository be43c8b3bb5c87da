"""The steward's desk through the pages."""

from __future__ import annotations

import pytest

from agreements.applications.models import State
from agreements.catalog import invitations, roles
from agreements.catalog.models import Dataset, Role, RoleAssignment, StaffInvitation
from agreements.grants.models import Grant
from agreements.identity.models import DomainRule
from agreements.people.models import User
from agreements.web import steward_pages
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in

DESK = "/stewardship/genebody/"


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def test_a_grant_is_found_under_its_own_dataset_only(scene: Scene, grant: Grant) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve = signed_in(scene.eve)
    for address in (f"/stewardship/other/grants/{grant.reference}/", f"{DESK}grants/{grant.reference}/", DESK):
        assert eve.get(address).status_code == 404
    role = RoleAssignment.objects.get(user=scene.carol)
    assert eve.post(f"/stewardship/other/people/{role.pk}/end/").status_code == 404
    assert RoleAssignment.objects.get(user=scene.carol).ended_at is None


@pytest.mark.parametrize("data", [{}, {"email": "x", "role": "reviewer"}, {"email": "x@y.example", "role": "owner"}])
def test_a_bad_invitation_invites_nobody(scene: Scene, data: dict[str, str]) -> None:
    answer = signed_in(scene.dan).post(f"{DESK}people/invite/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<details class="fold" open><summary>Invite somebody' in page
    assert f'value="{data["email"]}"' in page if data else "This field is required." in page
    assert not StaffInvitation.objects.exists()


def test_a_role_that_somebody_holds_is_refused_at_the_form_with_the_address_kept(scene: Scene) -> None:
    answer = signed_in(scene.dan).post(f"{DESK}people/invite/", {"email": scene.carol.email, "role": "reviewer"})
    page = answer.content.decode()
    assert (answer.status_code, f"{scene.carol.email} already has this role." in page) == (422, True)
    assert f'value="{scene.carol.email}"' in page


def test_an_invitation_is_taken_up_by_its_address_alone_and_once(scene: Scene) -> None:
    given = {"email": "New@Lab.example", "role": "reviewer"}
    signed_in(scene.dan).post(f"{DESK}people/invite/", given)
    token = invitations.token(StaffInvitation.objects.get())
    new = User.objects.create_user("new@lab.example")
    assert "for another address" in _accept(scene.eve, token)
    changed = token[:-1] + ("0" if token[-1] != "0" else "1")
    assert signed_in(new).post(f"/invitations/{changed}/").status_code == 404
    assert "Welcome: your role is yours from now on." in _accept(new, token)
    assert "already accepted" in _accept(new, token)
    assert RoleAssignment.objects.filter(user=new, role=Role.REVIEWER).count() == 1


def test_an_invitation_says_before_the_click_that_it_is_somebody_elses(scene: Scene) -> None:
    new = User.objects.create_user("new@lab.example")
    invitation = invitations.invite(dataset=scene.dataset, email=new.email, role=Role.REVIEWER, by=scene.dan.actor)
    address = f"/invitations/{invitations.token(invitation)}/"
    page = signed_in(scene.eve).get(address).content.decode()
    assert "You are signed in as eve@ethz.ch" in page
    assert ">Accept</button>" not in page
    assert f'name="next" value="{address}"' in page
    eve = signed_in(scene.eve)
    assert eve.post("/accounts/logout/", {"next": address})["Location"] == address
    page = signed_in(new).get(address).content.decode()
    assert ">Accept</button>" in page
    assert "You are signed in as" not in page


def test_a_rule_needs_a_domain_and_a_reason(scene: Scene) -> None:
    dan = signed_in(scene.dan)
    for data, words in (
        ({}, "This field is required."),
        ({"suffix": "not a domain", "verdict": "allow", "reason": "x"}, "is not a domain"),
        ({"suffix": "hk", "verdict": "allow", "reason": "x"}, "cannot accept everything"),
    ):
        answer = dan.post(f"{DESK}rules/add/", data)
        page = answer.content.decode()
        assert (answer.status_code, words in page) == (422, True)
        assert '<details class="fold" id="add" open><summary>Add a rule' in page
        assert not data or f'value="{data["suffix"]}"' in page
    assert not DomainRule.objects.exists()


def test_an_auditor_reads_the_desk_and_finds_no_button(scene: Scene, grant: Grant) -> None:
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    assert grant.reference in audrey.get(DESK).content.decode()
    for address in (DESK, f"{DESK}people/", f"{DESK}rules/", f"{DESK}mail/"):
        page = audrey.get(address).content.decode()
        main = page.partition("<main")[2].partition("</main>")[0]
        assert 'method="post"' not in main
        assert f"{DESK}end/" not in main


def test_the_last_steward_stays(scene: Scene) -> None:
    held = RoleAssignment.objects.get(user=scene.dan)
    page = signed_in(scene.dan).post(f"{DESK}people/{held.pk}/end/", follow=True).content.decode()
    assert "This is the last steward" in page


def _accept(who: User, token: str) -> str:
    return signed_in(who).post(f"/invitations/{token}/", follow=True).content.decode()


def test_the_desk_turns_pages_and_finds_by_holder_organization_and_reference(scene: Scene, grant: Grant) -> None:
    first, application = grant.reference, grant.application
    for number in range(steward_pages.PER_PAGE):
        application.pk, application.reference = None, f"GB-A-{number:06}"
        application.save()
        grant.pk, grant.reference, grant.application = None, f"GB-G-{number:06}", application
        grant.holder, grant.holder_name, grant.organization = scene.bob, "Bob", "Elsewhere"
        grant.save()
    dan = signed_in(scene.dan)
    assert "1 to 25 of 26" in dan.get(DESK).content.decode()
    assert first in dan.get(f"{DESK}?page=2").content.decode()
    for words in (first, "alice@connect", f"alice {first[-6:]}"):
        page = dan.get(DESK, {"words": words}).content.decode()
        assert (first in page, "GB-G-000001" in page) == (True, False)
    assert "GB-G-000001" in dan.get(DESK, {"words": "elsewhere"}).content.decode()
    assert "No access matches" in dan.get(DESK, {"words": "nobody"}).content.decode()
