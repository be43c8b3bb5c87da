"""Inviting members: by whom, whom, how often, and until when."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core import mail
from pytest_django import Settings

from agreements.applications.models import ApplicationMember
from agreements.catalog.models import Dataset
from agreements.core import clock
from agreements.core import secrets as keys
from agreements.core.errors import Invalid, NotAllowed, NotPossible, TooMany
from agreements.grants.links import addresses
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.members import queries as member_queries
from agreements.grants.models import GrantMember, MemberState
from agreements.keys.models import MasterKey
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from tests.grants.membership import invited, joined
from tests.grants.scene import NOON, Scene


def test_the_mail_says_who_invites_to_what_and_holds_the_address(scene: Scene) -> None:
    member = invited(scene)
    drain()
    letter = next(one for one in mail.outbox if one.to == [scene.bob.email])
    assert letter.subject == "GeneBody: Alice Example invites you to use the data"
    for words in ("Dear Bob,", "Massachusetts Institute of Examples", "terms, version 1.0", "16 March 2026, 12:00"):
        assert words in letter.body, words
    assert addresses.membership(member_invitations.token(member)) in letter.body
    assert "because Alice Example gave your address" in letter.body


def test_what_is_stored_opens_nothing(scene: Scene) -> None:
    token = member_invitations.token(invited(scene))
    for model in (GrantMember, OutboxMessage, LedgerEntry):
        assert not [row for row in model.objects.values() if token[32:] in str(row)]
    assert scene.bob.email not in str(list(LedgerEntry.objects.values()))


@pytest.mark.parametrize("who", ["bob", "carol", "dan", "eve"])
def test_nobody_but_the_holder_invites(scene: Scene, who: str) -> None:
    with pytest.raises(NotAllowed):
        membership.invite(grant=scene.grant, email="x@mit.example.edu", name="", by=getattr(scene, who).actor)


def test_an_address_of_another_organization_needs_an_explanation_of_which_the_record_keeps_a_digest(
    scene: Scene,
) -> None:
    with pytest.raises(Invalid, match="Explain why this address is of another organization") as refused:
        membership.invite(grant=scene.grant, email="zoe@elsewhere.example.net", name="Zoe", by=scene.alice.actor)
    assert refused.value.field == "explanation"
    with pytest.raises(Invalid, match="At most 1000 characters"):
        membership.invite(grant=scene.grant, email="z@x.org", name="", explanation="x" * 1001, by=scene.alice.actor)
    member = membership.invite(
        grant=scene.grant,
        email="zoe@elsewhere.example.net",
        name="Zoe",
        explanation=" A guest in our group. ",
        by=scene.alice.actor,
    )
    assert member.explanation == "A guest in our group."
    membership.resend(member=member, by=scene.alice.actor)
    invited(scene)  # of the same organization: nothing to explain
    digests = [row.payload["explanation_digest"] for row in LedgerEntry.objects.filter(kind="member.invited")]
    kept = text_digest("A guest in our group.", salt=member.explanation_salt)
    assert digests == [kept, kept, None]


def test_a_member_does_not_invite(scene: Scene) -> None:
    joined(scene)
    with pytest.raises(NotAllowed):
        membership.invite(grant=scene.grant, email="x@mit.example.edu", name="", by=scene.bob.actor)


def test_an_address_is_invited_once_however_it_is_spelt(scene: Scene) -> None:
    invited(scene)
    for spelt in ("bob@mit.example.edu", "BOB@MIT.example.edu", "bob+data@mit.example.edu"):
        with pytest.raises(NotPossible, match="invited already"):
            invited(scene, spelt)
    joined_one = membership.accept(token=member_invitations.token(GrantMember.objects.get()), by=scene.bob.actor)
    assert joined_one.state == MemberState.JOINED
    with pytest.raises(NotPossible, match="member already"):
        invited(scene)


def test_the_holder_is_not_invited_nor_what_is_no_address(scene: Scene) -> None:
    with pytest.raises(NotPossible, match="your own address"):
        invited(scene, "alice+2@mit.example.edu")
    with pytest.raises(Invalid) as refused:
        invited(scene, "bob at mit")
    assert refused.value.field == "email"


def test_there_is_room_for_as_many_as_the_dataset_says(scene: Scene) -> None:
    Dataset.objects.update(max_members=2)
    first = invited(scene, "one@mit.example.edu")
    invited(scene, "two@mit.example.edu")
    with pytest.raises(NotPossible, match="At most 2 people"):
        invited(scene, "three@mit.example.edu")
    membership.withdraw(member=first, by=scene.alice.actor)
    invited(scene, "three@mit.example.edu")


def test_so_many_are_mailed_in_a_day_and_no_more(scene: Scene) -> None:
    member = invited(scene)
    for _ in range(membership.MAILS_PER_DAY - 1):
        membership.resend(member=member, by=scene.alice.actor)
    with pytest.raises(TooMany):
        membership.resend(member=member, by=scene.alice.actor)
    with pytest.raises(TooMany):
        invited(scene, "other@mit.example.edu")
    with clock.frozen(NOON + dt.timedelta(days=1, seconds=1)):
        membership.resend(member=member, by=scene.alice.actor)


def test_an_invitation_that_ran_out_is_renewed_and_its_address_works_again(scene: Scene) -> None:
    first = invited(scene)
    token = member_invitations.token(first)
    later = NOON + member_invitations.LIFETIME
    with clock.frozen(later):
        with pytest.raises(NotPossible, match="has run out"):
            membership.accept(token=token, by=scene.bob.actor)
        assert member_queries.taken(scene.grant) == 0
        assert invited(scene).pk == first.pk
        assert membership.accept(token=token, by=scene.bob.actor).state == MemberState.JOINED


def test_an_invitation_sent_again_under_another_key_has_another_address(scene: Scene, settings: Settings) -> None:
    member = invited(scene)
    old = member_invitations.token(member)
    settings.MASTER_KEYS = {1: bytes(range(32)), 2: bytes(32)}
    assert member_invitations.find(old) == member
    MasterKey.objects.update_or_create(
        number=1, defaults={"check_value": keys.key_ring().check_value(1), "compromised_at": NOON}
    )
    assert member_invitations.find(old) is None
    renewed = membership.resend(member=member, by=scene.alice.actor)
    assert member_invitations.find(old) is None
    assert member_invitations.find(member_invitations.token(renewed)) == member


def test_a_withdrawn_one_opens_nothing_and_its_mail_is_not_sent(scene: Scene) -> None:
    member = invited(scene)
    membership.withdraw(member=member, by=scene.alice.actor)
    drain()
    assert not [one for one in mail.outbox if one.to == [scene.bob.email]]
    with pytest.raises(NotPossible, match="no longer open"):
        membership.accept(token=member_invitations.token(member), by=scene.bob.actor)
    for verb in (membership.withdraw, membership.resend):
        with pytest.raises(NotPossible, match="invitation withdrawn"):
            verb(member=member, by=scene.alice.actor)


def test_whom_the_application_names_is_offered_until_they_are_invited(scene: Scene) -> None:
    for name, email in (("Bob", "bob@mit.example.edu"), ("Zoe", "zoe@other.example.org")):
        ApplicationMember.objects.create(application=scene.application, name=name, email=email)
    offered = member_queries.named_and_not_invited(scene.grant)
    assert [(one.name, one.is_elsewhere) for one in offered] == [("Bob", False), ("Zoe", True)]
    invited(scene, "Bob+x@mit.example.edu")
    assert [one.name for one in member_queries.named_and_not_invited(scene.grant)] == ["Zoe"]
