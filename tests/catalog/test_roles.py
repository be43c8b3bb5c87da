"""Roles: given, ended, recorded; and the two forms of asking agree."""

from __future__ import annotations

import pytest

from agreements.catalog import roles
from agreements.catalog.models import Dataset, Role, RoleAssignment
from agreements.core.errors import NotAllowed, NotPossible
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.catalog.conftest import SETUP


def test_a_steward_gives_a_role_once_and_it_is_recorded_without_an_address(
    genebody: Dataset, dan: User, carol: User
) -> None:
    for _ in range(2):
        roles.give(user=carol, dataset=genebody, role=Role.REVIEWER, by=dan.actor)
    assert roles.roles_of(carol.pk, genebody) == {Role.REVIEWER}
    assert RoleAssignment.objects.filter(user=carol).count() == 1
    entry = LedgerEntry.objects.get(kind="role.given")
    assert entry.subjects == {"dataset": "genebody", "person": str(carol.public_id)}
    assert "carol" not in str(entry.payload)


def test_an_ended_role_is_gone_and_stays_in_the_history(genebody: Dataset, dan: User, carol: User) -> None:
    roles.give(user=carol, dataset=genebody, role=Role.REVIEWER, by=dan.actor)
    roles.end(user=carol, dataset=genebody, role=Role.REVIEWER, by=dan.actor)
    roles.end(user=carol, dataset=genebody, role=Role.REVIEWER, by=dan.actor)
    assert roles.roles_of(carol.pk, genebody) == frozenset()
    assert RoleAssignment.objects.get(user=carol).ended_at is not None
    assert LedgerEntry.objects.filter(kind="role.ended").count() == 1
    roles.give(user=carol, dataset=genebody, role=Role.REVIEWER, by=dan.actor)
    assert roles.roles_of(carol.pk, genebody) == {Role.REVIEWER}


def test_the_last_steward_cannot_be_ended(genebody: Dataset, dan: User, carol: User) -> None:
    with pytest.raises(NotPossible, match="This is the last steward"):
        roles.end(user=dan, dataset=genebody, role=Role.STEWARD, by=dan.actor)
    roles.give(user=carol, dataset=genebody, role=Role.STEWARD, by=dan.actor)
    roles.end(user=dan, dataset=genebody, role=Role.STEWARD, by=carol.actor)
    assert roles.roles_of(dan.pk, genebody) == frozenset()


def test_a_stranger_a_reviewer_and_another_dataset_s_steward_cannot_change_roles(
    genebody: Dataset, dan: User, carol: User, eve: User
) -> None:
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", summary="s")
    RoleAssignment.objects.create(user=eve, dataset=other, role=Role.STEWARD)
    RoleAssignment.objects.create(user=carol, dataset=genebody, role=Role.REVIEWER)
    for outsider in (eve, carol):
        with pytest.raises(NotAllowed):
            roles.give(user=eve, dataset=genebody, role=Role.AUDITOR, by=outsider.actor)
        with pytest.raises(NotAllowed):
            roles.end(user=dan, dataset=genebody, role=Role.STEWARD, by=outsider.actor)


def test_a_site_administrator_and_set_up_may_change_roles(genebody: Dataset, carol: User, eve: User) -> None:
    admin = User.objects.create_superuser("admin@lab.example")
    roles.give(user=carol, dataset=genebody, role=Role.STEWARD, by=SETUP)
    roles.give(user=eve, dataset=genebody, role=Role.AUDITOR, by=admin.actor)
    assert roles.roles_of(eve.pk, genebody) == {Role.AUDITOR}


def test_both_forms_of_the_question_agree(genebody: Dataset, dan: User, carol: User, eve: User) -> None:
    Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", summary="s")
    gone = User.objects.create_user("gone@lab.example", is_active=False)
    roles.give(user=carol, dataset=genebody, role=Role.REVIEWER, by=SETUP)
    roles.give(user=gone, dataset=genebody, role=Role.STEWARD, by=SETUP)
    for person_pk in (dan.pk, carol.pk, eve.pk, gone.pk, None):
        for asked in ({Role.STEWARD}, {Role.REVIEWER, Role.STEWARD}, {Role.AUDITOR}, set(Role)):
            listed = set(roles.datasets_where(person_pk, asked))
            for dataset in Dataset.objects.all():
                has = roles.has_role(person_pk=person_pk, dataset=dataset, roles=asked)
                assert has == (dataset in listed)
    assert roles.roles_of(gone.pk, genebody) == frozenset(), "a person who was switched off holds nothing"
