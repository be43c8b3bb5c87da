"""A subset that opens, the access that is there by then, and the mails that come of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.core import mail

from agreements.catalog.models import Access, Opening, OpeningChoice, Subset, Terms
from agreements.catalog.publishing.publish import publish_archive
from agreements.flows import opening
from agreements.grants import issuing
from agreements.grants.models import Grant
from agreements.mail.drain import drain
from agreements.mail.models import OutboxMessage
from agreements.people.models import User
from tests.flows.scene import SETUP, Scene
from tests.grants.scene import approved, handed_in

UPGRADE, ASK = OpeningChoice.UPGRADE, OpeningChoice.ASK


@pytest.fixture
def coming(scene: Scene) -> Subset:
    return Subset.objects.create(
        dataset=scene.dataset, slug="extended370", title="Extended370", access=Access.ANNOUNCED, position=2
    )


def opened(subset: Subset, tmp_path: Path, *, access: Access = Access.AGREEMENT, publish: bool = True) -> Opening:
    """Open a subset as loading its dataset's folder does."""
    Subset.objects.filter(pk=subset.pk).update(access=access)
    made = Opening.objects.create(subset=subset)
    found = Opening.objects.select_related("subset__dataset").get(pk=made.pk)
    if publish:
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "a.txt").write_text("more")
        publish_archive(subset=found.subset, source=tmp_path / "more", name="extended.zip", by=SETUP)
    return found


def grant_of(scene: Scene, person: User, terms: Terms | None = None) -> Grant:
    """Return new running access of a person."""
    application = approved(scene.dataset, terms or Terms.objects.get(version="1.0"), person)
    return issuing.issue(submission=handed_in(application), by=scene.carol.actor, as_role="reviewer")


def old_terms(scene: Scene) -> Terms:
    now = Terms.objects.get(version="1.0")
    return Terms.objects.create(
        dataset=scene.dataset,
        version="0.9",
        title="Earlier",
        effective_from=dt.date(2020, 1, 1),
        clauses=now.clauses,
        source="",
        sha256="9" * 64,
    )


def sent(kind: str) -> list[str]:
    return sorted(OutboxMessage.objects.filter(kind=kind).values_list("recipient", flat=True))


def delivered(subject: str) -> str:
    """Return the text of the one delivered mail whose subject holds the words."""
    drain()
    (found,) = [str(message.body) for message in mail.outbox if subject in message.subject]
    return found


def decide(scene: Scene, found: Opening, choice: OpeningChoice) -> None:
    opening.decide(opening=found, choice=choice, expected=opening.facts(found).same, by=scene.dan.actor)
