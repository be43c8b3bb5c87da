"""The holder's answer: what agreeing and declining do, who may, and what it leaves as it was."""

from __future__ import annotations

import pytest

from agreements.core.errors import MovedOn, NotAllowed, NotPossible
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.grants import lifecycle
from agreements.grants.downloads import redeeming
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.models import Cause, ClosedFor, GrantState, Suspension, TermsConsent
from agreements.grants.terms_change import consenting
from agreements.ledger.models import LedgerEntry
from tests.documents.test_certificates import printed
from tests.grants.ends import day
from tests.grants.membership import joined
from tests.grants.scene import Scene
from tests.grants.terms_change.asked import again, agree, ask, beat, body, causes, question
from tests.grants.test_states import SYSTEM, revoke

ALICE, BOB = "alice@mit.example.edu", "bob@mit.example.edu"


def opens(scene: Scene) -> bool:
    try:
        redeeming.redeem(tokens.token(scene.link), start=0, stop=10)
    except Refused:
        return False
    return True


class TestAgreeing:
    def test_the_access_is_under_the_new_terms_from_then_on(self, scene: Scene) -> None:
        campaign = ask(scene)
        with day(3):
            answered = agree(scene)
        assert again(scene).terms == campaign.terms
        assert (answered.answer, answered.previous_terms) == ("agreed", scene.terms)
        assert answered.document is not None
        assert consenting.asked_of(again(scene)) is None
        row = LedgerEntry.objects.get(kind="terms.agreed")
        assert (row.actor, row.role) == (scene.alice.actor.id, "holder")
        assert row.payload == {"terms": "2.0", "previous": "1.0", "consent_sha256": answered.document.sha256}

    def test_the_page_says_who_when_to_what_and_with_which_agreement_it_goes(self, scene: Scene) -> None:
        campaign = ask(scene)
        with day(3):
            document = agree(scene).document
        assert document is not None
        words = printed(store.read(document))
        for value in (
            "Consent to New Terms",
            scene.grant.reference,
            scene.application.reference,
            "Alice Example",
            ALICE,
            "5 March 2026, 12:00 UTC",
            campaign.terms.sha256,
            scene.terms.sha256,
            "SHA-256 of the signed copy that was approved",
        ):
            assert value in words, value

    def test_a_second_consent_cites_the_first(self, scene: Scene) -> None:
        ask(scene)
        with day(1):
            first = agree(scene).document
        with day(40):
            ask(scene, "3.0", in_force=40)
            second = agree(scene).document
        assert first is not None
        assert second is not None
        assert f"SHA-256 of the consent to version 2.0 {first.sha256}" in printed(store.read(second))
        assert [each.campaign.terms.version for each in consenting.agreed_of(again(scene))] == ["3.0", "2.0"]

    def test_holder_and_members_are_told_with_the_address_of_the_new_text(self, scene: Scene) -> None:
        joined(scene)
        ask(scene)
        beat()
        with day(2):
            answered = agree(scene)
            sent = beat()
        reference = scene.grant.reference
        assert [(to, subject.removeprefix("GeneBody: ")) for to, subject in sent] == [
            (ALICE, f"access {reference} is under terms 2.0 now"),
            (BOB, f"access {reference} is under terms 2.0 now"),
        ]
        assert "/datasets/genebody/terms/2.0/" in body(BOB)
        assert "open again" not in body(BOB)
        assert f"/grants/{reference}/terms/{answered.pk}.pdf" in body(ALICE)
        assert ".pdf" not in body(BOB)

    def test_only_the_holder_answers(self, scene: Scene) -> None:
        joined(scene)
        ask(scene)
        asked = question(scene)
        for who in (scene.bob, scene.dan, scene.carol, scene.eve):
            with pytest.raises(NotAllowed):
                consenting.agree(consent=asked, seen_sha256=asked.campaign.terms.sha256, by=who.actor)
            with pytest.raises(NotAllowed):
                consenting.decline(consent=asked, by=who.actor)
        with pytest.raises(NotAllowed):
            consenting.agree(consent=asked, seen_sha256=asked.campaign.terms.sha256, by=SYSTEM)
        assert again(scene).terms == scene.terms

    def test_another_text_than_that_on_the_screen_is_not_agreed_to(self, scene: Scene) -> None:
        ask(scene)
        papers = StoredDocument.objects.count()
        with pytest.raises(MovedOn, match="This is not the text"):
            consenting.agree(consent=question(scene), seen_sha256=scene.terms.sha256, by=scene.alice.actor)
        assert again(scene).terms == scene.terms
        assert StoredDocument.objects.count() == papers

    def test_of_a_double_click_both_get_the_one_answer(self, scene: Scene) -> None:
        ask(scene)
        asked = question(scene)
        first = agree(scene)
        papers = StoredDocument.objects.count()
        second = consenting.agree(consent=asked, seen_sha256=asked.campaign.terms.sha256, by=scene.alice.actor)
        assert (second.pk, second.document_id) == (first.pk, first.document_id)
        assert StoredDocument.objects.count() == papers
        assert LedgerEntry.objects.filter(kind="terms.agreed").count() == 1

    def test_a_page_that_came_to_nothing_is_not_kept(self, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
        ask(scene)
        papers = StoredDocument.objects.count()

        def refuse(**_values: object) -> None:
            raise NotPossible("no")

        monkeypatch.setattr(lifecycle, "agree_to_terms", refuse)
        with pytest.raises(NotPossible):
            agree(scene)
        assert StoredDocument.objects.count() == papers

    def test_the_code_that_was_taken_proves_the_address_too(self, scene: Scene) -> None:
        ask(scene)
        lifecycle.suspend(grant=scene.grant, by=SYSTEM, cause=Cause.ADDRESS, reason="Not proven.")
        with day(31):
            beat()
            assert causes(scene) == ["address", "terms"]
            agree(scene)
            assert (causes(scene), again(scene).state) == ([], GrantState.ACTIVE)


class TestDeclining:
    def test_it_is_noted_changes_nothing_at_once_and_can_be_taken_back(self, scene: Scene) -> None:
        ask(scene)
        with day(2):
            consenting.decline(consent=question(scene), by=scene.alice.actor)
            assert (again(scene).state, opens(scene)) == (GrantState.ACTIVE, True)
            assert LedgerEntry.objects.get(kind="terms.refused").payload == {"terms": "2.0"}
        with day(16.5):
            assert beat() == [], "who said no is not reminded"
        with day(31):
            beat()
            assert (again(scene).state, causes(scene)) == (GrantState.SUSPENDED, ["terms"])
            assert question(scene).answer == "declined"
            agree(scene)
            assert again(scene).state == GrantState.ACTIVE

    def test_saying_no_twice_is_one_no(self, scene: Scene) -> None:
        ask(scene)
        asked = question(scene)
        for _twice in range(2):
            consenting.decline(consent=asked, by=scene.alice.actor)
        assert LedgerEntry.objects.filter(kind="terms.refused").count() == 1

    def test_who_agreed_gives_the_access_up_instead(self, scene: Scene) -> None:
        ask(scene)
        asked = question(scene)
        agree(scene)
        with pytest.raises(MovedOn, match="give it up"):
            consenting.decline(consent=asked, by=scene.alice.actor)


class TestWhatHappensMeanwhile:
    def test_revoked_or_closed_access_has_nothing_to_agree_to(self, scene: Scene) -> None:
        ask(scene)
        asked = question(scene)
        revoke(scene, by=scene.dan.actor)
        assert consenting.asked_of(again(scene)) is None
        with pytest.raises(NotPossible, match="has ended: there is nothing to agree to"):
            consenting.agree(consent=asked, seen_sha256=asked.campaign.terms.sha256, by=scene.alice.actor)
        assert again(scene).terms == scene.terms

    def test_moving_away_ends_the_question(self, scene: Scene) -> None:
        ask(scene)
        lifecycle.close(grant=scene.grant, cause=ClosedFor.MOVED, by=scene.alice.actor)
        assert consenting.asked_of(again(scene)) is None
        with day(31):
            assert beat() == []
            assert causes(scene) == []

    def test_what_the_lab_suspends_stays_so_after_agreeing(self, scene: Scene) -> None:
        ask(scene)
        lifecycle.suspend(grant=scene.grant, by=scene.dan.actor, cause="question", reason="We ask.")
        with day(31):
            beat()
            assert causes(scene) == ["question", "terms"]
            agree(scene)
            sent = beat()
            assert (causes(scene), again(scene).state, opens(scene)) == (["question"], GrantState.SUSPENDED, False)
        assert sent
        assert "open again" not in body(ALICE)

    def test_a_steward_does_not_agree_for_the_holder(self, scene: Scene) -> None:
        ask(scene)
        with day(31):
            beat()
            row = Suspension.objects.get(grant=scene.grant, closed_at=None)
            with pytest.raises(NotPossible, match="Only its holder opens this access, by agreeing to the new terms"):
                lifecycle.resume(grant=scene.grant, by=scene.dan.actor, suspension=row, reason="Let it be.")

    def test_after_the_suspension_no_link_opens_and_after_agreeing_it_does(self, scene: Scene) -> None:
        ask(scene)
        with day(6.9):
            assert opens(scene)
        ask_again = TermsConsent.objects.get()
        TermsConsent.objects.filter(pk=ask_again.pk).update(grace_ends_at=scene.grant.starts_at)
        with day(6.95):
            beat()
            assert not opens(scene)
            agree(scene)
            assert opens(scene)
