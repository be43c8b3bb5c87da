"""A subset opens: running access gets it, is asked, or told, as the steward decides."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core import mail

from agreements.catalog.models import Access, Opening, Subset
from agreements.core.errors import MovedOn, NotAllowed, NotPossible
from agreements.flows import opening, opening_work
from agreements.grants import lifecycle
from agreements.grants.members import invitations, membership
from agreements.grants.models import Link, SubsetOffer
from agreements.grants.offered import offers
from agreements.ledger.models import LedgerEntry
from agreements.ledger.verify import verify
from agreements.mail.drain import drain
from agreements.people.models import User
from agreements.revocation import beginning
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.scope import Scope
from tests.flows.opened import ASK, UPGRADE, coming, decide, delivered, grant_of, old_terms, opened, sent
from tests.flows.scene import Scene

__all__ = ["coming"]


def test_an_upgrade_gives_links_to_holder_and_members_and_is_recorded(
    scene: Scene, coming: Subset, tmp_path: Path
) -> None:
    grant = grant_of(scene, scene.alice)
    member = membership.invite(grant=grant, email=scene.bob.email, name="Bob", by=scene.alice.actor)
    membership.accept(token=invitations.token(member), by=scene.bob.actor)
    found = opened(coming, tmp_path)
    decide(scene, found, UPGRADE)
    opening_work.work_off()
    assert sent("subset-added") == sorted([scene.alice.email, scene.bob.email])
    links = Link.objects.filter(grant=grant, archive__name="extended.zip")
    assert {link.seal.person for link in links} == {scene.alice, scene.bob}
    entry = LedgerEntry.objects.get(kind="subset.added")
    assert entry.payload == {"subset": "extended370", "cause": "upgraded"}
    decided = LedgerEntry.objects.get(kind="opening.decided")
    assert decided.payload == {"subset": "extended370", "choice": "upgrade", "grants": 1}
    drain()
    texts = [str(message.body) for message in mail.outbox if "is part of your access" in message.subject]
    assert len(texts) == 2
    assert all("/l/" in text and "extended.zip" in text for text in texts)
    assert verify().holds


def test_an_upgrade_goes_in_slices_and_shows_how_far_it_is(
    scene: Scene, coming: Subset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        grant_of(scene, User.objects.create_user(f"h{number}@ethz.ch", name=f"H{number}"))
    found = opened(coming, tmp_path)
    decide(scene, found, UPGRADE)
    monkeypatch.setattr(opening_work, "SLICE", 3)
    found.refresh_from_db()
    found = Opening.objects.select_related("subset__dataset").get()
    assert opening_work.deal_with_some(found) == 3
    facts = opening.facts(found)
    assert (facts.done, facts.left, facts.total) == (3, 4, 7)
    opening_work.work_off()
    facts = opening.facts(found)
    assert (facts.done, facts.left) == (7, 0)
    assert opening_work.work_off() == 0
    assert len(sent("subset-added")) == 7


def test_asking_offers_it_and_accepting_gives_it(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant = grant_of(scene, scene.alice)
    found = opened(coming, tmp_path)
    decide(scene, found, ASK)
    opening_work.work_off()
    opening_work.work_off()
    assert sent("subset-offered") == [scene.alice.email]
    offer = SubsetOffer.objects.get()
    text = delivered("Extended370 is offered to you")
    assert f"/grants/{grant.reference}/offers/{offer.pk}/" in text
    assert not grant.subsets.filter(slug="extended370").exists()
    with pytest.raises(NotAllowed):
        offers.accept(offer=offer, by=scene.bob.actor)
    offers.accept(offer=offer, by=scene.alice.actor)
    assert grant.subsets.filter(slug="extended370").exists()
    assert Link.objects.filter(grant=grant, archive__name="extended.zip").count() == 1
    with pytest.raises(NotPossible, match="You have answered this offer already"):
        offers.decline(offer=offer, by=scene.alice.actor)
    kinds = set(LedgerEntry.objects.values_list("kind", flat=True))
    assert {"subset.offered", "subset.added"} <= kinds


def test_a_declined_offer_leaves_the_access_as_it_is(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant = grant_of(scene, scene.alice)
    decide(scene, opened(coming, tmp_path), ASK)
    opening_work.work_off()
    offers.decline(offer=SubsetOffer.objects.get(), by=scene.alice.actor)
    opening_work.work_off()
    assert list(grant.subsets.values_list("slug", flat=True)) == ["train40"]
    assert LedgerEntry.objects.filter(kind="subset.declined").count() == 1
    assert len(sent("subset-offered")) == 1


def test_an_offer_under_access_that_has_ended_opens_nothing(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant = grant_of(scene, scene.alice)
    decide(scene, opened(coming, tmp_path), ASK)
    opening_work.work_off()
    lifecycle.suspend(grant=grant, by=scene.dan.actor, cause="question", reason="A question.")
    with pytest.raises(NotPossible, match="is suspended"):
        offers.accept(offer=SubsetOffer.objects.get(), by=scene.alice.actor)


def test_a_subset_that_the_lab_ended_meanwhile_is_given_to_nobody(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant_of(scene, scene.alice)
    holds = grant_of(scene, scene.bob)
    found = opened(coming, tmp_path)
    holds.subsets.add(found.subset)
    decide(scene, found, ASK)
    opening_work.work_off()
    scope = Scope(scene.dataset, ScopeKind.SUBSET, "extended370")
    beginning.begin(
        scope=scope,
        act=ProcedureAct.REVOKE,
        clause_id="termination",
        reason="A mistake.",
        by=scene.dan.actor,
        expected=1,
    )
    with pytest.raises(NotPossible, match="Extended370 can no longer be had"):
        opening.accept(offer=SubsetOffer.objects.get(), by=scene.alice.actor)
    grant_of(scene, scene.eve).subsets.remove(found.subset)
    assert opening_work.work_off() == 0


def test_access_under_other_terms_is_only_told(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant = grant_of(scene, scene.alice, old_terms(scene))
    found = opened(coming, tmp_path)
    facts = opening.facts(found)
    assert (facts.same, facts.other) == (0, (("0.9", 1),))
    decide(scene, found, UPGRADE)
    opening_work.work_off()
    opening_work.work_off()
    assert (sent("subset-other-terms"), sent("subset-added")) == ([scene.alice.email], [])
    assert "It is given under terms 1.0; your access" in delivered("Extended370 has opened")
    assert list(grant.subsets.values_list("slug", flat=True)) == ["train40"]


def test_suspended_access_gets_it_when_it_runs_again(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    grant = grant_of(scene, scene.alice)
    suspension = lifecycle.suspend(grant=grant, by=scene.dan.actor, cause="question", reason="A question.")
    decide(scene, opened(coming, tmp_path), UPGRADE)
    opening_work.work_off()
    assert sent("subset-added") == []
    lifecycle.resume(grant=grant, by=scene.dan.actor, suspension=suspension, reason="Answered.")
    opening_work.work_off()
    assert sent("subset-added") == [scene.alice.email]


def test_it_is_decided_once_by_a_steward_on_the_numbers_that_were_shown(
    scene: Scene, coming: Subset, tmp_path: Path
) -> None:
    grant_of(scene, scene.alice)
    found = opened(coming, tmp_path)
    with pytest.raises(NotAllowed, match="Only a steward"):
        opening.decide(opening=found, choice=UPGRADE, expected=1, by=scene.carol.actor)
    with pytest.raises(MovedOn, match="It is 1 grants now, and was 5"):
        opening.decide(opening=found, choice=UPGRADE, expected=5, by=scene.dan.actor)
    decide(scene, found, ASK)
    with pytest.raises(NotPossible, match="This was decided already: those who have access are asked"):
        opening.decide(opening=found, choice=UPGRADE, expected=1, by=scene.dan.actor)


def test_nothing_is_decided_about_what_is_open_to_everybody(scene: Scene, coming: Subset, tmp_path: Path) -> None:
    found = opened(coming, tmp_path, access=Access.OPEN)
    with pytest.raises(NotPossible, match="Extended370 is open to everybody"):
        opening.decide(opening=found, choice=UPGRADE, expected=0, by=scene.dan.actor)


def test_a_grant_that_is_issued_after_the_opening_simply_includes_it(
    scene: Scene, coming: Subset, tmp_path: Path
) -> None:
    found = opened(coming, tmp_path)
    grant = grant_of(scene, scene.alice)
    assert set(grant.subsets.values_list("slug", flat=True)) == {"train40", "extended370"}
    assert opening.facts(found).same == 0
