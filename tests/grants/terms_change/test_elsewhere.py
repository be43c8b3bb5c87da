"""What else looks at the terms of an access: clauses that were cited, own data, erasure, what is kept."""

from __future__ import annotations

import pytest

from agreements.catalog.models import Access, Opening, OpeningChoice, Subset
from agreements.core.erased import named
from agreements.documents.models import StoredDocument
from agreements.flows import opening, opening_work, retention
from agreements.flows.erasing.free_text import cut
from agreements.flows.erasing.reach import reach_of
from agreements.flows.holding import tables
from agreements.grants import erasing
from agreements.grants.models import TermsCampaign
from agreements.revocation import beginning
from agreements.revocation.held_shut import held_shut
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.grants.ends import day
from tests.grants.scene import NOON, Scene
from tests.grants.terms_change.asked import NOTE, again, agree, ask, beat


def test_a_suspension_goes_on_citing_the_clause_of_the_terms_of_then(scene: Scene) -> None:
    beginning.begin(
        scope=Scope(scene.dataset, ScopeKind.GRANT, scene.grant.reference),
        act=ProcedureAct.SUSPEND,
        clause_id="termination",
        reason="We ask.",
        by=scene.dan.actor,
        expected=1,
    )
    ask(scene)
    with day(2):
        agree(scene)
        [held] = held_shut(again(scene))
    assert again(scene).terms.version == "2.0", "which has no such clause"
    assert (held.terms.version, held.clause and held.clause["heading"]) == ("1.0", "Termination")


def test_what_is_held_about_a_person_has_the_question_and_the_answer(scene: Scene) -> None:
    ask(scene)
    with day(2):
        document = agree(scene).document
    assert document is not None
    [row] = tables.grants(scene.alice)
    [asked] = row["new_terms"]
    assert (asked["version"], asked["previous"], asked["answer"], asked["why"]) == ("2.0", "1.0", "agreed", NOTE)
    assert asked["consent_sha256"] == document.sha256
    assert row["terms"] == "2.0"


def test_consents_go_with_the_person_and_with_the_signed_copy(scene: Scene) -> None:
    ask(scene)
    with day(2):
        document = agree(scene).document
    assert document is not None
    assert erasing.consents_of(scene.grant) == [document]
    assert document in reach_of(scene.alice).own_papers()
    scene.dataset.copy_years = 1
    scene.dataset.save()
    again_ = again(scene)
    again_.state, again_.ended_at = "expired", NOON
    again_.save()
    with day(400):
        retention.run([scene.dataset])
    document.refresh_from_db()
    assert document.erased_at is not None


def test_a_consent_is_no_lost_paper(scene: Scene) -> None:
    ask(scene)
    with day(2):
        document = agree(scene).document
    assert document is not None
    with day(30):
        retention.remove_lost()
    assert StoredDocument.objects.get(pk=document.pk).erased_at is None


def test_who_is_named_in_the_note_is_cut_out_of_it(scene: Scene) -> None:
    campaign = ask(scene)
    TermsCampaign.objects.filter(pk=campaign.pk).update(note="Alice Example asked for it.")
    cut(named([scene.alice.email], ["Alice Example"]))
    campaign.refresh_from_db()
    assert campaign.note == "[erased] asked for it."


@pytest.mark.parametrize("when", ["before the opening is decided", "after"])
def test_who_agreed_gets_what_opens_under_the_same_terms(scene: Scene, when: str) -> None:
    ask(scene)
    subset = Subset.objects.create(
        dataset=scene.dataset, slug="extended370", title="Extended370", access=Access.AGREEMENT, position=2
    )
    with day(1):
        opened = Opening.objects.create(subset=subset)
        facts = opening.facts(opened)
        assert (facts.same, facts.other) == (0, (("1.0", 1),))
        if when != "after":
            agree(scene)
        opening.decide(opening=opened, choice=OpeningChoice.UPGRADE, expected=int(when != "after"), by=scene.dan.actor)
        opening_work.work_off()
    with day(3):
        if when == "after":
            assert not again(scene).subsets.filter(pk=subset.pk).exists()
            agree(scene)
        beat()
        opening_work.work_off()
        assert again(scene).subsets.filter(pk=subset.pk).exists()
        opened.refresh_from_db()
        assert (opening.facts(opened).done, opening.facts(opened).left) == (1, 0)
