"""Colleagues in the lives of `test_lives.py`: they are invited, join, leave, are removed, and are asked back."""

from __future__ import annotations

from typing import Final

from hypothesis.stateful import rule

from agreements.grants.members import invitations, membership
from agreements.grants.models import Grant, GrantMember
from agreements.people.models import User
from tests.flows.life import NUMBER, Life

UNWANTED: Final = "somebody whose access the lab ended was invited or tried to join"
AGAIN: Final = "somebody whose access the lab had ended joined, having been granted access since"
BY_THE_LAB: Final = "member removed by the lab"


class Members(Life):
    """The rules about members."""

    @rule(number=NUMBER, who=NUMBER, colleague=NUMBER)
    def somebody_invites(self, number: int, who: int, colleague: int) -> None:
        grant = self.grant(number)
        self.invite(grant, self.person(4 * colleague), by=self.person(who, fit=grant.holder))

    @rule(number=NUMBER, colleague=NUMBER)
    def a_holder_brings_a_colleague(self, number: int, colleague: int) -> None:
        """Mostly two steps that fit each other, or few would ever be members."""
        grant, asked = self.grant(number), self.person(4 * colleague)
        self.invite(grant, asked, by=grant.holder)
        self.join(GrantMember.objects.filter(grant=grant, email=asked.email).order_by("pk").last(), by=asked)

    @rule(number=NUMBER, which=NUMBER)
    def a_holder_asks_back_whom_the_lab_ended(self, number: int, which: int) -> None:
        ended = User.objects.filter(public_id__in={each.person for each in self.model.unwanted})
        asked, grant = self.pick(ended.order_by("pk"), which), self.grant(number)
        if asked is not None:
            self.invite(grant, asked, by=grant.holder)
            self.join(GrantMember.objects.filter(grant=grant, email=asked.email).order_by("pk").last(), by=asked)

    def invite(self, grant: Grant, asked: User, *, by: User) -> None:
        unwanted = self.is_unwanted(asked)
        fields = {"name": asked.name, "explanation": "Works with us."}
        work = lambda: membership.invite(grant=grant, email=asked.email, by=by.actor, **fields)  # noqa: E731
        if self.do("member.invited", work, by=by):
            assert not unwanted, f"{asked} is invited, whose access the lab ended"

    def join(self, member: GrantMember | None, *, by: User) -> None:
        if member is None:
            return
        unwanted, token = self.is_unwanted(by), invitations.token(member)
        if self.do("member.joined", lambda: membership.accept(token=token, by=by.actor), by=by):
            assert not unwanted, f"{by} joined, whose access the lab ended"
            self.done[AGAIN] += self.model.is_known_unwanted(str(by.public_id))
            self.model.joined(member.grant.reference, str(by.public_id))

    @rule(number=NUMBER, who=NUMBER)
    def somebody_joins(self, number: int, who: int) -> None:
        member = self.pick(GrantMember.objects.order_by("pk"), number)
        if member is not None:
            person = self.person(who, fit=User.objects.get(email=member.email))
            self.join(member, by=person)

    @rule(number=NUMBER, who=NUMBER)
    def somebody_removes_a_member(self, number: int, who: int) -> None:
        joined = GrantMember.objects.exclude(person=None).select_related("grant__holder", "person")
        member = self.pick(joined.order_by("pk"), number)
        if member is not None:
            dan = self.world.scene.dan
            person = self.person(who, fit=dan if number % 3 == 0 else member.grant.holder)
            work = lambda: membership.remove(member=member, reason="Left.", by=person.actor)  # noqa: E731
            if self.do("member.removed", work, by=person):
                self.parted(member.grant, member.person, by_the_lab=person == dan != member.person)

    @rule(number=NUMBER, who=NUMBER)
    def somebody_leaves(self, number: int, who: int) -> None:
        joined = GrantMember.objects.exclude(person=None).select_related("grant", "person")
        member = self.pick(joined.order_by("pk"), number)
        if member is not None:
            person = self.person(who, fit=member.person)
            work = lambda: membership.leave(grant=member.grant, by=person.actor)  # noqa: E731
            if self.do("member.left", work, by=person):
                self.parted(member.grant, person, by_the_lab=False)

    def is_unwanted(self, person: User) -> bool:
        found = self.model.is_unwanted(str(person.public_id))
        self.done[UNWANTED] += found
        return found

    def parted(self, grant: Grant, person: User, *, by_the_lab: bool) -> None:
        self.model.removed(grant.reference, str(person.public_id), at=self.at, by_the_lab=by_the_lab)
        self.done[BY_THE_LAB] += by_the_lab
