"""A change of terms with 500 running grants, from the decision to the last answer, with the clock stopped.

Who agrees when, by the number of the grant: 0-199 within the grace, 200-249 say no, 250-299 agree after they were
suspended, 300-309 are revoked, 310-319 move, 320-329 expire for good, the rest never answers.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable

import pytest

from agreements.applications.form import form_of, form_sha256
from agreements.applications.models import Application, SignedCopy, State, Submission
from agreements.catalog.models import Terms
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.grants import issuing, lifecycle
from agreements.grants.downloads import redeeming
from agreements.grants.downloads.refusals import Refused
from agreements.grants.links import tokens
from agreements.grants.models import ClosedFor, Grant, GrantState, Link, TermsCampaign, TermsChoice, TermsConsent
from agreements.grants.terms_change import asking, campaigns, consenting, messages
from agreements.grants.terms_change.standing import Counts
from agreements.ledger.models import LedgerEntry
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from tests.figures import FIGURES
from tests.grants.ends import day
from tests.grants.scene import NOON, Scene
from tests.grants.terms_change.asked import NOTE, publish

MANY = 500


def grants_of(scene: Scene) -> list[Grant]:
    """Return 500 running grants of 500 people, each with a signed copy of their own."""
    people = User.objects.bulk_create(User(email=f"p{n}@uni{n}.example", name=f"P {n}") for n in range(MANY))
    made = [_granted(scene, number, person) for number, person in enumerate(people)]
    Link.objects.update(expires_at=NOON + dt.timedelta(days=365))
    return made


def _granted(scene: Scene, number: int, person: User) -> Grant:
    application = Application.objects.create(
        reference=f"GB-A-{number:06}",
        dataset=scene.dataset,
        terms=scene.terms,
        applicant=person,
        state=State.APPROVED,
        name=person.name,
        organization="A university",
        email=person.email,
        site_city="Cambridge",
        site_country="US",
    )
    form = form_of(application)
    copy = SignedCopy.objects.create(
        application=application, document=store.save(b"%%PDF-1.7 signed by %d" % number), original_name="signed.pdf"
    )
    submission = Submission.objects.create(
        application=application,
        number=1,
        form=form,
        form_sha256=form_sha256(form),
        signed_copy=copy,
        terms=scene.terms,
    )
    return issuing.issue(submission=submission, by=scene.carol.actor, as_role="reviewer")


def agree(grants: Iterable[Grant]) -> None:
    for grant in grants:
        asked = consenting.asked_of(grant)
        assert asked is not None
        consenting.agree(consent=asked, seen_sha256=asked.campaign.terms.sha256, by=grant.holder.actor)


def papers() -> dict[int, tuple[str, bytes]]:
    """Return every paper that there is, byte for byte."""
    return {each.pk: (each.sha256, store.read(each)) for each in StoredDocument.objects.all()}


def opens(grant: Grant) -> bool:
    try:
        redeeming.redeem(tokens.token(Link.objects.get(grant=grant)), start=0, stop=10)
    except Refused:
        return False
    return True


def sent(kind: str) -> int:
    return OutboxMessage.objects.filter(kind=kind).count()


@pytest.mark.timeout(600)
def test_a_change_of_terms_with_500_running_grants(scene: Scene) -> None:
    messages.register()
    Grant.objects.filter(pk=scene.grant.pk).update(state=GrantState.REVOKED)
    grants = grants_of(scene)
    before = papers()
    terms = publish(scene.dataset)
    assert campaigns.preview(terms).grants == MANY
    campaign = decided_and_asked(scene, terms)
    answered_within_the_grace(campaign, grants)
    reminded(grants)
    suspended(campaign, grants)
    agreed_after_all(campaign, grants)
    now_there = papers()
    assert {pk: now_there[pk] for pk in before} == before, "nobody's old agreement changed, to the byte"
    recorded(terms)


def decided_and_asked(scene: Scene, terms: Terms) -> TermsCampaign:
    begun = time.monotonic()
    campaign = campaigns.decide(
        terms=terms, choice=TermsChoice.ASK, grace_days=30, note=NOTE, by=scene.dan.actor, expected=MANY
    )
    assert campaigns.counts(campaign) == Counts(0, 0, 0, 0, 0, ended=0, left=MANY)
    decided = time.monotonic()
    assert asking.work_off() == MANY
    asked = time.monotonic()
    assert campaigns.counts(campaign) == Counts(MANY, 0, 0, MANY, 0)
    assert (sent("terms-asked"), asking.work_off()) == (MANY, 0)
    FIGURES.append(f"new terms for {MANY} grants: decided in {decided - begun:.2f} s, asked in {asked - decided:.2f} s")
    return campaign


def answered_within_the_grace(campaign: TermsCampaign, grants: list[Grant]) -> None:
    with day(5):
        agree(grants[:5])
        _agree_quickly(campaign, grants[5:200])
        for grant in grants[200:250]:
            question = consenting.asked_of(grant)
            assert question is not None
            consenting.decline(consent=question, by=grant.holder.actor)
        for grant in grants[310:320]:
            lifecycle.close(grant=grant, cause=ClosedFor.MOVED, by=grant.holder.actor)
        Grant.objects.filter(pk__in=[each.pk for each in grants[300:310]]).update(state=GrantState.REVOKED)
        Grant.objects.filter(pk__in=[each.pk for each in grants[320:330]]).update(
            state=GrantState.EXPIRED, ends_at=NOON - dt.timedelta(days=100)
        )
        assert campaigns.counts(campaign) == Counts(MANY, 200, 50, 220, 0, ended=30)


def reminded(grants: list[Grant]) -> None:
    for on in (16, 23, 29):
        with day(on):
            assert asking.work_off() == 220
            assert asking.work_off() == 0
    assert sent("terms-reminder") == 3 * 220
    with day(29.99):
        assert asking.work_off() == 0
        assert opens(grants[499])


def suspended(campaign: TermsCampaign, grants: list[Grant]) -> None:
    with day(30):
        begun = time.monotonic()
        assert asking.work_off() == 270
        FIGURES.append(f"270 of {MANY} grants suspended for new terms in {time.monotonic() - begun:.2f} s")
        assert asking.work_off() == 0
        assert campaigns.counts(campaign) == Counts(MANY, 200, 50, 220, 270, ended=30)
        assert _states() == {"active": 200, "suspended": 270, "revoked": 11, "expired": 20}
        assert [opens(grants[number]) for number in (0, 4, 200, 250, 499)] == [True, True, False, False, False]
        assert sent("terms-suspended") == 270


def agreed_after_all(campaign: TermsCampaign, grants: list[Grant]) -> None:
    with day(33):
        agree(grants[250:255])
        _agree_quickly(campaign, grants[255:300])
        assert campaigns.counts(campaign) == Counts(MANY, 250, 50, 170, 220, ended=30)
        assert _states() == {"active": 250, "suspended": 220, "revoked": 11, "expired": 20}
        assert all(opens(grants[number]) for number in (250, 254, 299))
        assert not opens(grants[330])


def recorded(terms: Terms) -> None:
    assert set(Submission.objects.values_list("terms__version", flat=True)) == {"1.0"}
    assert Grant.objects.filter(terms=terms).count() == 250
    assert LedgerEntry.objects.filter(kind="terms.agreed").count() == 250
    assert LedgerEntry.objects.filter(kind="grant.resumed", payload__cause="terms").count() == 50
    consents = TermsConsent.objects.filter(answer="agreed")
    assert consents.values("document").distinct().count() == 250


def _agree_quickly(campaign: TermsCampaign, grants: Iterable[Grant]) -> None:
    """Agree as `agree` does, with a page that was not drawn: to draw hundreds proves no more than to draw ten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "agreements.grants.terms_change.papers.draw",
            lambda consent, **_values: store.save(b"%%PDF-1.7 consent %d" % consent.pk),
        )
        agree(grants)


def _states() -> Counter[str]:
    return Counter(Grant.objects.values_list("state", flat=True))
