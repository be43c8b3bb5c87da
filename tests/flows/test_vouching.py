"""What is said of papers of ours, byte for byte, at each turn of what they stand for: docs/agreements.md as tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from agreements.applications import drafting, signing
from agreements.applications.models import SignedCopy, State, Submission
from agreements.catalog.models import Dataset, Subset
from agreements.core import actors, clock
from agreements.documents import erasing, inspection, store
from agreements.documents.models import StoredDocument
from agreements.flows import verifying
from agreements.flows.agreement_issue import issue_agreement
from agreements.flows.vouching.answers import Outcome
from agreements.flows.vouching.standing import Stands
from agreements.grants import lifecycle
from agreements.grants.models import Grant
from agreements.revocation import attesting, certifying
from agreements.revocation.models import AffectedGrant, Destruction, ProcedureAct, ScopeKind
from agreements.revocation.revoking import revoke
from tests.applications.cases import put
from tests.flows.papers_of_ours import (
    APRIL,
    MARCH,
    MAY,
    approved,
    at_,
    consent,
    executed,
    issued,
    signed_here,
    text_of,
    told,
    whole,
)
from tests.flows.scene import Scene, draft_with_signed_copy
from tests.revocation.many import start

JOB = actors.job("tests")
ISSUED = "Byte for byte, this is an agreement as this portal issued it on 2 March 2026."
UNSIGNED = "Ours and unaltered, but not signed"
BEARS_NONE = "This is the agreement as it was issued; the file bears no signature."
NOTHING_RESTS = "No access rests on it: it was not opened, or rests on another paper."


@pytest.fixture(autouse=True)
def _nothing_is_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any, **_options: Any) -> inspection.InspectionReport:
        raise AssertionError("a file that is ours byte for byte needs no look inside")

    monkeypatch.setattr(verifying, "inspect", refuse)


def end(scene: Scene, grant: Grant) -> AffectedGrant:
    with clock.frozen(APRIL):
        procedure = revoke(grant=grant, clause_id="termination", reason="It was shared.", by=scene.dan.actor)
    return AffectedGrant.objects.get(procedure=procedure)


class TestAnIssuedAgreement:
    @pytest.mark.parametrize("state", [State.SUBMITTED, State.RETURNED, State.DECLINED, State.WITHDRAWN, State.LAPSED])
    def test_without_access_is_ours_and_the_answer_is_the_same_however_the_application_stands(
        self, scene: Scene, state: State
    ) -> None:
        with clock.frozen(MARCH):
            application = put(scene, state)
        assert (
            told(issued(application)) == f"{UNSIGNED}; no access rests on it\n{ISSUED}\n{BEARS_NONE}\n{NOTHING_RESTS}"
        )

    def test_of_a_draft_gets_that_answer_too(self, scene: Scene) -> None:
        with clock.frozen(MARCH):
            application = draft_with_signed_copy(scene)
        assert told(issued(application)).endswith(NOTHING_RESTS)

    def test_that_was_approved_is_in_force(self, scene: Scene) -> None:
        verdict = at_(issued(approved(scene).application))
        assert text_of(verdict) == f"{UNSIGNED}\n{ISSUED}\n{BEARS_NONE}\nThe access that rests on it is in force."
        assert (verdict.outcome, verdict.tone, verdict.exit_code) == (Outcome.UNALTERED, "attention", 0)

    def test_that_a_newer_issue_replaced_is_ours_and_no_access_rests_on_it(self, scene: Scene) -> None:
        with clock.frozen(MARCH):
            application = put(scene, State.RETURNED)
            first = issued(application)
            drafting.save(application=application, fields={"position": "Professor"}, by=scene.alice.actor)
            issue_agreement(application=application, by=scene.alice.actor)
        assert issued(application) != first
        for paper in (first, issued(application)):
            assert told(paper).endswith(NOTHING_RESTS)

    def test_whose_file_was_erased_is_known_by_its_hash_and_nothing_is_said_of_that(self, scene: Scene) -> None:
        grant = approved(scene)
        paper = issued(grant.application)
        before = told(paper)
        erasing.mark(erasing.agreements_of(grant.application.reference))
        assert StoredDocument.objects.exclude(erased_at=None).exists()
        assert told(paper) == before

    def test_stays_what_the_access_rests_on_when_both_sides_have_signed(self, scene: Scene) -> None:
        grant = approved(scene)
        executed(grant)
        assert at_(issued(grant.application)).stands is Stands.IN_FORCE


class TestTheLifeOfAnAgreement:
    def test_it_is_told_at_each_stage_and_nothing_else(self, scene: Scene) -> None:
        grant = approved(scene)
        both = executed(grant)
        first = (
            "Byte for byte, this is an agreement that was signed, approved by the lab, and certified by this portal on "
            "2 March 2026."
        )
        assert told(both) == f"Ours and unaltered; in force\n{first}\nThe access that rests on it is in force."
        affected = end(scene, grant)
        ended = (
            f"Ours and unaltered; ended on 20 April 2026\n{first}\nThe access that rested on it ended on 20 April 2026."
        )
        assert told(both, MAY) == ended
        assert at_(both, MAY).exit_code == 3
        certificate = certifying.certificate_of(affected)
        assert told(store.read(certificate), MAY).endswith("What it certifies the end of ended on 20 April 2026.")
        destruction = self._attested(scene, affected)
        assert told(both, MAY) == f"{ended}\nThe copies were attested destroyed on 4 May 2026."
        assert told(store.read(certificate), MAY).endswith("The copies were attested destroyed on 4 May 2026.")
        assert told(whole(destruction.certificate), MAY) == (
            "Ours and unaltered\n"
            "Byte for byte, this is a certificate of destruction, made by this portal on 4 May 2026.\n"
            "What its signer had of what ended was attested destroyed on that day."
        )
        for words in ("Alice", "Zhang", "alice", "GB-", "GeneBody", "Hong Kong", "shared", "revoked", "Train40", "Dan"):
            assert words not in told(both, MAY), words

    def _attested(self, scene: Scene, affected: AffectedGrant) -> Destruction:
        owed, _made = Destruction.objects.get_or_create(
            affected=affected, person=scene.alice, defaults={"due_on": dt.date(2026, 5, 5)}
        )
        with clock.frozen(MAY):
            return attesting.attest(destruction=owed, name="Alice Zhang 张爱丽", by=scene.alice.actor)

    def test_copies_of_which_one_is_still_owed_or_excused_are_not_said_to_be_destroyed(self, scene: Scene) -> None:
        grant = approved(scene)
        both, affected = executed(grant), end(scene, grant)
        self._attested(scene, affected)
        other = Destruction.objects.create(affected=affected, person=scene.bob, due_on=dt.date(2026, 5, 5))
        assert "destroyed" not in told(both, MAY)
        with clock.frozen(MAY):
            attesting.excuse(destruction=other, reason="Left the university.", by=scene.dan.actor)
        assert "destroyed" not in told(both, MAY)

    def test_destruction_that_only_a_part_asked_for_says_nothing_of_the_whole(self, scene: Scene) -> None:
        grant = approved(scene)
        both, affected = executed(grant), end(scene, grant)
        self._attested(scene, affected)
        AffectedGrant.objects.update(subset=_a_subset(scene))
        assert "destroyed" not in told(both, MAY)

    def test_expired_access_ended_as_revoked_access_did_in_the_same_words(self, scene: Scene) -> None:
        grant = approved(scene)
        both = executed(grant)
        with clock.frozen(APRIL):
            lifecycle.expire(grant=_over(grant, APRIL), by=JOB)
        assert told(both, MAY).endswith("The access that rested on it ended on 20 April 2026.")

    def test_access_whose_time_is_over_has_ended_before_any_task_wrote_it_down(self, scene: Scene) -> None:
        both = executed(_over(approved(scene), APRIL))
        assert told(both, APRIL - dt.timedelta(seconds=1)).endswith("is in force.")
        assert told(both, APRIL).endswith("ended on 20 April 2026.")

    def test_suspended_access_is_suspended_whatever_for(self, scene: Scene) -> None:
        grant = approved(scene)
        both = executed(grant)
        start(scene.dataset, ScopeKind.DATASET, "", by=scene.dan, act=ProcedureAct.SUSPEND)
        verdict = at_(both)
        assert verdict.headline == "Ours and unaltered; suspended at present"
        assert verdict.sentences[1:] == ("The access that rests on it is suspended at present.",)
        assert (verdict.exit_code, verdict.tone) == (3, "attention")

    def test_access_to_what_was_withdrawn_is_suspended(self, scene: Scene) -> None:
        both = executed(approved(scene))
        Dataset.objects.update(withdrawn_at=MARCH)
        assert at_(both).stands is Stands.SUSPENDED

    def test_after_a_restore_nothing_is_said_but_what_no_backup_takes_back(self, scene: Scene) -> None:
        grant = approved(scene)
        both, paper = executed(grant), issued(grant.application)
        other = signed_here(grant.application)
        Dataset.objects.update(shut_at=MARCH)
        for data in (both, paper, other):
            assert told(data).endswith("Whether access rests on it cannot be told at present: ask the lab.")
        Dataset.objects.update(shut_at=None)
        end(scene, grant)
        Dataset.objects.update(shut_at=MARCH)
        assert at_(both).stands is Stands.ENDED


class TestOtherPapers:
    def test_a_copy_signed_here_stands_once_it_was_approved(self, scene: Scene) -> None:
        grant = approved(scene)
        data = signed_here(grant.application)
        first = "Byte for byte, this is an agreement that was signed in this portal on 2 March 2026."
        assert told(data) == f"Ours and unaltered; no access rests on it\n{first}\n{NOTHING_RESTS}"
        Submission.objects.update(signed_copy=SignedCopy.objects.latest("pk"))
        assert told(data) == f"Ours and unaltered; in force\n{first}\nThe access that rests on it is in force."

    def test_a_consent_stands_until_later_terms_were_agreed_to(self, scene: Scene) -> None:
        grant = approved(scene)
        second = consent(scene, grant, "2.0", b"%PDF-1.7 second")
        assert told(second) == (
            "Ours and unaltered; in force\n"
            "Byte for byte, this is a page of this portal on which new terms were agreed to on 20 April 2026.\n"
            "The access that rests on it is in force."
        )
        third = consent(scene, grant, "3.0", b"%PDF-1.7 third")
        assert at_(second).stands is Stands.NONE
        assert at_(third).stands is Stands.IN_FORCE

    def test_a_certificate_of_a_part_says_when_that_ended(self, scene: Scene) -> None:
        affected = end(scene, approved(scene))
        AffectedGrant.objects.update(subset=_a_subset(scene))
        verdict = at_(store.read(certifying.certificate_of(AffectedGrant.objects.get(pk=affected.pk))), MAY)
        assert verdict.headline == "Ours and unaltered"
        assert verdict.sentences[1:] == ("What it certifies the end of ended on 20 April 2026.",)
        assert (verdict.exit_code, verdict.tone) == (3, "good")

    def test_a_copy_that_somebody_sent_is_no_paper_of_ours(self, scene: Scene) -> None:
        grant = approved(scene)
        copy = signing.current(grant.application)
        assert copy is not None
        StoredDocument.objects.filter(pk=copy.document_id).update(sha256="a" * 64)  # a scan of its own
        assert verifying.known("a" * 64) is None

    def test_a_name_in_the_logs_is_the_kind_of_answer_alone(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        both = executed(approved(scene))
        with caplog.at_level("INFO", logger="agreements.flows.verifying"):
            told(both)
        assert [record.getMessage() for record in caplog.records] == ["a file was verified: unaltered"]


def _a_subset(scene: Scene) -> Subset:
    return Subset.objects.get(dataset=scene.dataset)


def _over(grant: Grant, at: dt.datetime) -> Grant:
    Grant.objects.filter(pk=grant.pk).update(ends_at=at)
    return Grant.objects.get(pk=grant.pk)
