"""Reviewing through the pages."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from agreements.applications import evidence, submission, withdrawing
from agreements.applications.models import Application, Decision, EvidenceRun, Remark, State
from agreements.catalog.models import Role
from agreements.core import clock
from agreements.grants.models import Grant
from tests.applications.cases import FINDING, put, seen, staff, with_evidence
from tests.flows.scene import Scene, signed_in, submitted

REASON = "Please sign page 3, it is empty."


def given(application: Application, kind: str, *, reason: str = REASON, digest: str | None = None) -> dict[str, str]:
    now = seen(application)
    shown = now.evidence_digest if digest is None else digest
    return {"kind": kind, "submission_number": str(now.submission_number), "evidence_digest": shown, "reason": reason}


def decide(scene: Scene, application: Application, data: dict[str, str], who: str = "carol") -> tuple[int, str]:
    answer = signed_in(getattr(scene, who)).post(f"/review/{application.reference}/decide/", data)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("kind", ["approve", "return", "decline"])
def test_a_case_that_changed_while_it_was_read_is_shown_again_with_what_was_typed(scene: Scene, kind: str) -> None:
    application = put(scene, State.SUBMITTED)
    old = given(application, kind)
    handed_in = submission.newest(application)
    assert handed_in is not None
    again = evidence.request_again(submission=handed_in, by=scene.dan.actor)
    evidence.complete(run=again, findings=[FINDING | {"outcome": "fail"}], sources={})
    status, page = decide(scene, application, old)
    assert status == 422
    assert "The case changed while you read it. Nothing was decided; what you wrote is kept below." in page
    assert "The evidence is newer than what you saw." in page
    assert REASON in page
    assert seen(application).evidence_digest in page  # the next click is bound to what is shown now
    assert not Decision.objects.exists()


@pytest.mark.parametrize("kind", ["approve", "return", "decline"])
@pytest.mark.parametrize("how", ["withdrawn", "decided"])
def test_a_case_that_was_ended_meanwhile_keeps_what_was_typed(scene: Scene, kind: str, how: str) -> None:
    application = put(scene, State.SUBMITTED)
    old = given(application, kind)
    if how == "withdrawn":
        withdrawing.withdraw(application=application, by=scene.alice.actor)
    else:
        decide(scene, application, given(application, "decline", reason="No."), who="dan")
    status, page = decide(scene, application, old)
    assert status == 422
    word = "withdrawn" if how == "withdrawn" else "declined"
    assert f"{application.reference} is {word}: this can no longer be done." in page
    assert REASON in page
    assert not Grant.objects.exists()


def test_a_decision_without_a_reason_is_asked_for_one(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    for kind in ("return", "decline"):
        status, page = decide(scene, application, given(application, kind, reason=" "))
        assert (status, "Give the reason: the applicant reads it." in page) == (422, True)
    pending = given(application, "approve", reason="", digest="")
    assert decide(scene, application, pending)[0] == 422


@pytest.mark.parametrize(
    "data", [{}, {"kind": "nonsense"}, {"kind": "approve"}, {"kind": "approve", "submission_number": "x"}]
)
def test_a_broken_form_decides_nothing(scene: Scene, data: dict[str, str]) -> None:
    application = put(scene, State.SUBMITTED)
    assert decide(scene, application, data)[0] == 422
    assert not Decision.objects.exists()


def test_approving_twice_by_double_click_grants_once(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    data = given(application, "approve", reason="")
    assert [decide(scene, application, data)[0] for _click in range(2)] == [302, 422]
    assert Grant.objects.count() == 1


def test_an_auditor_reads_everything_and_changes_nothing(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    audrey = signed_in(staff(scene, "audrey", Role.AUDITOR))
    page = audrey.get(f"/review/{application.reference}/").content.decode()
    assert "You cannot decide on this case: You may not do this with this application." in page
    assert "Keep the remark" not in page
    data = given(application, "approve", reason="")
    assert audrey.post(f"/review/{application.reference}/decide/", data).status_code == 422
    remark = {"text": "x", "visibility": "reviewers"}
    assert audrey.post(f"/review/{application.reference}/remark/", remark).status_code == 422
    audrey.post(f"/review/{application.reference}/evidence/again/")
    assert (Decision.objects.count(), Remark.objects.count(), Grant.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize(
    "state", [state for state in State if state not in {State.DRAFT, State.WITHDRAWN, State.LAPSED}]
)
def test_a_case_opens_in_every_state_it_can_have(scene: Scene, state: State) -> None:
    application = put(scene, state)
    page = signed_in(scene.carol).get(f"/review/{application.reference}/")
    assert page.status_code == 200
    assert ("Access begins at once" in page.content.decode()) == (state == State.SUBMITTED)


@pytest.mark.parametrize("state", [State.SUBMITTED, State.RETURNED, State.DECLINED])
@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR])
def test_gathering_again_is_offered_exactly_where_it_works(scene: Scene, state: State, role: Role) -> None:
    application = put(scene, state)
    browser = signed_in(staff(scene, "robin", role))
    offered = "evidence/again/" in browser.get(f"/review/{application.reference}/").content.decode()
    before = EvidenceRun.objects.count()
    browser.post(f"/review/{application.reference}/evidence/again/")
    assert offered == (EvidenceRun.objects.count() > before) == (state == State.SUBMITTED and role == Role.REVIEWER)
    assert "evidence/again/" not in browser.get(f"/review/{application.reference}/").content.decode()


def test_all_cases_are_all_that_were_submitted(scene: Scene) -> None:
    application = put(scene, State.RETURNED)
    with clock.frozen(clock.now() + dt.timedelta(days=400)):
        withdrawing.lapse_forgotten()
        assert application.reference in signed_in(scene.carol).get("/review/?show=all").content.decode()


def test_nobody_reads_a_draft(scene: Scene) -> None:
    application = put(scene, State.DRAFT)
    carol = signed_in(scene.carol)
    for part in ("", "evidence/", "signed-copy.pdf", "pages/1.png"):
        assert carol.get(f"/review/{application.reference}/{part}").status_code == 404
    for part in ("decide/", "remark/", "evidence/again/"):
        assert carol.post(f"/review/{application.reference}/{part}").status_code == 404


def test_a_remark_for_reviewers_never_reaches_the_applicant(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    carol, alice = signed_in(scene.carol), signed_in(scene.alice)
    for visibility, text in (("reviewers", "I doubt this."), ("applicant", "Nearly there.")):
        carol.post(f"/review/{application.reference}/remark/", {"text": text, "visibility": visibility})
    page = alice.get(f"/applications/{application.reference}/").content.decode()
    assert ("I doubt this." in page, "Nearly there." in page) == (False, True)
    assert "I doubt this." in carol.get(f"/review/{application.reference}/").content.decode()


def test_pending_evidence_is_asked_for_until_it_is_there(scene: Scene) -> None:
    application = submitted(scene)
    carol = signed_in(scene.carol)
    part = carol.get(f"/review/{application.reference}/evidence/", HTTP_HX_REQUEST="true").content.decode()
    assert "hx-trigger" in part
    with_evidence(application)
    part = carol.get(f"/review/{application.reference}/evidence/", HTTP_HX_REQUEST="true").content.decode()
    assert "hx-trigger" not in part
    assert "The evidence is complete." in part


@pytest.mark.parametrize(
    "query", ["?page=0", "?page=x", "?page=99999999999999999999", "?show=%00", "?words=%00", "?dataset=other"]
)
def test_the_queue_survives_any_question(scene: Scene, query: str) -> None:
    submitted(scene)
    assert signed_in(scene.carol).get(f"/review/{query}").status_code == 200


def test_only_an_approval_may_go_without_a_reason_and_an_empty_one_is_asked_for_once(scene: Scene) -> None:
    application = put(scene, State.SUBMITTED)
    page = signed_in(scene.carol).get(f"/review/{application.reference}/").content.decode()
    required = {
        kind: " required" in re.findall(rf"<textarea[^>]*id=\"{kind}-reason\"[^>]*>", page)[0]
        for kind in ("approve", "return", "decline")
    }
    assert required == {"approve": False, "return": True, "decline": True}
    assert page.count("(optional)") == 1
    _status, page = decide(scene, application, given(application, "return", reason=""))
    assert page.count("Give the reason: the applicant reads it.") == 2  # in the list at the top and at the field
