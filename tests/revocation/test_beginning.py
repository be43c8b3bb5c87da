"""A procedure does everything at once, or nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements.bars.checks import check_not_barred
from agreements.bars.models import Bar
from agreements.catalog import roles, withdrawing
from agreements.catalog.models import Dataset, Role
from agreements.core import clock
from agreements.core.errors import Invalid, MovedOn, NotAllowed, NotPossible
from agreements.grants.members import refusing
from agreements.grants.models import GrantMember, GrantState, Link, MemberState, Seal, Suspension
from agreements.ledger.act import text_digest
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation.beginning import BarWish
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct, ScopeKind
from tests.flows.scene import SETUP, Scene
from tests.revocation import many
from tests.revocation.many import start, states

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
AUDREY = "audrey@genebody.example"


def nothing_happened() -> bool:
    return not any(
        model.objects.exists() for model in (Procedure, AffectedGrant, Destruction, OutboxMessage, Suspension, Bar)
    )


def test_an_organization_ends_in_one_act_and_everything_is_written_down(scene: Scene) -> None:
    with clock.frozen(NOON):
        hit = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"], members=1)
        [left] = many.grants(scene.dataset, ["c@ethz.ch"], organization="ETH", members=1)
        procedure = start(scene.dataset, ScopeKind.ORGANIZATION, "mit", by=scene.dan)
    assert [*states(hit), *states([left])] == ["revoked", "revoked", "active"]
    assert Link.objects.filter(grant__in=hit).exists()
    assert not Link.objects.filter(grant__in=hit, ended_at=None).exists()
    assert not Link.objects.filter(grant=left).exclude(ended_at=None).exists()
    assert (procedure.scope_value, procedure.scope_label) == ("mit", "organization “MIT”")
    assert (procedure.destroy_by, procedure.begun_by) == (dt.date(2026, 3, 16), scene.dan)
    reached = AffectedGrant.objects.filter(procedure=procedure)
    assert [(row.grant, row.subset, row.member, row.state_before) for row in reached.order_by("grant")] == [
        (grant, None, None, "active") for grant in hit
    ]
    owed = Destruction.objects.filter(affected__procedure=procedure, due_on=dt.date(2026, 3, 16), state="due")
    assert sorted(row.person.email for row in owed) == [
        "a@mit.edu",
        "b@mit.edu",
        "member0.a@mit.edu",
        "member0.b@mit.edu",
    ]
    notices = OutboxMessage.objects.values_list("kind", "recipient", "subject_reference").order_by("recipient")
    assert list(notices) == [
        ("grant-revoked", "a@mit.edu", hit[0].reference),
        ("grant-revoked", "b@mit.edu", hit[1].reference),
        ("member-revoked", "member0.a@mit.edu", hit[0].reference),
        ("member-revoked", "member0.b@mit.edu", hit[1].reference),
    ]
    assert verify().holds


def test_the_record_names_the_procedure_in_each_of_its_rows(scene: Scene) -> None:
    hit = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"], members=1)
    before = LedgerEntry.objects.count()
    procedure = start(scene.dataset, ScopeKind.DOMAIN, "mit.edu", by=scene.dan)
    rows = list(LedgerEntry.objects.order_by("sequence")[before:])
    assert [row.kind for row in rows] == ["procedure.begun", "grant.revoked", "grant.revoked"]
    assert {row.subjects["procedure"] for row in rows} == {procedure.reference}
    assert {(row.actor, row.role) for row in rows} == {(scene.dan.actor.id, "steward")}
    assert rows[0].subjects == {"procedure": procedure.reference, "dataset": "genebody"}
    assert rows[0].payload == {
        "act": "revoke",
        "scope": "domain",
        "scope_digest": text_digest("mit.edu", salt=procedure.scope_salt),
        "grants": 2,
        "people": 4,
        "clause": "termination",
        "destroy_by": procedure.destroy_by.isoformat() if procedure.destroy_by else None,
        "reason_digest": text_digest(many.REASON, salt=procedure.reason_salt),
    }
    assert [row.subjects["grant"] for row in rows[1:]] == [grant.reference for grant in hit]
    assert "images" not in str([row.payload for row in rows])


def test_a_person_ends_where_they_hold_and_where_they_are_a_member(scene: Scene) -> None:
    own, colleagues, third = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu", "c@mit.edu"])
    [part] = many.join([colleagues], ["a@mit.edu"])
    waiting = many.invite(third, "a@mit.edu")
    procedure = start(scene.dataset, ScopeKind.PERSON, str(own.holder.public_id), by=scene.dan)
    assert states([own, colleagues, third]) == ["revoked", "active", "active"]
    part.refresh_from_db()
    waiting.refresh_from_db()
    assert (part.state, part.ended_by, part.reason) == (MemberState.REMOVED, scene.dan, many.REASON)
    assert (waiting.state, waiting.ended_by) == (MemberState.WITHDRAWN, scene.dan)
    assert not Seal.objects.filter(grant=colleagues, person=own.holder, ended_at=None).exists()
    assert not Link.objects.filter(seal__grant=colleagues, seal__person=own.holder, ended_at=None).exists()
    assert Link.objects.filter(seal__grant=colleagues, seal__person=colleagues.holder, ended_at=None).exists()
    assert Destruction.objects.filter(affected__procedure=procedure, person=own.holder).count() == 2
    kinds = OutboxMessage.objects.filter(recipient="a@mit.edu").values_list("kind", flat=True)
    assert sorted(kinds) == ["grant-revoked", "member-part-revoked"]
    removed = LedgerEntry.objects.get(kind="member.removed")
    assert removed.subjects["member"] == str(own.holder.public_id)
    assert removed.payload["reason_digest"] == text_digest(many.REASON, salt=part.reason_salt)
    assert LedgerEntry.objects.get(kind="invitation.withdrawn").subjects["procedure"] == procedure.reference
    assert refusing.is_refused(dataset_pk=scene.dataset.pk, email="a+1@mit.edu")


def test_of_a_grant_that_is_hit_whole_the_invitations_need_no_end_of_their_own(scene: Scene) -> None:
    [own] = many.grants(scene.dataset, ["a@mit.edu"])
    waiting = many.invite(own, "b@mit.edu")
    start(scene.dataset, ScopeKind.DOMAIN, "mit.edu", by=scene.dan)
    waiting.refresh_from_db()
    assert waiting.state == MemberState.INVITED


@pytest.mark.parametrize("who", ["alice", "bob", "carol", "eve", "audrey", "other steward"])
@pytest.mark.parametrize("act", [ProcedureAct.REVOKE, ProcedureAct.SUSPEND])
def test_only_a_steward_of_the_dataset_begins_one(scene: Scene, who: str, act: ProcedureAct) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu"])
    by = many.person(AUDREY if who == "audrey" else "sam@genebody.example") if " " in who or who == "audrey" else None
    if who == "audrey" and by:
        roles.give(user=by, dataset=scene.dataset, role=Role.AUDITOR, by=SETUP)
    elif by:
        roles.give(user=by, dataset=many.second_dataset(scene.dataset), role=Role.STEWARD, by=SETUP)
    by = by or getattr(scene, who)
    with pytest.raises(NotAllowed):
        start(scene.dataset, ScopeKind.DATASET, by=by, act=act)
    assert states(made) == ["active"]


@pytest.mark.parametrize("as_what", ["holder", "member"])
def test_a_steward_does_not_end_their_own_access_among_others(scene: Scene, as_what: str) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"])
    [own] = many.grants(scene.dataset, [scene.dan.email if as_what == "holder" else "c@mit.edu"])
    if as_what == "member":
        many.join([own], [scene.dan.email])
    for act in (ProcedureAct.REVOKE, ProcedureAct.SUSPEND):
        with pytest.raises(NotAllowed, match=f"{own.reference}: your own access, or one that you are a member of"):
            start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=act)
    assert states([*made, own]) == ["active"] * 3
    assert nothing_happened()


def test_who_has_not_seen_what_is_hit_now_is_told_what_changed(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu", "c@mit.edu"])
    with pytest.raises(MovedOn, match="has changed since you looked") as refused:
        start(scene.dataset, ScopeKind.DATASET, by=scene.dan, expected=2)
    assert refused.value.changes == ("3 accesses are hit now; when you looked it was 2.",)
    assert nothing_happened()
    first = start(scene.dataset, ScopeKind.TERMS, "1.0", by=scene.dan)
    with pytest.raises(MovedOn) as refused:
        start(scene.dataset, ScopeKind.DATASET, by=scene.dan, expected=3)
    assert refused.value.changes == (
        "0 accesses are hit now; when you looked it was 3.",
        f"{first.reference} was begun by Dan: revocation, everybody who signed terms 1.0.",
    )


def test_the_clause_is_one_that_everybody_hit_has_signed(scene: Scene) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu"])
    made += many.grants(scene.dataset, ["b@mit.edu"], terms=many.second_terms(scene.dataset, "termination"))
    with pytest.raises(Invalid, match=r"no such clause: version 2\.0") as refused:
        start(scene.dataset, ScopeKind.DATASET, by=scene.dan, clause="research-only")
    assert refused.value.field == "clause_id"
    with pytest.raises(Invalid, match=r"version 1\.0, 2\.0"):
        start(scene.dataset, ScopeKind.DATASET, by=scene.dan, clause="")
    assert states(made) == ["active", "active"]
    assert nothing_happened()
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan)
    assert {row.payload["terms"] for row in LedgerEntry.objects.filter(kind="grant.revoked")} == {"1.0", "2.0"}


def test_whom_it_names_can_be_barred_in_the_same_act(scene: Scene) -> None:
    own, other = many.grants(scene.dataset, ["a@mit.edu", "b@ethz.ch"])
    until = clock.now() + dt.timedelta(days=30)
    procedure = start(
        scene.dataset,
        ScopeKind.PERSON,
        str(own.holder.public_id),
        by=scene.dan,
        bar=BarWish(person=True, domain="@MIT.edu", until=until),
    )
    bars = Bar.objects.order_by("pk")
    assert [(bar.person, bar.domain, bar.until) for bar in bars] == [(own.holder, "", until), (None, "mit.edu", until)]
    assert {(bar.procedure, bar.reason) for bar in bars} == {(procedure.reference, many.REASON)}
    assert LedgerEntry.objects.filter(kind="bar.set", subjects__procedure=procedure.reference).count() == 2
    start(scene.dataset, ScopeKind.GRANT, other.reference, by=scene.dan, bar=BarWish(person=True, domain="mit.edu"))
    assert [(bar.person, bar.domain) for bar in bars.all()[2:]] == [(other.holder, ""), (None, "mit.edu")]
    with pytest.raises(NotAllowed):
        check_not_barred(dataset_pk=scene.dataset.pk, person_pk=other.holder_id, emails=["b@ethz.ch"])


def test_the_holder_of_one_access_can_be_barred_by_it(scene: Scene) -> None:
    own, _other = many.grants(scene.dataset, ["a@mit.edu", "b@mit.edu"], members=1)
    start(scene.dataset, ScopeKind.GRANT, own.reference.lower(), by=scene.dan, bar=BarWish(person=True))
    assert [(bar.person, bar.domain) for bar in Bar.objects.all()] == [(own.holder, "")]


def test_a_bar_that_cannot_be_set_undoes_all(scene: Scene) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu"])
    with pytest.raises(NotAllowed, match="the domain of your own address"):
        start(scene.dataset, ScopeKind.DATASET, by=scene.dan, bar=BarWish(domain="genebody.example"))
    with pytest.raises(Invalid, match="No single person"):
        start(scene.dataset, ScopeKind.DATASET, by=scene.dan, bar=BarWish(person=True))
    with pytest.raises(Invalid, match="would have ended already"):
        start(
            scene.dataset, ScopeKind.DATASET, by=scene.dan, bar=BarWish(domain="mit.edu", until=NOON.replace(year=2020))
        )
    assert states(made) == ["active"]
    assert nothing_happened()


def test_a_dataset_is_withdrawn_with_all_access_to_it_and_offered_again_without(scene: Scene) -> None:
    made = many.grants(scene.dataset, ["a@mit.edu"])
    with pytest.raises(Invalid, match="Only ending all access"):
        start(scene.dataset, ScopeKind.TERMS, "1.0", by=scene.dan, withdraw_dataset=True)
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan, withdraw_dataset=True)
    dataset = Dataset.objects.get(pk=scene.dataset.pk)
    assert dataset.withdrawn_at is not None
    row = LedgerEntry.objects.get(kind="dataset.withdrawn")
    assert row.payload["reason_digest"] == text_digest(many.REASON, salt=dataset.withdrawal_salt)
    withdrawing.offer_again(dataset=dataset, reason="All is well.", by=scene.dan.actor)
    assert Dataset.objects.get(pk=dataset.pk).withdrawn_at is None
    assert states(made) == ["revoked"]


def test_what_a_suspension_shuts_stays_shut_for_its_own_reason_alone(scene: Scene) -> None:
    [running] = many.grants(scene.dataset, ["a@mit.edu"], members=1)
    procedure = start(scene.dataset, ScopeKind.DATASET, by=scene.dan, act=ProcedureAct.SUSPEND)
    assert states([running]) == ["suspended"]
    [suspension] = Suspension.objects.all()
    assert (suspension.cause, suspension.procedure, suspension.reason) == (
        "procedure",
        procedure.reference,
        many.REASON,
    )
    assert procedure.destroy_by is None
    assert not Destruction.objects.exists()
    assert Link.objects.filter(ended_at=None).exists()
    assert sorted(OutboxMessage.objects.values_list("kind", "recipient")) == [
        ("grant-suspended", "a@mit.edu"),
        ("grant-suspended", "member0.a@mit.edu"),
    ]
    second = start(scene.dataset, ScopeKind.ORGANIZATION, "MIT", by=scene.dan, act=ProcedureAct.SUSPEND)
    assert Suspension.objects.filter(grant=running, procedure=second.reference).exists()
    start(scene.dataset, ScopeKind.DATASET, by=scene.dan)
    assert states([running]) == ["revoked"]


def test_nothing_to_end_begins_nothing(scene: Scene) -> None:
    many.grants(scene.dataset, ["a@mit.edu"], state=GrantState.REVOKED)
    with pytest.raises(NotPossible, match="nothing left to end here: organization “MIT”"):
        start(scene.dataset, ScopeKind.ORGANIZATION, "MIT", by=scene.dan)
    assert nothing_happened()


def test_many_take_as_few_queries_as_some(scene: Scene) -> None:
    taken = []
    for number in (5, 400):
        emails = [f"a{each}@mit{number}.edu" for each in range(number)]
        many.grants(scene.dataset, emails, organization=f"MIT {number}", members=1)
        with CaptureQueriesContext(connection) as queries:
            start(scene.dataset, ScopeKind.ORGANIZATION, f"MIT {number}", by=scene.dan)
        taken.append(len(queries))
    assert GrantMember.objects.count() == 405
    # Rows are written some hundreds at a time.
    assert taken[1] <= taken[0] + 40, taken


def test_the_people_of_a_scope_are_its_dataset_s_own(scene: Scene) -> None:
    other = many.second_dataset(scene.dataset)
    here = many.grants(scene.dataset, ["a@mit.edu"])
    there = many.grants(other, ["a@mit.edu"])
    user = User.objects.get(email="a@mit.edu")
    start(scene.dataset, ScopeKind.PERSON, str(user.public_id), by=scene.dan)
    assert [*states(here), *states(there)] == ["revoked", "active"]
