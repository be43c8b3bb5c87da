"""Members: who is invited by whom, what joining gives, and what ends it."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import pyzipper
from django.core import mail

from agreements.bars.models import Bar
from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.grants import lifecycle, passwords, seals
from agreements.grants.downloads import redeeming, sources
from agreements.grants.downloads.refusals import Refused
from agreements.grants.downloads.streaming import Cut, stream
from agreements.grants.downloads.watcher import Watcher
from agreements.grants.links import addresses, tokens
from agreements.grants.links import making as links
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import DownloadClosed, DownloadEnd, Grant, GrantMember, Link, MemberState, Seal
from agreements.grants.permissions import Permission, Standing, held_by, may, standings
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.people.models import User
from tests.grants.membership import invited, joined, link_of, sent_to, ticket_of
from tests.grants.scene import NOON, Scene, person
from tests.grants.test_states import SYSTEM, revoke


class TestJoining:
    def test_it_gives_a_seal_and_links_of_ones_own_and_is_recorded_with_the_terms(self, scene: Scene) -> None:
        member = joined(scene)
        assert (member.person, member.terms, member.state) == (scene.bob, scene.terms, MemberState.JOINED)
        assert Seal.objects.filter(grant=scene.grant, ended_at=None).count() == 2
        entry = LedgerEntry.objects.get(kind="member.joined")
        assert (entry.actor, entry.role, entry.payload) == (scene.bob.actor.id, "invited", {"terms": "1.0"})
        assert entry.subjects["member"] == str(scene.bob.public_id)
        assert entry.subjects["person"] == str(scene.alice.public_id)
        issued = LedgerEntry.objects.filter(kind="link.issued", actor=scene.bob.actor.id)
        assert [row.subjects["member"] for row in issued] == [str(scene.bob.public_id)]

    def test_the_mail_holds_the_link_and_no_password(self, scene: Scene) -> None:
        joined(scene)
        text = sent_to(scene.bob, "is open")
        assert addresses.landing(tokens.token(link_of(scene, scene.bob))) in text
        for who in (scene.alice, scene.bob):
            assert passwords.reveal(grant=scene.grant, by=who.actor) not in text
        assert "which Alice Example holds" in text

    def test_somebody_elses_invitation_is_not_taken_up(self, scene: Scene) -> None:
        token = member_invitations.token(invited(scene))
        for who in (scene.alice, scene.carol, scene.eve):
            with pytest.raises(NotAllowed, match="another address"):
                membership.accept(token=token, by=who.actor)
        membership.accept(token=token, by=scene.bob.actor)
        with pytest.raises(NotPossible, match="no longer open"):
            membership.accept(token=token, by=scene.bob.actor)

    @pytest.mark.parametrize("place", [0, 31, 32, 63])
    def test_a_token_with_one_character_changed_is_none(self, scene: Scene, place: int) -> None:
        token = member_invitations.token(invited(scene))
        other = "0" if token[place] != "0" else "1"
        assert member_invitations.find(token[:place] + other + token[place + 1 :]) is None

    def test_a_row_whose_address_was_changed_has_another_token(self, scene: Scene) -> None:
        token = member_invitations.token(invited(scene))
        GrantMember.objects.update(email=scene.eve.email)
        assert member_invitations.find(token) is None

    def test_who_is_barred_or_closed_does_not_join(self, scene: Scene) -> None:
        token = member_invitations.token(invited(scene))
        bar = Bar.objects.create(dataset=scene.dataset, person=scene.bob, reason="x", set_by=scene.dan)
        with pytest.raises(NotAllowed, match="cannot join at present"):
            membership.accept(token=token, by=scene.bob.actor)
        bar.delete()
        User.objects.filter(pk=scene.bob.pk).update(is_active=False)
        with pytest.raises(NotAllowed):
            membership.accept(token=token, by=scene.bob.actor)
        assert Seal.objects.filter(person=scene.bob).count() == 0

    def test_under_an_access_that_does_not_run_nobody_joins(self, scene: Scene) -> None:
        member = invited(scene)
        lifecycle.suspend(grant=scene.grant, by=SYSTEM, cause="address", reason="")
        with pytest.raises(NotPossible, match="suspended"):
            membership.accept(token=member_invitations.token(member), by=scene.bob.actor)
        with pytest.raises(NotPossible, match="suspended"):
            invited(scene, "x@mit.example.edu")
        with pytest.raises(NotPossible, match="suspended"):
            membership.resend(member=member, by=scene.alice.actor)

    def test_a_smaller_limit_set_later_holds_at_joining(self, scene: Scene) -> None:
        token = member_invitations.token(invited(scene))
        Dataset.objects.update(max_members=0)
        with pytest.raises(NotPossible, match="as many members as it can have"):
            membership.accept(token=token, by=scene.bob.actor)


class TestStanding:
    def test_what_a_member_may(self, scene: Scene) -> None:
        joined(scene)
        assert standings(grant=scene.grant, by=scene.bob.actor) == {Standing.MEMBER, Standing.PERSON}
        allowed = {one for one in Permission if may(one, grant=scene.grant, by=scene.bob.actor)}
        assert allowed == {
            Permission.VIEW,
            Permission.REVEAL_PASSWORD,
            Permission.MAKE_LINK,
            Permission.END_LINK,
            Permission.LEAVE,
        }

    def test_the_holder_does_not_leave(self, scene: Scene) -> None:
        with pytest.raises(NotAllowed):
            membership.leave(grant=scene.grant, by=scene.alice.actor)

    def test_a_steward_who_is_a_member_does_not_lift_or_end_it(self, scene: Scene) -> None:
        joined(scene)
        RoleAssignment.objects.create(user=scene.bob, dataset=scene.dataset, role=Role.STEWARD)
        for permission in (Permission.SUSPEND, Permission.RESUME, Permission.REVOKE):
            assert not may(permission, grant=scene.grant, by=scene.bob.actor)

    def test_neither_ends_or_makes_a_link_of_the_other(self, scene: Scene) -> None:
        joined(scene)
        for one, other in ((scene.alice, scene.bob), (scene.bob, scene.alice)):
            with pytest.raises(NotAllowed):
                links.end(link=link_of(scene, other), by=one.actor)
            with pytest.raises(NotAllowed):
                links.make(grant=scene.grant, archive=scene.sealed, person=other, by=one.actor)


class TestEnding:
    def test_leaving_ends_seal_and_links_of_that_member_alone(self, scene: Scene) -> None:
        member = joined(scene)
        token_of = {who: tokens.token(link_of(scene, who)) for who in (scene.alice, scene.bob)}
        membership.leave(grant=scene.grant, by=scene.bob.actor)
        member.refresh_from_db()
        assert (member.state, member.ended_at) == (MemberState.LEFT, NOON)
        assert not held_by(scene.bob.pk).exists()
        still = Link.objects.filter(ended_at=None).values_list("seal__person", flat=True)
        assert list(still) == [scene.alice.pk]
        assert redeeming.examine(token_of[scene.alice])
        with pytest.raises(Refused):
            redeeming.examine(token_of[scene.bob])
        with pytest.raises(NotAllowed):
            passwords.reveal(grant=scene.grant, by=scene.bob.actor)
        with pytest.raises(NotAllowed):
            membership.leave(grant=scene.grant, by=scene.bob.actor)

    @pytest.mark.parametrize("who", ["alice", "dan"])
    def test_removing_tells_the_member_why_and_the_record_without_the_words(self, scene: Scene, who: str) -> None:
        member = joined(scene)
        with pytest.raises(Invalid) as refused:
            membership.remove(member=member, reason="  ", by=getattr(scene, who).actor)
        assert refused.value.field == "reason"
        membership.remove(member=member, reason="Left the group.", by=getattr(scene, who).actor)
        text = sent_to(scene.bob, "has ended")
        assert "Left the group." in text
        assert "Please destroy every copy" in text
        entry = LedgerEntry.objects.get(kind="member.removed")
        assert entry.role == {"alice": "holder", "dan": "steward"}[who]
        assert "Left" not in str(entry.payload)
        with pytest.raises(NotPossible, match="removed"):
            membership.remove(member=member, reason="Again.", by=scene.alice.actor)

    @pytest.mark.parametrize("who", ["bob", "carol", "eve"])
    def test_nobody_else_removes_or_withdraws(self, scene: Scene, who: str) -> None:
        zoe = person("zoe")
        member, waiting = joined(scene, zoe), invited(scene)
        with pytest.raises(NotAllowed):
            membership.remove(member=member, reason="x", by=getattr(scene, who).actor)
        with pytest.raises(NotAllowed):
            membership.withdraw(member=waiting, by=getattr(scene, who).actor)

    def test_who_left_or_was_removed_by_the_holder_may_come_back_with_a_new_seal(self, scene: Scene) -> None:
        def seen() -> str:
            return passwords.reveal(grant=scene.grant, by=scene.bob.actor)

        joined(scene)
        first = seen()
        membership.leave(grant=scene.grant, by=scene.bob.actor)
        member = joined(scene)
        second = seen()
        membership.remove(member=member, reason="x", by=scene.alice.actor)
        joined(scene)
        assert len({first, second, seen()}) == 3

    def test_whom_the_lab_removed_the_holder_does_not_invite_again(self, scene: Scene) -> None:
        membership.remove(member=joined(scene), reason="x", by=scene.dan.actor)
        with pytest.raises(NotPossible, match="The lab ended"):
            invited(scene, "bob+again@mit.example.edu")

    @pytest.mark.parametrize("how", ["leave", "remove"])
    def test_a_download_that_runs_is_cut_and_the_holders_is_not(
        self, scene: Scene, watching: Watcher, how: str
    ) -> None:
        member = joined(scene)
        mine, theirs = (stream(ticket_of(scene, who)) for who in (scene.alice, scene.bob))
        assert all((next(mine), next(theirs)))
        if how == "leave":
            membership.leave(grant=scene.grant, by=scene.bob.actor)
        else:
            membership.remove(member=member, reason="x", by=scene.alice.actor)
        watching.tick()
        with pytest.raises(Cut):
            next(theirs)
        assert next(mine)
        mine.close()
        ends = {row.opened.link_id: row.how for row in DownloadClosed.objects.select_related("opened")}
        assert ends[link_of(scene, scene.bob).pk] == DownloadEnd.REVOKED

    def test_a_revocation_ends_all_and_gives_each_member_notice(self, scene: Scene) -> None:
        joined(scene)
        waiting = invited(scene, "zoe@mit.example.edu")
        drain()
        revoke(scene, by=scene.dan.actor)
        text = sent_to(scene.bob, "has ended")
        for words in ("Published on a web page.", "No redistribution", "by 16 March 2026", "GB-R-ABCDEF"):
            assert words in text, words
        assert {one.to[0] for one in mail.outbox} == {scene.alice.email, scene.bob.email}
        for who in (scene.alice, scene.bob):
            with pytest.raises(NotPossible, match="revoked"):
                passwords.reveal(grant=scene.grant, by=who.actor)
        assert not Link.objects.filter(ended_at=None).exists()
        assert not member_invitations.is_open(GrantMember.objects.select_related("grant__dataset").get(pk=waiting.pk))
        with pytest.raises(NotPossible):
            membership.leave(grant=scene.grant, by=scene.bob.actor)
        assert held_by(scene.bob.pk).exists()


class TestTwoSealsOfOneGrant:
    def test_the_same_archive_has_other_bytes_and_another_password(self, scene: Scene) -> None:
        joined(scene)
        whole = {who: b"".join(sources.source(ticket_of(scene, who))) for who in (scene.alice, scene.bob)}
        assert len({len(data) for data in whole.values()}) == 1
        assert whole[scene.alice] != whole[scene.bob]
        assert _opens(whole[scene.bob], passwords.reveal(grant=scene.grant, by=scene.bob.actor))
        assert not _opens(whole[scene.bob], passwords.reveal(grant=scene.grant, by=scene.alice.actor))
        assert not _opens(whole[scene.alice], passwords.reveal(grant=scene.grant, by=scene.bob.actor))

    def test_renewal_keeps_seal_password_and_bytes(self, scene: Scene) -> None:
        joined(scene)
        before = _what_they_hold(scene)
        Grant.objects.filter(pk=scene.grant.pk).update(ends_at=NOON + dt.timedelta(days=365))
        scene.grant.refresh_from_db()
        assert _what_they_hold(scene) == before


def _what_they_hold(scene: Scene) -> list[tuple[str, bytes]]:
    held = []
    for who in (scene.alice, scene.bob):
        seal = seals.running_seal(grant=scene.grant, person_pk=who.pk)
        assert seal is not None
        held.append((passwords.password_of(seal), b"".join(sources.source(ticket_of(scene, who)))))
    return held


def _opens(data: bytes, password: str) -> bool:
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(password.encode())
        try:
            return archive.testzip() is None
        except RuntimeError:
            return False
