"""A master key that others may know: everything under it ends or is made anew, once, and everybody is told."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from agreements.applications.models import State
from agreements.catalog import invitations
from agreements.catalog.models import Archive, Role, SealKind, StaffInvitation
from agreements.core import actors
from agreements.core.errors import NotPossible
from agreements.core.secrets import INVITATION, LINK, key_ring
from agreements.documents import issuing, qr
from agreements.flows import keys
from agreements.flows.agreement_issue import issue_agreement
from agreements.grants import passwords, rotation
from agreements.grants.links import making as links
from agreements.grants.links import tokens
from agreements.grants.members import invitations as member_invitations
from agreements.grants.members import membership
from agreements.grants.models import Generation, GenerationState, Grant, GrantMember, Link, Seal
from agreements.keys import master_keys
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.models import OutboxMessage
from agreements.people import second_factors
from agreements.people.models import User
from tests.applications.cases import put
from tests.flows.scene import Scene, draft_with_signed_copy

OLD, NEW = bytes(range(32)), b"n" * 32
BY = actors.job("tests")


@pytest.fixture
def grant(scene: Scene, settings: Any) -> Grant:
    """Alice's access, Bob's and a reviewer's invitation and an app's secret, all under key 1; then key 2 is added."""
    settings.MASTER_KEYS = {1: OLD}
    put(scene, State.APPROVED)
    grant = Grant.objects.get()
    membership.invite(grant=grant, email=scene.bob.email, name="Bob", by=scene.alice.actor)
    invitations.invite(dataset=scene.dataset, email="new@genebody.example", role=Role.REVIEWER, by=scene.dan.actor)
    Authenticator.objects.create(user=scene.carol, type="totp", data={"secret": second_factors.seal("JBSWY3DP")})
    Authenticator.objects.create(
        user=scene.carol, type="recovery_codes", data={"seed": second_factors.seal("seed"), "used_mask": 5}
    )
    settings.MASTER_KEYS = {1: OLD, 2: NEW}
    return grant


def test_the_plan_names_everything_under_the_key_and_changes_nothing(grant: Grant) -> None:
    found = keys.plan(1)
    counted = (found.seals, found.links, found.member_invitations, found.staff_invitations, found.second_factors)
    assert counted == (1, 1, 1, 1, 2)
    assert (found.agreements, found.steps, found.is_done) == (1, 5, False)
    assert not master_keys.compromised()
    assert Link.objects.get().ended_at is None


def test_afterwards_nothing_made_under_the_key_opens_anything(grant: Grant, scene: Scene) -> None:
    link, seal = Link.objects.get(), Seal.objects.get()
    invited, offered = grant_member(grant), StaffInvitation.objects.get()
    before = (tokens.token(link), member_invitations.token(invited), invitations.token(offered))
    keys.replace(1, by=BY)

    assert keys.plan(1).is_done
    old_link = links.parse(before[0])
    assert old_link is None or old_link.ended_at is not None
    assert member_invitations.find(before[1]) is None
    new = User.objects.create_user("new@genebody.example")
    with pytest.raises(NotPossible, match="does not exist"):
        invitations.accept(token=before[2], by=new.actor)
    seal.refresh_from_db()
    assert seal.ended_at is not None
    assert passwords.reveal(grant=grant, by=scene.alice.actor) != passwords.password_of(seal)
    totp, codes = Authenticator.objects.order_by("pk")
    assert second_factors.open_sealed(totp.data["secret"]) == "JBSWY3DP"
    assert (second_factors.open_sealed(codes.data["seed"]), codes.data["used_mask"]) == ("seed", 5)
    assert all(value.startswith("2:") for value in (totp.data["secret"], codes.data["seed"]))


def test_once_the_key_is_marked_its_invitations_are_shut_before_they_are_renewed(
    grant: Grant, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (member_invitations.token(grant_member(grant)), invitations.token(StaffInvitation.objects.get()))
    stop_after_the_mark(monkeypatch)
    assert member_invitations.find(before[0]) is None
    assert invitations.find(before[1]) is None
    new = User.objects.create_user("new@genebody.example")
    with pytest.raises(NotPossible, match="does not exist"):
        invitations.accept(token=before[1], by=new.actor)


def test_what_the_old_key_would_forge_is_refused(grant: Grant, scene: Scene) -> None:
    keys.replace(1, by=BY)
    made = links.make(grant=grant, archive=Link.objects.get().archive, person=scene.alice, by=scene.alice.actor)
    tag = key_ring().derive(LINK, bytes.fromhex(made.link_id), number=1, length=16).hex()
    assert links.parse(made.link_id + tag) is None
    open_one = StaffInvitation.objects.get(key_number=2)
    about = (open_one.dataset.slug.encode(), open_one.email.encode(), str(open_one.role).encode())
    forged = key_ring().derive(INVITATION, bytes.fromhex(open_one.nonce), *about, number=1, length=16).hex()
    assert invitations.find(open_one.nonce + forged) is None
    assert invitations.find(invitations.token(open_one)) == open_one
    code = qr.PageCode("GB-A-222222", "1.0", 1, 1, 1, key_number=1)
    with pytest.raises(qr.ForgedCode):
        qr.parse_and_verify(qr.payload(code, issuing.qr_key(1)), issuing.qr_keys())


def test_invitations_go_out_again_under_the_new_key(grant: Grant, scene: Scene) -> None:
    OutboxMessage.objects.all().delete()
    keys.replace(1, by=BY)
    assert grant_member(grant).key_number == 2
    told = sorted(OutboxMessage.objects.values_list("recipient", "kind"))
    assert told == [
        (scene.alice.email, "seal-renewed"),
        (scene.bob.email, "member-invited"),
        ("new@genebody.example", "staff-invitation"),
    ]


def test_a_shared_archive_is_put_in_line_for_its_next_generation(grant: Grant) -> None:
    archive = Link.objects.get().archive
    Archive.objects.filter(pk=archive.pk).update(seal=SealKind.SHARED)
    Generation.objects.create(
        archive=archive, generation=1, seal_id="a" * 32, key_number=1, object_key="x", state=GenerationState.READY
    )
    assert keys.plan(1).generations == 1
    for _twice in range(2):
        keys.replace(1, by=BY)
    first, second = Generation.objects.order_by("generation")
    assert (first.key_number, second.key_number, second.state) == (1, 2, GenerationState.WAITING)
    assert keys.shared_archives(1) == ["genebody/train40/train40.zip"], "handed out until the next one is ready"


def test_a_form_printed_under_the_key_is_issued_anew(scene: Scene, settings: Any) -> None:
    settings.MASTER_KEYS = {1: OLD}
    draft = draft_with_signed_copy(scene)
    assert issue_agreement(application=draft, by=scene.alice.actor).issue_number == 1
    settings.MASTER_KEYS = {1: OLD, 2: NEW}
    keys.replace(1, by=BY)
    again = issue_agreement(application=draft, by=scene.alice.actor)
    assert (again.issue_number, again.key_number) == (2, 2)


def test_it_is_recorded_once_and_can_be_run_again(grant: Grant, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_after_the_mark(monkeypatch)
    assert Link.objects.get().ended_at is not None, "links end first"
    assert Seal.objects.get().ended_at is None
    keys.replace(1, by=BY)
    keys.replace(1, by=BY)
    row = LedgerEntry.objects.get(kind="key.replaced")
    assert row.payload == {"key_number": 2, "compromised": 1, "seals": 1, "links": 1}
    assert LedgerEntry.objects.filter(kind="seal.renewed").count() == 1
    assert verify().holds


def test_without_a_newer_key_it_is_refused(grant: Grant, settings: Any) -> None:
    settings.MASTER_KEYS = {1: OLD}
    with pytest.raises(NotPossible, match="There is no newer key"):
        keys.plan(1)
    settings.MASTER_KEYS = {2: NEW}
    with pytest.raises(NotPossible, match="not configured"):
        keys.plan(1)
    settings.MASTER_KEYS = {1: NEW, 2: OLD}
    with pytest.raises(NotPossible, match="not the one that was used before"):
        keys.plan(1)


def test_the_next_number_is_above_every_number_that_was_ever_used(grant: Grant, settings: Any) -> None:
    assert keys.next_number() == 3
    master_keys.confirm(2)
    settings.MASTER_KEYS = {1: OLD}
    assert keys.next_number() == 3


def grant_member(grant: Grant) -> GrantMember:
    return GrantMember.objects.select_related("grant").get(grant=grant)


def stop_after_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace key 1 and be interrupted when it is marked and its links are ended, and nothing is renewed yet."""

    def interrupted(number: int, *, by: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "renew_some", interrupted)
        with pytest.raises(KeyboardInterrupt):
            keys.replace(1, by=BY)
