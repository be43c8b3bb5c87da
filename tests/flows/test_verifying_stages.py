"""An agreement from its issue to the destruction of its copies, and what whoever holds a file of it is told."""

from __future__ import annotations

import datetime as dt

from agreements.applications import drafting, submission
from agreements.applications.models import Application
from agreements.core import clock
from agreements.documents import inspecting, store
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.approving import approve
from agreements.flows.vouching.answers import Outcome
from agreements.grants import executed
from agreements.grants.models import Grant
from agreements.revocation import attesting, certifying
from agreements.revocation.models import AffectedGrant, Destruction
from agreements.revocation.revoking import revoke
from tests.applications.cases import seen, with_evidence
from tests.documents.judging_by_hand import filled
from tests.documents.signers import annotated, signed
from tests.flows.papers_of_ours import APRIL, MARCH, MAY, at_, issued, told, whole
from tests.flows.scene import DETAILS, SITE, Scene
from tests.flows.sending import receive_upload

NOT_YET = "No access rests on it: it was not opened, or rests on another paper."
IN_FORCE = "The access that rests on it is in force."
ENDED = "The access that rested on it ended on 20 April 2026."
DESTROYED = "The copies were attested destroyed on 4 May 2026."
OURS, FILLED, REFUSED = Outcome.UNALTERED, Outcome.FILLED_IN, Outcome.ALTERED


def test_each_paper_is_told_right_at_each_stage_and_a_changed_one_is_refused_throughout(scene: Scene) -> None:
    application = _issued(scene)
    paper = issued(application)
    mine = signed(filled(paper, {"signing_place": "Hong Kong", "signing_date": "2 March 2026"}, ticked=True))
    bad = annotated(mine)
    said = [told(paper, MARCH)]
    assert [(at_(each, MARCH).outcome, _last(each, MARCH)) for each in (paper, mine)] == [
        (OURS, NOT_YET),
        (FILLED, NOT_YET),
    ]

    grant, both = _approved(scene, application, mine)
    papers = (paper, mine, both)
    assert [at_(each).outcome for each in papers] == [OURS, FILLED, OURS]
    assert [_last(each, APRIL) for each in papers] == [IN_FORCE] * 3
    assert [at_(each).exit_code for each in (*papers, bad, annotated(both))] == [0, 0, 0, 1, 1]

    affected = _revoked(scene, grant)
    papers = (paper, mine, both)
    assert [_last(each, MAY) for each in papers] == [ENDED] * 3
    certificate = store.read(certifying.certificate_of(affected))
    assert _last(certificate, MAY) == "What it certifies the end of ended on 20 April 2026."

    attested = _destroyed(scene, affected)
    assert [_last(each, MAY) for each in (*papers, certificate)] == [DESTROYED] * 4
    assert at_(attested, MAY).outcome is OURS
    for each in (bad, annotated(both), annotated(certificate), annotated(attested)):
        refused = at_(each, MAY)
        assert (refused.outcome, refused.stands, refused.exit_code) == (REFUSED, None, 1)
    said += [told(each, MAY) for each in (*papers, certificate, attested, bad)]
    _tells_nothing_of_anybody(scene, grant, "\n".join(said))


def _issued(scene: Scene) -> Application:
    by = scene.alice.actor
    with clock.frozen(MARCH):
        application = drafting.start(dataset=scene.dataset, email=scene.alice.email, by=by)
        application = drafting.save(application=application, fields=DETAILS | SITE, by=by)
        issue_agreement(application=application, by=by)
    return application


def _approved(scene: Scene, application: Application, copy: bytes) -> tuple[Grant, bytes]:
    by = scene.alice.actor
    with clock.frozen(MARCH):
        receive_upload(application=application, data=copy, original_name="signed.pdf", by=by)
        inspecting.work_off()
        submission.submit(application=application, by=by)
        with_evidence(application)
        approve(application=application, seen=seen(application), reason="", by=scene.carol.actor)
    with clock.frozen(MARCH + dt.timedelta(minutes=1)):
        executed.work_off()
    grant = Grant.objects.select_related("application", "dataset", "terms").get()
    made = executed.of(grant)
    assert made is not None
    return grant, whole(made.document)


def _revoked(scene: Scene, grant: Grant) -> AffectedGrant:
    with clock.frozen(APRIL):
        procedure = revoke(grant=grant, clause_id="termination", reason="It was shared.", by=scene.dan.actor)
    return AffectedGrant.objects.get(procedure=procedure)


def _destroyed(scene: Scene, affected: AffectedGrant) -> bytes:
    owed, _made = Destruction.objects.get_or_create(
        affected=affected, person=scene.alice, defaults={"due_on": dt.date(2026, 5, 5)}
    )
    with clock.frozen(MAY):
        settled = attesting.attest(destruction=owed, name="Alice Zhang 张爱丽", by=scene.alice.actor)
    return whole(settled.certificate)


def _last(data: bytes, at: dt.datetime) -> str:
    return at_(data, at).sentences[-1]


def _tells_nothing_of_anybody(scene: Scene, grant: Grant, said: str) -> None:
    people = (scene.alice, scene.bob, scene.carol, scene.dan, scene.eve)
    for words in (
        *(person.email for person in people),
        *(person.name for person in people),
        *DETAILS.values(),
        *SITE.values(),
        *(grant.reference, grant.application.reference, "GB-", scene.dataset.title, scene.dataset.organization),
        *("Train40", "shared", "revoked", "Termination", "Łukaszewska"),
    ):
        assert not words or words not in said, words
