"""A second version of the terms, and a campaign about it, for tests of the pages."""

from __future__ import annotations

import datetime as dt
from typing import Final

from agreements.catalog import publishing_terms
from agreements.catalog.models import Terms
from agreements.core import clock
from agreements.grants.models import Grant, TermsChoice, TermsConsent
from agreements.grants.terms_change import asking, campaigns, consenting, messages
from agreements.mail.models import OutboxMessage
from tests.flows.scene import Scene

TITLE: Final = "Release agreement"
CHANGED: Final = """## Research only {#research-only}

For research and teaching, not for business.

## Pictures {#pictures}

A small number of pictures may be printed.

## Termination {#termination}

The lab may end access at any time.
"""
NOTE: Final = "Teaching was asked about again and again."
NOT_THERE: Final = {"terms_mail": "987654", "consent": "987654"}


def publish(scene: Scene, version: str = "1.1", *, clauses: str = CHANGED, days: int = 30) -> Terms:
    """Return a version that Dan published, in force after so many days."""
    source = publishing_terms.compose(
        version=version, title=TITLE, effective_from=clock.today() + dt.timedelta(days=days), clauses=clauses
    )
    return publishing_terms.publish(dataset=scene.dataset, source=source, by=scene.dan.actor)


def asked(scene: Scene, grant: Grant, *, terms: Terms | None = None, grace_days: int = 30) -> TermsConsent:
    """Return the question to the holder of a grant, as a campaign put it."""
    version = terms or publish(scene)
    campaigns.decide(terms=version, choice=TermsChoice.ASK, grace_days=grace_days, note=NOTE, by=scene.dan.actor)
    asking.work_off()
    found = consenting.asked_of(grant)
    assert found is not None
    return found


def agreed_to_and_asked(scene: Scene, grant: Grant) -> dict[str, str]:
    """Return what Alice agreed to (1.1), and the mail about what she is asked now (1.2)."""
    first = asked(scene, grant)
    consenting.agree(consent=first, seen_sha256=first.campaign.terms.sha256, by=scene.alice.actor)
    asked(scene, grant, terms=publish(scene, "1.2", clauses=CHANGED.replace("teaching", "learning"), days=40))
    mail = OutboxMessage.objects.filter(kind=messages.ASKED).latest("pk")
    return {"consent": str(first.pk), "terms_mail": str(mail.pk)}
