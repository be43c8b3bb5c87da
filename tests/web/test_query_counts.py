"""A page asks the database as often for twenty rows as for one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agreements.applications.models import Application, State
from agreements.bars import barring
from agreements.catalog import roles
from agreements.catalog.models import Role
from agreements.core.clock import today
from agreements.grants.models import Grant
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from agreements.revocation.beginning import begin
from agreements.revocation.models import AffectedGrant, Destruction, Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.applications.cases import SYSTEM, put
from tests.flows.scene import Scene, draft_with_signed_copy, signed_in, submitted

MORE = 19


def test_the_queue(scene: Scene) -> None:
    case = submitted(scene)
    _same_count(signed_in(scene.carol), "/review/", lambda: _more_applications(case))


def test_the_desk(scene: Scene) -> None:
    put(scene, State.APPROVED)
    _same_count(signed_in(scene.dan), "/stewardship/genebody/", _more_grants)


def test_the_preview_of_an_end(scene: Scene) -> None:
    put(scene, State.APPROVED)
    for query in ("act=revoke&scope=dataset&value=", "act=suspend&scope=terms&value=1.0"):
        _same_count(signed_in(scene.dan), f"/stewardship/genebody/end/?{query}", _more_grants)
        Grant.objects.filter(reference__startswith="GB-G-0000").delete()
        Application.objects.filter(reference__startswith="GB-A-0000").delete()
        User.objects.filter(email__startswith="holder").delete()


def test_a_procedure(scene: Scene) -> None:
    """Its own page for twenty accesses, each with its holder, and the list for twenty procedures."""
    put(scene, State.APPROVED)
    for_one = _ended(scene)
    dan = signed_in(scene.dan)
    address = f"/stewardship/genebody/procedures/{for_one.reference}/"
    _same_count(dan, address, lambda: _more_reached(for_one))
    _same_count(dan, "/stewardship/genebody/procedures/", lambda: _more_procedures(for_one))


def test_the_bars(scene: Scene) -> None:
    barring.set_bar(dataset=scene.dataset, domain="leaks.example", reason="A leak.", by=scene.dan.actor)
    _same_count(signed_in(scene.dan), "/stewardship/genebody/bars/", lambda: _more_bars(scene))


def test_the_record(scene: Scene) -> None:
    submitted(scene)
    dan = signed_in(scene.dan)
    _same_count(dan, "/record/", lambda: _more_roles(scene))


def test_my_applications(scene: Scene) -> None:
    ended = put(scene, State.WITHDRAWN)
    _same_count(signed_in(scene.alice), "/applications/", lambda: _more_applications(ended, of=scene.alice))


def test_my_access(scene: Scene) -> None:
    put(scene, State.APPROVED)
    _same_count(signed_in(scene.alice), "/grants/", lambda: _more_grants(of=scene.alice))


@pytest.mark.parametrize("page", ["", "details/", "site/", "agreement/", "signed-copy/", "submit/"])
def test_what_is_missing_is_asked_once(scene: Scene, page: str) -> None:
    """It reads the agreement issued last; so does the page itself where it shows it."""
    draft = draft_with_signed_copy(scene)
    browser = signed_in(scene.alice)
    asked = [
        sql for sql in _queries(browser, f"/applications/{draft.reference}/{page}") if '"issue_number" DESC' in sql
    ]
    assert len(asked) <= 2


def _same_count(browser: Client, address: str, add_more: Callable[[], None]) -> None:
    browser.get(address)  # whatever is done once in a session is done
    for_one = _queries(browser, address)
    add_more()
    for_twenty = _queries(browser, address)
    assert len(for_twenty) == len(for_one), [sql for sql in for_twenty if sql not in for_one]


def _queries(browser: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return [query["sql"] for query in asked.captured_queries]


def _more_applications(first: Application, of: User | None = None) -> None:
    for number in range(MORE):
        first.pk, first.reference = None, f"GB-A-{number:06}"
        first.applicant = of or User.objects.create_user(f"other{number}@connect.ust.hk")
        first.save()


def _more_grants(of: User | None = None) -> None:
    grant = Grant.objects.select_related("application").get()
    application = grant.application
    for number in range(MORE):
        application.pk, application.reference = None, f"GB-A-{number:06}"
        application.save()
        grant.pk, grant.reference, grant.application = None, f"GB-G-{number:06}", application
        grant.holder = of or User.objects.create_user(f"holder{number}@connect.ust.hk")
        grant.save()


def _more_roles(scene: Scene) -> None:
    for number in range(MORE):
        auditor = User.objects.create_user(f"auditor{number}@genebody.example")
        roles.give(user=auditor, dataset=scene.dataset, role=Role.AUDITOR, by=SYSTEM)


def _ended(scene: Scene) -> Procedure:
    begin(
        scope=Scope(scene.dataset, ScopeKind.DATASET),
        act=ProcedureAct.REVOKE,
        clause_id="termination",
        reason="It ended.",
        by=scene.dan.actor,
        expected=1,
    )
    return Procedure.objects.select_related("dataset").get()


def _more_reached(procedure: Procedure) -> None:
    mail = OutboxMessage.objects.get(kind="grant-revoked")
    _more_grants()
    for grant in Grant.objects.filter(reference__startswith="GB-G-0000").select_related("holder"):
        reached = AffectedGrant.objects.create(procedure=procedure, grant=grant, state_before="active")
        Destruction.objects.create(affected=reached, person=grant.holder, due_on=today())
        mail.pk, mail.message_id, mail.subject_reference = None, f"<{grant.reference}@x>", grant.reference
        mail.save()


def _more_procedures(procedure: Procedure) -> None:
    for number in range(MORE):
        procedure.pk, procedure.reference = None, f"GB-R-{number:06}"
        procedure.save()


def _more_bars(scene: Scene) -> None:
    for number in range(MORE):
        barring.set_bar(dataset=scene.dataset, domain=f"leak{number}.example", reason="A leak.", by=scene.dan.actor)
