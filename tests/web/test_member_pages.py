"""Members, through the pages: the holder's, the invited colleague's, the member's, the steward's."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client

from agreements.applications.models import ApplicationMember, State
from agreements.grants import lifecycle, passwords, seals
from agreements.grants.links import tokens
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import DownloadOpened, Grant, GrantMember, Link, MemberState
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation.revoking import revoke
from agreements.web import proofs
from tests.applications.cases import SYSTEM, put
from tests.flows.scene import Scene, signed_in

BOB = "bob@connect.ust.hk"


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.select_related("dataset", "holder", "application").get()


@pytest.fixture
def page(grant: Grant) -> str:
    return f"/grants/{grant.reference}/members/"


@pytest.fixture
def alice(scene: Scene, grant: Grant) -> Client:
    return signed_in(scene.alice)


def joined(grant: Grant, who: User) -> GrantMember:
    member = membership.invite(grant=grant, email=who.email, name=who.name, by=grant.holder.actor)
    return membership.accept(token=member_invitations.token(member), by=who.actor)


def link_of(who: User) -> Link:
    return Link.objects.select_related("seal", "archive").get(seal__person=who)


class TestTheHoldersPage:
    def test_from_invitation_to_membership(self, scene: Scene, alice: Client, grant: Grant, page: str) -> None:
        sent = alice.post(page, {"name": "Bob", "email": BOB}, follow=True).content.decode()
        assert f"The invitation is on its way to {BOB}." in sent
        assert "Invited" in sent
        assert "1 of 10 places are taken" in sent
        token = member_invitations.token(GrantMember.objects.select_related("grant").get())
        join = f"/invitations/{token}/member/"
        stranger = Client()
        assert stranger.get(join)["Location"].startswith("/accounts/login/?next=")
        assert "To read your invitation, sign in" in stranger.get("/accounts/login/").content.decode()
        bob = signed_in(scene.bob)
        told = bob.get(join)
        for words in (
            "GeneBody",
            f"Bob, {BOB}",
            "Alice Zhang",
            "Research only",
            "Version 1.0",
            "The lab may end access at any time.",
        ):
            assert words in told.content.decode(), words
        assert told["Referrer-Policy"] == "no-referrer"
        refused = bob.post(join)
        assert (refused.status_code, "Tick this if you agree" in refused.content.decode()) == (422, True)
        assert bob.post(join, {"agreed": "on"})["Location"] == f"/grants/{grant.reference}/"
        assert bob.get(join)["Location"] == f"/grants/{grant.reference}/"
        assert "agreed to terms 1.0" in alice.get(page).content.decode()

    def test_what_cannot_be_is_said_at_the_form_and_what_was_typed_stays(self, alice: Client, page: str) -> None:
        refused = alice.post(page, {"name": "Bob", "email": "alice+x@connect.ust.hk"})
        assert refused.status_code == 422
        text = refused.content.decode()
        assert "This is your own address" in text
        assert 'value="alice+x@connect.ust.hk"' in text
        assert not GrantMember.objects.exists()

    def test_whom_the_application_names_is_one_press_away_with_a_hint_about_elsewhere(
        self, alice: Client, grant: Grant, page: str
    ) -> None:
        for name, email in (("Bob", BOB), ("Zoe", "zoe@ethz.ch")):
            ApplicationMember.objects.create(application=grant.application, name=name, email=email)
        text = alice.get(page).content.decode()
        assert "Named on your application, not invited yet" in text
        assert text.count("Another organization") == 1
        assert f'<input type="hidden" name="email" value="{BOB}">' in text
        assert (
            "2 colleagues whom your application names are not invited yet"
            in alice.get(f"/grants/{grant.reference}/").content.decode()
        )
        alice.post(page, {"name": "Zoe", "email": "zoe@ethz.ch", "explanation": "A guest in our group."})
        text = alice.get(page).content.decode()
        assert text.count("Another organization") == 1
        assert "Explained: A guest in our group." in text

    def test_again_withdraw_and_remove(self, scene: Scene, alice: Client, grant: Grant, page: str) -> None:
        waiting = membership.invite(grant=grant, email="zoe@connect.ust.hk", name="Zoe", by=scene.alice.actor)
        alice.post(f"{page}{waiting.pk}/again/")
        assert OutboxMessage.objects.filter(kind="member-invited").count() == 2
        alice.post(f"{page}{waiting.pk}/withdraw/")
        member = joined(grant, scene.bob)
        told = alice.post(f"{page}{member.pk}/remove/", {"reason": ""}, follow=True).content.decode()
        assert "Give the reason" in told
        told = alice.post(f"{page}{member.pk}/remove/", {"reason": "Left us."}, follow=True).content.decode()
        assert "Bob is no longer a member" in told
        states = dict(GrantMember.objects.values_list("email", "state"))
        assert states == {"zoe@connect.ust.hk": MemberState.WITHDRAWN, BOB: MemberState.REMOVED}
        assert signed_in(scene.bob).get(f"/grants/{grant.reference}/").status_code == 404

    def test_members_of_another_access_are_not_reached_through_ones_own(
        self, scene: Scene, alice: Client, grant: Grant, page: str
    ) -> None:
        member = joined(grant, scene.bob)
        Grant.objects.filter(pk=grant.pk).update(reference="GB-G-OTHERS", holder=scene.eve)
        grant.pk, grant.reference = None, "GB-G-AAAAAA"
        grant.application.pk, grant.application.reference = None, "GB-A-AAAAAA"
        grant.application.save()
        grant.application_id = grant.application.pk
        grant.save()
        assert alice.get("/grants/GB-G-AAAAAA/members/").status_code == 200
        for verb in ("again", "withdraw", "remove"):
            assert alice.post(f"/grants/GB-G-AAAAAA/members/{member.pk}/{verb}/").status_code == 404

    def test_a_holder_whose_access_stands_still_invites_nobody(self, alice: Client, grant: Grant, page: str) -> None:
        lifecycle.suspend(grant=grant, by=SYSTEM, cause="address", reason="x")
        text = alice.get(page).content.decode()
        assert "Nobody can be invited at present" in text
        assert "Send the invitation" not in text
        assert alice.post(page, {"name": "", "email": BOB}).status_code == 422


class TestTheInvitation:
    def test_somebody_else_learns_nothing_of_it(self, scene: Scene, grant: Grant) -> None:
        member = membership.invite(grant=grant, email=BOB, name="Bob", by=scene.alice.actor)
        page = signed_in(scene.eve).get(f"/invitations/{member_invitations.token(member)}/member/").content.decode()
        assert "The invitation was sent to another address" in page
        for words in ("GeneBody", "Alice", grant.reference, BOB):
            assert words not in page, words

    @pytest.mark.parametrize("place", [0, 40])
    def test_a_changed_token_is_not_found(self, scene: Scene, grant: Grant, place: int) -> None:
        token = member_invitations.token(membership.invite(grant=grant, email=BOB, name="Bob", by=scene.alice.actor))
        changed = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
        assert signed_in(scene.bob).get(f"/invitations/{changed}/member/").status_code == 404

    def test_of_an_access_that_ended_it_says_so_and_has_no_button(self, scene: Scene, grant: Grant) -> None:
        member = membership.invite(grant=grant, email=BOB, name="Bob", by=scene.alice.actor)
        revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
        page = signed_in(scene.bob).get(f"/invitations/{member_invitations.token(member)}/member/").content.decode()
        assert "This invitation does not open" in page
        assert "Join</button>" not in page


class TestTheMembersPage:
    def test_it_has_their_own_links_and_password_and_nobody_elses_things(
        self, scene: Scene, grant: Grant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(proofs, "is_fresh", lambda request: True)
        joined(grant, scene.bob)
        bob, address = signed_in(scene.bob), f"/grants/{grant.reference}/"
        page = bob.get(address).content.decode()
        assert tokens.token(link_of(scene.bob)) in page
        assert tokens.token(link_of(scene.alice)) not in page
        assert "You are a member: Alice Zhang" in page
        assert grant.application.reference not in page
        assert "Invite and manage members" not in page
        seal = seals.running_seal(grant=grant, person_pk=scene.bob.pk)
        assert seal is not None
        assert passwords.password_of(seal) in bob.post(f"{address}password/").content.decode()
        for mine in (f"{address}members/", f"/applications/{grant.application.reference}/"):
            assert bob.get(mine).status_code == 404
        assert bob.post(f"{address}links/{link_of(scene.alice).pk}/end/").status_code == 404
        assert bob.get("/grants/").content.decode().count("you are a member") == 1

    def test_a_member_reaches_no_verb_of_the_holder(self, scene: Scene, grant: Grant, page: str) -> None:
        member, zoe = joined(grant, scene.bob), User.objects.create_user("zoe@connect.ust.hk", name="Zoe")
        other = joined(grant, zoe)
        bob = signed_in(scene.bob)
        assert bob.post(page, {"name": "", "email": "x@connect.ust.hk"}).status_code == 404
        for who in (member, other):
            for verb in ("again", "withdraw", "remove"):
                assert bob.post(f"{page}{who.pk}/{verb}/", {"reason": "x"}).status_code == 404

    def test_what_others_did_is_the_holders_to_see(self, scene: Scene, alice: Client, grant: Grant) -> None:
        joined(grant, scene.bob)
        membership.invite(grant=grant, email="zoe@connect.ust.hk", name="Zoe", by=scene.alice.actor)
        address = f"/grants/{grant.reference}/"
        theirs, hers = (_happened(browser, address) for browser in (signed_in(scene.bob), alice))
        assert "Access granted" in theirs
        assert theirs.count("Download link issued") == 1
        assert "Member invited" not in theirs
        assert "Member joined" in theirs
        assert hers.count("Download link issued") == 2
        assert "Bob" in hers
        assert "zoe@connect.ust.hk" not in theirs

    def test_downloads_are_ones_own_and_the_holder_sees_whose(self, scene: Scene, alice: Client, grant: Grant) -> None:
        joined(grant, scene.bob)
        for who, stop in ((scene.alice, 100), (scene.bob, 200)):
            link = link_of(who)
            DownloadOpened.objects.create(
                process=uuid.uuid4(), grant=grant, link=link, archive=link.archive, range_start=0, range_stop=stop
            )
        address = f"/grants/{grant.reference}/"
        theirs, hers = (_downloads(browser, address) for browser in (signed_in(scene.bob), alice))
        assert "bytes 0 to 199" in theirs
        assert "bytes 0 to 99" not in theirs
        assert "Who" not in theirs
        assert ">Bob</td>" in hers
        assert ">Alice</td>" in hers

    def test_leaving_ends_it_at_once(self, scene: Scene, alice: Client, grant: Grant, page: str) -> None:
        assert alice.post(f"{page}leave/").status_code == 404
        joined(grant, scene.bob)
        token, bob = tokens.token(link_of(scene.bob)), signed_in(scene.bob)
        assert Client().get(f"/l/{token}").status_code == 200
        told = bob.post(f"{page}leave/", follow=True).content.decode()
        assert "You have left access" in told
        assert Client().get(f"/l/{token}").status_code == 404
        assert bob.get(f"/grants/{grant.reference}/").status_code == 404
        assert bob.post(f"{page}leave/").status_code == 404

    def test_files_for_scripts_hold_ones_own_links(self, scene: Scene, alice: Client, grant: Grant) -> None:
        joined(grant, scene.bob)
        for who, other in ((scene.bob, scene.alice), (scene.alice, scene.bob)):
            text = signed_in(who).get(f"/grants/{grant.reference}/links.txt").content.decode()
            assert tokens.token(link_of(who)) in text
            assert tokens.token(link_of(other)) not in text


class TestTheStewardsPage:
    def test_it_lists_members_and_removes_one(self, scene: Scene, grant: Grant) -> None:
        member = joined(grant, scene.bob)
        address = f"/stewardship/genebody/grants/{grant.reference}/"
        dan = signed_in(scene.dan)
        assert BOB in dan.get(address).content.decode()
        dan.post(f"{address}members/{member.pk}/remove/", {"reason": "Not at the site."})
        assert LedgerEntry.objects.get(kind="member.removed").role == "steward"
        with pytest.raises(Exception, match="The lab ended"):
            membership.invite(grant=grant, email=BOB, name="", by=scene.alice.actor)

    def test_who_left_is_removed_by_the_lab_alone(self, scene: Scene, alice: Client, grant: Grant, page: str) -> None:
        member = joined(grant, scene.bob)
        membership.leave(grant=grant, by=scene.bob.actor)
        assert f"members/{member.pk}/remove/" not in alice.get(page).content.decode()
        address = f"/stewardship/genebody/grants/{grant.reference}/"
        dan = signed_in(scene.dan)
        shown = dan.get(address).content.decode()
        assert f"{address}members/{member.pk}/remove/" in shown
        assert "They left already. Removed, they cannot be invited again." in shown
        dan.post(f"{address}members/{member.pk}/remove/", {"reason": "Not at the site."})
        member.refresh_from_db()
        assert member.state == MemberState.REMOVED

    def test_after_a_revocation_nobody_is_called_a_member_or_invited(
        self, scene: Scene, alice: Client, grant: Grant, page: str
    ) -> None:
        joined(grant, scene.bob)
        membership.invite(grant=grant, email="zoe@connect.ust.hk", name="Zoe", by=scene.alice.actor)
        dan, address = signed_in(scene.dan), f"/stewardship/genebody/grants/{grant.reference}/"
        assert "It ends for 1 member as well" in dan.get(f"{address}revoke/", follow=True).content.decode()
        revoke(grant=grant, clause_id="termination", reason="Over.", by=scene.dan.actor)
        own = alice.get(f"/grants/{grant.reference}/").content.decode()
        assert "Invite and manage members" not in own
        assert "Their access ended with yours." in own
        for shown in (alice.get(page).content.decode(), dan.get(address).content.decode()):
            members = shown.partition('id="members"')[2] or shown
            table = members[members.index("<tbody>") : members.index("</tbody>")]
            assert "tone-good" not in table
            assert "Invited" not in table
            assert table.count("Revoked") == 1

    def test_a_waiting_invitation_is_withdrawn(self, scene: Scene, grant: Grant) -> None:
        waiting = membership.invite(grant=grant, email=BOB, name="Bob", by=scene.alice.actor)
        address = f"/stewardship/genebody/grants/{grant.reference}/members/{waiting.pk}/withdraw/"
        assert signed_in(scene.carol).post(address).status_code == 404
        signed_in(scene.dan).post(address)
        waiting.refresh_from_db()
        assert waiting.state == MemberState.WITHDRAWN


def _downloads(browser: Client, address: str) -> str:
    page = browser.get(address).content.decode()
    return page[page.index('id="downloads"') : page.index('id="agreed"')]


def _happened(browser: Client, address: str) -> str:
    page = browser.get(address).content.decode()
    return page[page.index('id="happened"') :]
