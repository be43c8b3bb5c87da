"""Whom the lab sent away: they come back by an access of their own, never under a colleague's."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.applications.models import Application
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible, TooMany
from agreements.grants import issuing, lifecycle, seals
from agreements.grants.downloads import process, quota
from agreements.grants.links import making as links
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import Grant, GrantMember, MemberState, TagPass
from agreements.people.models import User
from tests.grants.membership import invited, joined
from tests.grants.scene import NOON, Scene, approved, handed_in, person
from tests.grants.test_states import revoke

LATER = NOON + dt.timedelta(days=1)


def granted(scene: Scene, who: User, suffix: str = "") -> Grant:
    application = approved(scene.dataset, scene.terms, who)
    if suffix:
        Application.objects.filter(pk=application.pk).update(reference=f"GB-A-{suffix}")
        application.refresh_from_db()
    return issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")


def by_zoe(grant: Grant, email: str) -> GrantMember:
    return membership.invite(grant=grant, email=email, name="", by=grant.holder.actor)


def is_refused(grant: Grant, who: User, *, spelt: str = "") -> None:
    with pytest.raises(NotPossible, match="The lab ended this person's access to GeneBody; they may apply"):
        by_zoe(grant, spelt or who.email)


@pytest.fixture
def zoes(scene: Scene) -> Grant:
    return granted(scene, person("zoe"))


class TestAfterARevocation:
    def test_a_revoked_holder_does_not_come_back_as_a_colleagues_member(self, scene: Scene, zoes: Grant) -> None:
        waiting = by_zoe(zoes, scene.alice.email)
        revoke(scene, by=scene.dan.actor)
        with pytest.raises(NotAllowed, match="apply for access of your own"):
            membership.accept(token=member_invitations.token(waiting), by=scene.alice.actor)
        with pytest.raises(NotPossible, match="The lab ended"):
            membership.resend(member=waiting, by=zoes.holder.actor)
        membership.withdraw(member=waiting, by=zoes.holder.actor)
        is_refused(zoes, scene.alice, spelt="Alice+again@mit.example.edu")

    def test_nor_does_a_suspended_holder_until_it_is_lifted(self, scene: Scene, zoes: Grant) -> None:
        token = member_invitations.token(by_zoe(zoes, scene.alice.email))
        dan = scene.dan.actor
        suspension = lifecycle.suspend(grant=scene.grant, by=dan, cause="question", reason="A question.")
        with pytest.raises(NotAllowed, match="Your own access to this dataset is suspended"):
            membership.accept(token=token, by=scene.alice.actor)
        lifecycle.resume(grant=scene.grant, by=dan, suspension=suspension, reason="Answered.")
        membership.accept(token=token, by=scene.alice.actor)

    def test_nor_does_who_was_a_member_then(self, scene: Scene, zoes: Grant) -> None:
        member = joined(scene)
        revoke(scene, by=scene.dan.actor)
        is_refused(zoes, scene.bob)
        # What the holder writes about it afterwards changes nothing.
        with clock.frozen(LATER):
            membership.remove(member=member, reason="x", by=scene.alice.actor)
            is_refused(zoes, scene.bob)

    def test_who_left_before_may_join_others(self, scene: Scene, zoes: Grant) -> None:
        joined(scene)
        membership.leave(grant=scene.grant, by=scene.bob.actor)
        with clock.frozen(LATER):
            revoke(scene, by=scene.dan.actor)
            by_zoe(zoes, scene.bob.email)

    @pytest.mark.parametrize(("state", "may"), [("active", True), ("revoked", False), ("expired", False)])
    def test_an_access_of_their_own_since_then_opens_the_way(
        self, scene: Scene, zoes: Grant, state: str, may: bool
    ) -> None:
        joined(scene)
        revoke(scene, by=scene.dan.actor)
        with clock.frozen(LATER):
            own = granted(scene, scene.bob)
            Grant.objects.filter(pk=own.pk).update(state=state, ended_at=None if may else LATER)
            if may:
                waiting = by_zoe(zoes, scene.bob.email)
                member = membership.accept(token=member_invitations.token(waiting), by=scene.bob.actor)
                assert member.state == MemberState.JOINED
            else:
                is_refused(zoes, scene.bob)

    def test_who_ended_with_a_holder_that_is_granted_access_anew_is_wanted_again(
        self, scene: Scene, zoes: Grant
    ) -> None:
        joined(scene)
        revoke(scene, by=scene.dan.actor)
        is_refused(zoes, scene.bob)
        Application.objects.filter(pk=scene.application.pk).update(reference="GB-A-FIRST")
        with clock.frozen(LATER):
            anew = granted(scene, scene.alice)
            by_zoe(anew, scene.bob.email)
            Grant.objects.filter(pk=anew.pk).update(state="revoked", ended_at=LATER)
            is_refused(zoes, scene.bob)

    def test_an_older_access_does_not(self, scene: Scene, zoes: Grant) -> None:
        granted(scene, scene.bob)
        joined(scene)
        with clock.frozen(LATER):
            revoke(scene, by=scene.dan.actor)
            is_refused(zoes, scene.bob)

    def test_another_dataset_is_another_matter(self, scene: Scene, zoes: Grant) -> None:
        other = scene.dataset
        other.pk, other.slug, other.reference_prefix = None, "other", "OT"
        other.save()
        Grant.objects.filter(pk=zoes.pk).update(dataset=other)
        zoes.refresh_from_db()
        revoke(scene, by=scene.dan.actor)
        by_zoe(zoes, scene.alice.email)


class TestAfterARemoval:
    def test_whom_the_lab_removed_no_colleague_invites(self, scene: Scene, zoes: Grant) -> None:
        membership.remove(member=joined(scene), reason="x", by=scene.dan.actor)
        is_refused(zoes, scene.bob)

    def test_whom_the_holder_removed_they_do(self, scene: Scene, zoes: Grant) -> None:
        membership.remove(member=joined(scene), reason="x", by=scene.alice.actor)
        by_zoe(zoes, scene.bob.email)

    def test_who_left_is_removed_by_the_lab_and_by_nobody_else(self, scene: Scene, zoes: Grant) -> None:
        member = joined(scene)
        membership.leave(grant=scene.grant, by=scene.bob.actor)
        with pytest.raises(NotPossible, match="left"):
            membership.remove(member=member, reason="x", by=scene.alice.actor)
        again = joined(scene)
        with pytest.raises(NotPossible, match="member again"):
            membership.remove(member=member, reason="x", by=scene.dan.actor)
        membership.leave(grant=scene.grant, by=scene.bob.actor)
        membership.remove(member=again, reason="x", by=scene.dan.actor)
        is_refused(zoes, scene.bob)

    def test_an_invitation_that_the_lab_withdrew_is_not_sent_again_under_this_access(
        self, scene: Scene, zoes: Grant
    ) -> None:
        membership.withdraw(member=invited(scene), by=scene.dan.actor)
        with pytest.raises(NotPossible, match="The lab withdrew"):
            invited(scene, "bob+again@mit.example.edu")
        by_zoe(zoes, scene.bob.email)


@pytest.mark.parametrize(
    "name", ["Bob\nPay here", "Bob\r", "see http://evil.example", "evil.example/x", "B\u202eob", "B\u2028ob", "b" * 121]
)
def test_a_name_carries_no_lines_and_no_addresses_into_the_labs_mail(scene: Scene, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        membership.invite(
            grant=scene.grant,
            email=scene.bob.email,
            name=f"a{name}a" if len(name) < 100 else name,
            by=scene.alice.actor,
        )
    assert refused.value.field == "name"


@pytest.mark.parametrize("name", ["张爱丽", "Seán O'Brien-Müller", "می\u200cرم", " Bob ", "", "b" * 120])
def test_any_name_else_does(scene: Scene, name: str) -> None:
    member = membership.invite(grant=scene.grant, email=scene.bob.email, name=name, by=scene.alice.actor)
    assert member.name == name.strip()


def test_leaving_and_coming_back_gives_no_more_links_in_a_day(scene: Scene) -> None:
    def make() -> None:
        links.make(grant=scene.grant, archive=scene.sealed, person=scene.bob, by=scene.bob.actor, mail=False)

    joined(scene)
    for _ in range(links.FRESH_PER_DAY - 1):
        make()
    membership.leave(grant=scene.grant, by=scene.bob.actor)
    joined(scene)
    with pytest.raises(TooMany):
        make()


def test_nor_more_passes(scene: Scene) -> None:
    joined(scene)
    first = seals.running_seal(grant=scene.grant, person_pk=scene.bob.pk)
    assert first is not None
    TagPass.objects.create(
        grant=scene.grant,
        seal=first,
        process=process.THIS,
        archive=scene.sealed,
        member=0,
        bytes_planned=1,
        bytes_read=quota.limit(scene.grant),
    )
    membership.leave(grant=scene.grant, by=scene.bob.actor)
    joined(scene)
    second = seals.running_seal(grant=scene.grant, person_pk=scene.bob.pk)
    assert second is not None
    with pytest.raises(quota.OverBudget):
        quota.admit(second, scene.sealed, needed=quota.NeededPass(member=1, size=1))
