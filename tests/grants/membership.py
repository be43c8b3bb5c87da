"""Members of Alice's access, and what they hold: what tests about members share."""

from __future__ import annotations

from django.core import mail

from agreements.grants.downloads import redeeming
from agreements.grants.downloads.redeeming import Ticket
from agreements.grants.links import tokens
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import GrantMember, Link
from agreements.mail.drain import drain
from agreements.people.models import User
from tests.grants.scene import Scene


def invited(scene: Scene, email: str = "bob@mit.example.edu") -> GrantMember:
    return membership.invite(grant=scene.grant, email=email, name="Bob", by=scene.alice.actor)


def joined(scene: Scene, who: User | None = None) -> GrantMember:
    who = who or scene.bob
    return membership.accept(token=member_invitations.token(invited(scene, who.email)), by=who.actor)


def link_of(scene: Scene, who: User) -> Link:
    return Link.objects.select_related("seal", "archive", "grant").get(seal__person=who, archive=scene.sealed)


def ticket_of(scene: Scene, who: User) -> Ticket:
    return redeeming.redeem(tokens.token(link_of(scene, who)), start=0, stop=scene.sealed.sealed_size)


def sent_to(who: User, word: str) -> str:
    mail.outbox.clear()
    drain()
    [letter] = [one for one in mail.outbox if one.to == [who.email] and word in one.subject]
    return str(letter.body)
