"""New terms for Alice's access, and time that passes as the beat sees it: what tests about new terms share."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256

from django.core import mail

from agreements.catalog.models import Dataset, Terms
from agreements.grants import lifecycle
from agreements.grants.models import Grant, Suspension, TermsCampaign, TermsChoice, TermsConsent
from agreements.grants.terms_change import asking, campaigns, consenting, messages
from agreements.mail.drain import drain
from tests.grants.scene import NOON, Scene

NOTE = "The data protection officer asked for it."
SUSPENDED = "access GB-G-X is suspended"


def publish(dataset: Dataset, version: str = "2.0", *, in_force: float = 0) -> Terms:
    """Return a version that is in force so many days after the scene's."""
    text = f"{version}: You do not pass the data on, nor what you made of it."
    clauses = [
        {"id": "no-redistribution", "heading": "No redistribution", "paragraphs": [text]},
        {"id": "deletion", "heading": "Deletion", "paragraphs": ["You delete it when you are done."]},
    ]
    return Terms.objects.create(
        dataset=dataset,
        version=version,
        title="Release agreement",
        effective_from=NOON.date() + dt.timedelta(days=in_force),
        clauses=clauses,
        source=text,
        sha256=sha256(text.encode()).hexdigest(),
    )


def decide(
    scene: Scene, terms: Terms, *, days: int | None = 30, choice: TermsChoice = TermsChoice.ASK, note: str = NOTE
) -> TermsCampaign:
    messages.register()
    return campaigns.decide(terms=terms, choice=choice, grace_days=days, note=note, by=scene.dan.actor)


def ask(scene: Scene, version: str = "2.0", *, days: int = 30, in_force: float = 0) -> TermsCampaign:
    """Publish terms, decide that everybody is asked, and ask them."""
    campaign = decide(scene, publish(scene.dataset, version, in_force=in_force), days=days)
    asking.work_off()
    return campaign


def question(scene: Scene) -> TermsConsent:
    found = consenting.asked_of(again(scene))
    assert found is not None
    return found


def agree(scene: Scene) -> TermsConsent:
    asked = question(scene)
    return consenting.agree(consent=asked, seen_sha256=asked.campaign.terms.sha256, by=scene.alice.actor)


def again(scene: Scene) -> Grant:
    return Grant.objects.select_related("dataset", "terms", "holder", "application").get(pk=scene.grant.pk)


def beat() -> list[tuple[str, str]]:
    """Do what the beat does, twice over, and return to whom which mail went, in the order of sending."""
    for _again in range(2):
        lifecycle.expire_due()
        asking.work_off()
    mail.outbox.clear()
    drain()
    return [(letter.to[0], str(letter.subject)) for letter in mail.outbox]


def body(to: str) -> str:
    [letter] = [one for one in mail.outbox if one.to == [to]]
    return str(letter.body)


def causes(scene: Scene) -> list[str]:
    """Return what suspends Alice's access now."""
    return sorted(Suspension.objects.filter(grant=scene.grant, closed_at=None).values_list("cause", flat=True))
