"""Invitations: to an address, for a time, once; the mailed address is derived and never stored."""

from __future__ import annotations

import datetime as dt

import pytest

from agreements.catalog import invitations, messages, roles
from agreements.catalog.models import Dataset, Role, StaffInvitation
from agreements.core import clock
from agreements.core.errors import Invalid, NotAllowed, NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.people.models import User


@pytest.fixture
def invitation(genebody: Dataset, dan: User) -> StaffInvitation:
    return invitations.invite(dataset=genebody, email="Carol@Lab.example ", role=Role.REVIEWER, by=dan.actor)


def test_the_invited_person_accepts_and_holds_the_role(
    genebody: Dataset, invitation: StaffInvitation, carol: User, dan: User
) -> None:
    assignment = invitations.accept(token=invitations.token(invitation), by=carol.actor)
    assert roles.roles_of(carol.pk, genebody) == {Role.REVIEWER}
    assert assignment.given_by == dan
    kinds = LedgerEntry.objects.values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["staff.invited", "role.given"]


def test_the_mail_says_who_invites_to_what_and_carries_the_address(invitation: StaffInvitation, carol: User) -> None:
    message = OutboxMessage.objects.get(kind="staff-invitation")
    assert message.recipient == "carol@lab.example"
    rendered = messages._render(message)
    assert rendered.subject == "GeneBody: invitation to be its reviewer"
    assert "Dan invites you to look after the dataset GeneBody as its reviewer." in rendered.text
    assert "sign in as carol@lab.example" in rendered.text
    assert messages.address(invitation) in rendered.text
    assert messages.address(invitation) in rendered.html


def test_neither_the_row_nor_the_outbox_nor_the_record_holds_the_token(invitation: StaffInvitation) -> None:
    token = invitations.token(invitation)
    tag = token.removeprefix(invitation.nonce)
    rows = [*StaffInvitation.objects.values(), *OutboxMessage.objects.values(), *LedgerEntry.objects.values()]
    assert tag not in str(rows)
    assert "carol" not in str(list(LedgerEntry.objects.values()))


def test_a_token_with_one_character_changed_is_none(invitation: StaffInvitation) -> None:
    token = invitations.token(invitation)
    assert invitations.find(token) == invitation
    for place in range(len(token)):
        changed = token[:place] + ("0" if token[place] != "0" else "1") + token[place + 1 :]
        assert invitations.find(changed) is None
    assert invitations.find("") is None
    assert invitations.find(token + "0") is None


def test_a_row_moved_to_another_address_or_role_has_another_token(invitation: StaffInvitation) -> None:
    token = invitations.token(invitation)
    StaffInvitation.objects.update(role=Role.STEWARD)
    assert invitations.find(token) is None
    StaffInvitation.objects.update(role=Role.REVIEWER, email="eve@elsewhere.example")
    assert invitations.find(token) is None


def test_somebody_else_cannot_accept_it(genebody: Dataset, invitation: StaffInvitation, eve: User) -> None:
    with pytest.raises(NotAllowed, match="This invitation is for another address"):
        invitations.accept(token=invitations.token(invitation), by=eve.actor)
    assert roles.roles_of(eve.pk, genebody) == frozenset()


def test_the_same_mailbox_may_be_spelt_otherwise(genebody: Dataset, invitation: StaffInvitation) -> None:
    person = User.objects.create_user("carol+reviews@lab.example")
    invitations.accept(token=invitations.token(invitation), by=person.actor)
    assert roles.roles_of(person.pk, genebody) == {Role.REVIEWER}


def test_it_is_accepted_once_and_in_time(invitation: StaffInvitation, carol: User) -> None:
    token = invitations.token(invitation)
    late = invitation.expires_at + dt.timedelta(seconds=1)
    with clock.frozen(late), pytest.raises(NotPossible, match="has run out"):
        invitations.accept(token=token, by=carol.actor)
    invitations.accept(token=token, by=carol.actor)
    with pytest.raises(NotPossible, match="was already accepted"):
        invitations.accept(token=token, by=carol.actor)


def test_inviting_again_replaces_the_open_invitation_and_its_mail(
    genebody: Dataset, invitation: StaffInvitation, dan: User
) -> None:
    again = invitations.invite(dataset=genebody, email="carol@lab.example", role=Role.REVIEWER, by=dan.actor)
    assert list(invitations.waiting(genebody)) == [again]
    first, second = OutboxMessage.objects.order_by("pk")
    assert not messages._still_open(first)
    assert messages._still_open(second)


def test_only_a_steward_invites_and_only_to_a_real_address(genebody: Dataset, dan: User, eve: User) -> None:
    with pytest.raises(NotAllowed):
        invitations.invite(dataset=genebody, email="eve@elsewhere.example", role=Role.STEWARD, by=eve.actor)
    with pytest.raises(Invalid, match="This is not an e-mail address"):
        invitations.invite(dataset=genebody, email="carol", role=Role.REVIEWER, by=dan.actor)
    with pytest.raises(NotPossible, match=r"dan@lab.example already has this role"):
        invitations.invite(dataset=genebody, email="dan@lab.example", role=Role.STEWARD, by=dan.actor)
    assert not StaffInvitation.objects.exists()
    assert not OutboxMessage.objects.exists()


def test_an_invitation_of_somebody_who_no_longer_gives_roles_is_worth_nothing(
    genebody: Dataset, invitation: StaffInvitation, carol: User, dan: User
) -> None:
    alice = User.objects.create_user("alice@lab.example")
    roles.assign(user=alice, dataset=genebody, role=Role.STEWARD, by=dan.actor, as_role="steward", given_by_pk=dan.pk)
    roles.end(user=dan, dataset=genebody, role=Role.STEWARD, by=alice.actor)
    assert not invitations.waiting(genebody).exists()
    # Even one that no clean-up caught, as when an account is closed.
    StaffInvitation.objects.update(expires_at=clock.now() + dt.timedelta(days=1))
    with pytest.raises(NotPossible, match="no longer looks after"):
        invitations.accept(token=invitations.token(invitation), by=carol.actor)
    assert not roles.roles_of(carol.pk, genebody)


def test_a_steward_withdraws_an_invitation_once(
    genebody: Dataset, invitation: StaffInvitation, carol: User, dan: User
) -> None:
    with pytest.raises(NotAllowed):
        invitations.withdraw(invitation=invitation, by=carol.actor)
    for _ in range(2):
        invitations.withdraw(invitation=invitation, by=dan.actor)
    assert LedgerEntry.objects.filter(kind="invitation.withdrawn").count() == 1
    with pytest.raises(NotPossible, match="run out"):
        invitations.accept(token=invitations.token(invitation), by=carol.actor)
