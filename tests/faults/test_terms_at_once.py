"""New terms are agreed to in the very moment of something else: one outcome, told plainly, and the chain holds."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from itertools import count
from typing import Any

import pytest

from agreements.catalog.models import Terms
from agreements.core.clock import now, today
from agreements.core.errors import MovedOn
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.grants.downloads.redeeming import redeem
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.models import Grant, GrantState, Link, Suspension, TermsCampaign, TermsChoice, TermsConsent
from agreements.grants.terms_change import asking, campaigns, consenting, papers
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.revocation.models import Procedure
from tests.faults.at_once import at_once, refusals
from tests.faults.world import ROUNDS, World, note, revoking_it

pytestmark = pytest.mark.timeout(900)
_numbers = count(2)


@pytest.fixture(autouse=True)
def _pages_are_drawn_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else whoever agrees would always come last: a page is drawn before anything is locked."""
    monkeypatch.setattr(papers, "draw", lambda consent, **_values: store.save(b"%%PDF-1.7 consent %d" % consent.pk))


def publish(world: World) -> Terms:
    text = f"version {next(_numbers)}"
    return Terms.objects.create(
        dataset=world.scene.dataset,
        version=f"{next(_numbers)}.0",
        title="Agreement",
        effective_from=today(),
        clauses=[{"id": "termination", "heading": "Termination", "paragraphs": [text]}],
        source=text,
        sha256=sha256(text.encode()).hexdigest(),
    )


def deciding(world: World, terms: Terms) -> Callable[[], TermsCampaign]:
    return partial(
        campaigns.decide, terms=terms, choice=TermsChoice.ASK, grace_days=1, note="Why.", by=world.scene.dan.actor
    )


def granted(world: World) -> Grant:
    """Return somebody's new access under the first terms; nothing is left of that of earlier rounds."""
    Grant.objects.update(state=GrantState.REVOKED)
    grant = world.granted()
    first = Terms.objects.filter(dataset=world.scene.dataset).order_by("effective_from", "pk")[:1]
    Grant.objects.filter(pk=grant.pk).update(terms=first.get())
    return Grant.objects.select_related("dataset", "terms", "holder", "application").get(pk=grant.pk)


def asked(world: World) -> TermsConsent:
    """Return the question about a new access, which others of this test do not answer."""
    grant = granted(world)
    if (campaign := campaigns.running(world.scene.dataset)) is None:
        campaign = deciding(world, publish(world))()
    assert asking.work_off() == 1
    return TermsConsent.objects.select_related("grant__holder", "grant__dataset", "campaign__terms").get(
        grant=grant, campaign=campaign
    )


def agreeing(consent: TermsConsent) -> Callable[[], TermsConsent]:
    return partial(
        consenting.agree,
        consent=consent,
        seen_sha256=consent.campaign.terms.sha256,
        by=consent.grant.holder.actor,
    )


def opens(grant: Grant) -> bool:
    try:
        redeem(tokens.token(Link.objects.get(grant=grant)), start=0, stop=10)
    except Refused:
        return False
    return True


@ROUNDS
def test_who_agrees_as_the_grace_ends_has_open_access(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        consent = asked(world)
        grant = consent.grant
        TermsConsent.objects.filter(pk=consent.pk).update(grace_ends_at=now() - dt.timedelta(seconds=1))
        ends = at_once(agreeing(consent), asking.work_off)
        assert refusals(ends) == []
        suspended = Suspension.objects.filter(grant=grant, cause="terms").count()
        seen["suspended first" if suspended else "agreed first"] += 1
        assert ends[1] == suspended
        grant.refresh_from_db()
        assert (grant.state, grant.terms_id) == (GrantState.ACTIVE, consent.campaign.terms_id)
        assert not Suspension.objects.filter(grant=grant, closed_at=None).exists()
        assert opens(grant)
        assert asking.work_off() == 0
    note("agree against suspension", seen, rounds=rounds, orders=2)


@ROUNDS
def test_agreeing_twice_makes_one_page_and_one_row(world: World, rounds: int) -> None:
    for _ in range(rounds):
        consent = asked(world)
        stored = StoredDocument.objects.count()
        first, second = at_once(agreeing(consent), agreeing(consent))
        assert first.document_id == second.document_id is not None
        assert StoredDocument.objects.count() == stored + 1
        assert _recorded(consent.grant, "terms.agreed") == 1
        told = OutboxMessage.objects.filter(kind="terms-agreed", subject_reference=consent.grant.reference)
        assert told.count() == 1


@ROUNDS
def test_yes_and_no_at_once_end_in_yes(world: World, rounds: int) -> None:
    for _ in range(rounds):
        consent = asked(world)
        told = refusals(
            at_once(agreeing(consent), partial(consenting.decline, consent=consent, by=consent.grant.holder.actor))
        )
        assert told in ([], ["You agreed to these terms already. If you no longer want the access, give it up."])
        consent.refresh_from_db()
        assert consent.answer == "agreed"


@ROUNDS
def test_what_is_revoked_is_under_the_terms_that_the_revocation_cites(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        consent = asked(world)
        grant = consent.grant
        stored = StoredDocument.objects.count()
        ends = at_once(agreeing(consent), revoking_it(grant, world.scene.dan))
        told = refusals(ends)
        assert isinstance(ends[1], Procedure), ends
        assert told in ([], [f"Access {grant.reference} has ended: there is nothing to agree to."])
        seen["revoked first" if told else "agreed first"] += 1
        grant = Grant.objects.select_related("terms").get(pk=grant.pk)
        assert grant.state == GrantState.REVOKED
        row = LedgerEntry.objects.get(kind="grant.revoked", subjects__grant=grant.reference)
        assert row.payload["terms"] == grant.terms.version
        assert _recorded(grant, "terms.agreed") == (not told)
        assert StoredDocument.objects.count() == stored + (not told)
        assert not opens(grant)
    note("agree against revoke", seen, rounds=rounds, orders=2)


@ROUNDS
def test_two_workers_ask_everybody_once(world: World, rounds: int) -> None:
    for _ in range(rounds):
        grant = granted(world)
        if campaigns.running(world.scene.dataset) is None:
            deciding(world, publish(world))()
        assert sum(at_once(asking.work_off, asking.work_off)) == 1
        assert TermsConsent.objects.filter(grant=grant).count() == 1
        assert OutboxMessage.objects.filter(kind="terms-asked", subject_reference=grant.reference).count() == 1


@ROUNDS
def test_two_stewards_decide_once(world: World, rounds: int) -> None:
    world.granted()
    for _ in range(rounds):
        terms = publish(world)
        told = refusals(at_once(deciding(world, terms), deciding(world, terms)))
        assert told == ["This was decided already: every holder is asked to agree."]
        assert TermsCampaign.objects.filter(dataset=world.scene.dataset, ended_at=None).count() == 1


@ROUNDS
def test_who_agrees_as_a_later_version_is_decided_is_asked_about_that(world: World, rounds: int) -> None:
    seen: Counter[str] = Counter()
    for _ in range(rounds):
        consent = asked(world)
        later = publish(world)
        ends: list[Any] = at_once(agreeing(consent), deciding(world, later))
        assert isinstance(ends[1], TermsCampaign), ends
        seen["decided first" if isinstance(ends[0], MovedOn) else "agreed first"] += 1
        asking.work_off()
        found = consenting.asked_of(consent.grant)
        assert found is not None
        assert found.campaign == ends[1]
    note("agree against a later decision", seen, rounds=rounds, orders=2)


def _recorded(grant: Grant, kind: str) -> int:
    return LedgerEntry.objects.filter(kind=kind, subjects__grant=grant.reference).count()
