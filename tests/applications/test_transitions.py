"""The table of an application's life, walked through the one write path by everybody."""

from __future__ import annotations

import itertools

import pytest

from agreements.applications.models import Application, State
from agreements.applications.permissions import (
    TABLE,
    Permission,
    cases_visible_to,
    may,
    visible_to,
)
from agreements.applications.states import EDITABLE, RUNNING, TRANSITIONS, Step
from agreements.applications.transition import _RECORDED_AS, lock, move
from agreements.catalog import roles
from agreements.catalog.models import Role, RoleAssignment
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import DomainError, NotAllowed, NotPossible
from agreements.ledger.act import act
from agreements.ledger.models import LedgerEntry
from agreements.people.models import User
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene
from tests.ledger.samples import sample

WHO = ("alice", "bob", "carol", "dan", "eve", "auditor", "system")
MAY: dict[Step, set[str]] = {
    Step.SUBMIT: {"alice"},
    Step.APPROVE: {"carol", "dan"},
    Step.RETURN: {"carol", "dan"},
    Step.DECLINE: {"carol", "dan"},
    # The system takes back what an erased person left open.
    Step.WITHDRAW: {"alice", "system"},
    Step.LAPSE: {"system"},
}
# What was never handed in is no case: staff may not even know of it.
NEVER_SUBMITTED = {State.DRAFT, State.WITHDRAWN, State.LAPSED}
OF_A_CASE = {Step.APPROVE, Step.RETURN, Step.DECLINE}


def who(scene: Scene) -> dict[str, Actor]:
    auditor = staff(scene, "audrey", Role.AUDITOR)
    people = {name: getattr(scene, name).actor for name in ("alice", "bob", "carol", "dan", "eve")}
    return people | {"auditor": auditor.actor, "system": SYSTEM}


def attempt(application: Application, step: Step, by: Actor) -> DomainError | None:
    payload = sample(_RECORDED_AS[step])
    try:
        with act() as record:
            move(record, application=lock(application), step=step, by=by, **payload)
    except DomainError as refusal:
        return refusal
    return None


@pytest.mark.parametrize("state", State)
def test_a_step_is_taken_where_the_table_allows_it_and_by_nobody_else(scene: Scene, state: State) -> None:
    application, people = put(scene, state), who(scene)
    wrong, submitted_at = [], application.submitted_at
    for step, name in itertools.product(Step, WHO):
        Application.objects.filter(pk=application.pk).update(**{"state": state, "submitted_at": submitted_at})
        before = LedgerEntry.objects.count()
        refusal = attempt(application, step, people[name])
        application.refresh_from_db()
        allowed = name in MAY[step] and not (step in OF_A_CASE and state in NEVER_SUBMITTED)
        target = TRANSITIONS.get((state, step))
        expected: tuple[type, State, int]
        if not allowed:
            expected = (NotAllowed, state, 0)
        elif target is None:
            expected = (NotPossible, state, 0)
        else:
            expected = (type(None), target, 1)
        found = (type(refusal), application.state, LedgerEntry.objects.count() - before)
        if found != expected:
            wrong.append((step, name, found, expected))
    assert wrong == []


def test_the_table_says_what_the_design_says() -> None:
    assert {(str(state), str(step), str(target)) for (state, step), target in TRANSITIONS.items()} == {
        ("draft", "submit", "submitted"),
        ("returned", "submit", "submitted"),
        ("submitted", "approve", "approved"),
        ("submitted", "return", "returned"),
        ("submitted", "decline", "declined"),
        ("draft", "withdraw", "withdrawn"),
        ("submitted", "withdraw", "withdrawn"),
        ("returned", "withdraw", "withdrawn"),
        ("draft", "lapse", "lapsed"),
        ("returned", "lapse", "lapsed"),
    }
    assert {state for state, _step in TRANSITIONS} == RUNNING
    assert EDITABLE < RUNNING
    assert set(MAY) == set(Step)


def test_a_refusal_says_in_which_state_the_application_is(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    refusal = attempt(application, Step.SUBMIT, scene.alice.actor)
    assert str(refusal) == f"{application.reference} is in review: this can no longer be done."


def test_every_permission_has_a_row() -> None:
    assert set(TABLE) == set(Permission)


@pytest.mark.parametrize("state", State)
def test_the_lists_agree_with_the_rules(scene: Scene, state: State) -> None:
    """Also for staff whose role ended, whose account was closed, and who applied themselves."""
    application, people = put(scene, state), who(scene)
    ended, closed = staff(scene, "emma", Role.REVIEWER), staff(scene, "clara", Role.REVIEWER)
    _end_role(ended)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    people |= {"ended": ended.actor, "closed": closed.actor}
    for name, by in people.items():
        for listed, permission in ((visible_to, Permission.VIEW), (cases_visible_to, Permission.VIEW_CASE)):
            shown = listed(by).filter(pk=application.pk).exists()
            assert shown == may(permission, application=application, by=by), (name, permission)
    readers = {name for name, by in people.items() if cases_visible_to(by).exists()}
    assert readers == (set() if state in NEVER_SUBMITTED else {"carol", "dan", "auditor"})
    assert {name for name, by in people.items() if visible_to(by).exists()} == {"alice"}


def test_a_reviewer_does_not_read_their_own_application_as_a_case(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    roles.give(user=scene.alice, dataset=scene.dataset, role=Role.REVIEWER, by=SYSTEM)
    assert not cases_visible_to(scene.alice.actor).exists()
    for permission in (Permission.VIEW_CASE, Permission.DECIDE, Permission.REMARK):
        assert not may(permission, application=application, by=scene.alice.actor)
    assert may(Permission.VIEW, application=application, by=scene.alice.actor)


def _end_role(user: User) -> None:
    RoleAssignment.objects.filter(user=user).update(ended_at=now())
