"""Procedures on the desk: the list, the page of one, lifting, notices, CSV; and what the researcher reads."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from agreements.applications.models import State
from agreements.catalog import roles
from agreements.catalog.models import Access, Dataset, Role, Subset
from agreements.core import clock
from agreements.grants.members import invitations, membership
from agreements.grants.models import Grant, GrantState
from agreements.mail.bounces import came_back
from agreements.mail.drain import drain
from agreements.mail.models import MessageState, OutboxMessage
from agreements.people.models import User
from agreements.revocation import attesting
from agreements.revocation.beginning import begin
from agreements.revocation.hits import hit_by
from agreements.revocation.models import Destruction, Procedure, ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.applications.cases import SYSTEM, put, staff
from tests.flows.scene import Scene, signed_in
from tests.web.procedures import another

DESK = "/stewardship/genebody/"
LIST = f"{DESK}procedures/"
REASON = "The images were posted <in public>."


@pytest.fixture
def grant(scene: Scene) -> Grant:
    put(scene, State.APPROVED)
    return Grant.objects.get()


def begun(
    scene: Scene,
    kind: ScopeKind = ScopeKind.DATASET,
    value: str = "",
    *,
    act: ProcedureAct = ProcedureAct.REVOKE,
) -> Procedure:
    scope = Scope(scene.dataset, kind, value)
    expected = hit_by(scope, act=act).count
    return begin(scope=scope, act=act, clause_id="termination", reason=REASON, by=scene.dan.actor, expected=expected)


def page_of(person: User, procedure: Procedure, query: str = "") -> str:
    return signed_in(person).get(f"{LIST}{procedure.reference}/{query}").content.decode()


def main_of(page: str) -> str:
    return page.partition("<main")[2].partition("</main>")[0]


def joined_by_bob(scene: Scene, grant: Grant) -> None:
    invited = membership.invite(grant=grant, email=scene.bob.email, name="Bob", by=scene.alice.actor)
    membership.accept(token=invitations.token(invited), by=scene.bob.actor)


def test_the_list_is_empty_with_words(scene: Scene) -> None:
    page = signed_in(scene.dan).get(LIST).content.decode()
    assert "No access was ended or suspended" in page
    assert "No procedure matches" in signed_in(scene.dan).get(LIST, {"act": "suspend"}).content.decode()


def test_what_is_overdue_stands_first_and_what_is_closed_last(scene: Scene, grant: Grant) -> None:
    second, third = another(grant, 1), another(grant, 2)
    with clock.frozen(clock.now() - dt.timedelta(days=60)):
        closed = begun(scene, ScopeKind.GRANT, third.reference)
        late = begun(scene, ScopeKind.GRANT, second.reference)
    owed = Destruction.objects.get(affected__procedure=closed)
    attesting.excuse(destruction=owed, reason="They have died.", by=scene.dan.actor)
    running = begun(scene, ScopeKind.GRANT, grant.reference, act=ProcedureAct.SUSPEND)
    dan = signed_in(scene.dan)
    page = dan.get(LIST).content.decode()
    places = [page.index(procedure.reference) for procedure in (late, running, closed)]
    assert places == sorted(places)
    assert "1 overdue" in page
    assert "0 of 1 attested, 1 excused" in page
    for query, shown in (
        ({"progress": "overdue"}, late),
        ({"progress": "pursued"}, running),
        ({"progress": "closed"}, closed),
        ({"act": "suspend"}, running),
    ):
        found = dan.get(LIST, query).content.decode()
        assert [each.reference in found for each in (late, running, closed)] == [
            each == shown for each in (late, running, closed)
        ]
    assert "1 person has not said in time" in dan.get(DESK).content.decode()


def test_one_page_tells_why_whom_and_what_happened_since(scene: Scene, grant: Grant) -> None:
    joined_by_bob(scene, grant)
    procedure = begun(scene, ScopeKind.GRANT, grant.reference)
    owed = Destruction.objects.get(person=scene.bob)
    attesting.attest(destruction=owed, name="Bob", remark="Wiped.", by=scene.bob.actor)
    page = page_of(scene.dan, procedure)
    for words in (
        "The images were posted &lt;in public&gt;.",
        "The lab may end access at any time.",
        grant.reference,
        "Alice Zhang",
        "Awaited",
        "Attested",
        "signed “Bob”",
        "Wiped.",
        "Certificate of destruction (PDF)",
        "Excuse…",
        "Destruction attested",
    ):
        assert words in page, words
    assert "Lift the suspension" not in page


def test_a_suspension_is_lifted_with_a_reason_after_its_consequence_was_read(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene, ScopeKind.GRANT, grant.reference, act=ProcedureAct.SUSPEND)
    dan, address = signed_in(scene.dan), f"{LIST}{procedure.reference}/"
    assert "The 1 access it reached opens again at once" in dan.get(address).content.decode()
    answer = dan.post(f"{address}lift/", {"reason": " "})
    assert (answer.status_code, "This field is required." in answer.content.decode()) == (422, True)
    done = dan.post(f"{address}lift/", {"reason": "It was a mistake."}, follow=True).content.decode()
    assert "The suspension is lifted" in done
    assert "It was a mistake." in done
    assert "Lift the suspension…" not in done
    assert Grant.objects.get().state == GrantState.ACTIVE
    again = dan.post(f"{address}lift/", {"reason": "Again."}, follow=True).content.decode()
    assert "lifted already" in again


def test_a_revocation_is_not_lifted(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene)
    answer = signed_in(scene.dan).post(f"{LIST}{procedure.reference}/lift/", {"reason": "Please."}, follow=True)
    assert "or is no suspension" in answer.content.decode()
    assert Grant.objects.get().state == GrantState.REVOKED


def test_a_notice_that_did_not_arrive_is_sent_again(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene)
    assert "0 sent, 1 waiting, 0 failed" in page_of(scene.dan, procedure)
    drain()
    assert "1 sent, 0 waiting, 0 failed" in page_of(scene.dan, procedure)
    mail = OutboxMessage.objects.get(kind="grant-revoked")
    OutboxMessage.objects.filter(pk=mail.pk).update(state=MessageState.FAILED, last_error="550 no such user")
    page = page_of(scene.dan, procedure)
    assert "550 no such user" in page
    again = f"{LIST}{procedure.reference}/mail/{mail.pk}/again/"
    done = signed_in(scene.dan).post(again, follow=True).content.decode()
    assert f"on its way again to {mail.recipient}" in done
    other = OutboxMessage.objects.exclude(kind="grant-revoked").first()
    assert other is not None
    assert signed_in(scene.dan).post(f"{LIST}{procedure.reference}/mail/{other.pk}/again/").status_code == 404


def test_a_notice_that_came_back_is_not_called_sent(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene)
    drain()
    notice = OutboxMessage.objects.get(kind="grant-revoked")
    came_back(notice, action="failed", status="5.1.1", words="550 5.1.1 no such mailbox")
    page = page_of(scene.dan, procedure)
    assert "Came back" in page
    assert "0 sent, 0 waiting, 1 failed or came back" in page
    assert "550 5.1.1 no such mailbox" in page


def test_whom_it_reached_is_given_as_csv_and_no_cell_is_a_formula(scene: Scene, grant: Grant) -> None:
    Grant.objects.update(holder_name="=cmd|' /C calc'!A0")
    joined_by_bob(scene, grant)
    procedure = begun(scene)
    answer = signed_in(scene.dan).get(f"{LIST}{procedure.reference}/reached.csv")
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["address"] for row in rows] == [scene.alice.email, scene.bob.email]
    assert {row["holder"] for row in rows} == {"'=cmd|' /C calc'!A0"}
    assert {row["destruction"] for row in rows} == {"due"}


def test_an_auditor_reads_all_of_it_and_changes_nothing(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene, act=ProcedureAct.SUSPEND)
    drain()
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    mail = OutboxMessage.objects.get(kind="grant-suspended")
    address = f"{LIST}{procedure.reference}/"
    for page in (LIST, address, f"{DESK}grants/{grant.reference}/"):
        main = main_of(audrey.get(page).content.decode())
        assert procedure.reference in main
        assert 'method="post"' not in main
        assert f"{DESK}end/" not in main
    for act in (f"{address}lift/", f"{address}mail/{mail.pk}/again/", f"{DESK}end/"):
        assert audrey.post(act, {"reason": "x"}).status_code == 404


def test_a_procedure_is_found_under_its_own_dataset_only(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene)
    other = Dataset.objects.create(slug="other", reference_prefix="OT", title="Other", contact_address="o@o.example")
    roles.give(user=scene.eve, dataset=other, role=Role.STEWARD, by=SYSTEM)
    eve = signed_in(scene.eve)
    for slug in ("other", "genebody"):
        address = f"/stewardship/{slug}/procedures/{procedure.reference}/"
        assert eve.get(address).status_code == 404
        assert eve.get(f"{address}reached.csv").status_code == 404
        assert eve.post(f"{address}lift/", {"reason": "x"}).status_code == 404
    assert procedure.reference not in eve.get("/stewardship/other/procedures/").content.decode()


def test_the_page_of_one_access_tells_of_every_procedure(scene: Scene, grant: Grant) -> None:
    more = Subset.objects.create(dataset=scene.dataset, slug="more", title="More", access=Access.AGREEMENT)
    grant.subsets.add(more)
    suspension = begun(scene, ScopeKind.GRANT, grant.reference, act=ProcedureAct.SUSPEND)
    taking = begun(scene, ScopeKind.SUBSET, "more")
    page = signed_in(scene.dan).get(f"{DESK}grants/{grant.reference}/").content.decode()
    for words in ("Suspensions", "Procedures that reached it", "Subsets that were taken", suspension.reference):
        assert words in page
    assert taking.reference in page


def test_the_researcher_reads_why_it_is_suspended_and_what_to_do(scene: Scene, grant: Grant) -> None:
    procedure = begun(scene, ScopeKind.GRANT, grant.reference, act=ProcedureAct.SUSPEND)
    page = signed_in(scene.alice).get(f"/grants/{grant.reference}/").content.decode()
    for words in (
        "This access is suspended",
        "The images were posted &lt;in public&gt;.",
        "Termination</a> (termination)",
        procedure.reference,
        "You need not delete anything.",
        "contact@genebody.example",
    ):
        assert words in page, words
    assert "Nothing can be downloaded under this access at present." not in page


def test_the_researcher_reads_which_subset_was_taken(scene: Scene, grant: Grant) -> None:
    more = Subset.objects.create(dataset=scene.dataset, slug="more", title="More", access=Access.AGREEMENT)
    grant.subsets.add(more)
    procedure = begun(scene, ScopeKind.SUBSET, "more")
    page = signed_in(scene.alice).get(f"/grants/{grant.reference}/").content.decode()
    assert "More was taken from this access" in page
    assert procedure.reference in page
    assert "You need not delete anything." not in page
