"""Papers of ours for the tests of verifying: made by the front door where there is one, else a row and some bytes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from agreements.applications.models import Application, BrowserSignature, Manner, SignedCopy, State
from agreements.catalog.models import Terms
from agreements.core import clock
from agreements.documents import store
from agreements.documents.issuing import newest
from agreements.documents.models import StoredDocument
from agreements.flows.verifying import Verdict, verify
from agreements.grants.models import ExecutedAgreement, Grant, TermsCampaign, TermsChoice, TermsConsent
from tests.applications.cases import put
from tests.flows.scene import Scene

MARCH = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
APRIL = dt.datetime(2026, 4, 20, 12, tzinfo=dt.UTC)
MAY = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)


def approved(scene: Scene) -> Grant:
    """Return Alice's access, issued and approved in March."""
    with clock.frozen(MARCH):
        put(scene, State.APPROVED)
        return Grant.objects.select_related("application", "dataset", "terms").get()


def issued(application: Application) -> bytes:
    """Return the agreement that was issued last."""
    found = newest(application.reference)
    assert found is not None
    return store.read(found.document)


def executed(grant: Grant, data: bytes = b"%PDF-1.7 signed by both sides") -> bytes:
    """Return the agreement signed by both sides, made in March."""
    document = store.save(data)
    ExecutedAgreement.objects.update_or_create(grant=grant, defaults={"document": document, "made_at": MARCH})
    return data


def signed_here(application: Application, data: bytes = b"%PDF-1.7 signed in the browser") -> bytes:
    """Return a copy signed in the browser, which no access rests on yet."""
    copy = SignedCopy.objects.create(application=application, document=store.save(data), original_name="signed.pdf")
    found = newest(application.reference)
    assert found is not None
    BrowserSignature.objects.create(
        signed_copy=copy,
        issued=found,
        manner=Manner.TYPED,
        name="Alice Zhang",
        clauses=[],
        email=application.email,
        signed_at=MARCH,
    )
    return data


def consent(scene: Scene, grant: Grant, version: str, data: bytes) -> bytes:
    """Return the page on which Alice agreed to a new version of the terms, which the grant is under from then on."""
    terms = Terms.objects.create(
        dataset=scene.dataset,
        version=version,
        title="Release agreement",
        effective_from=dt.date(2026, 3, 1),
        clauses=grant.terms.clauses,
        source="",
        sha256="1" * 64,
    )
    TermsCampaign.objects.filter(dataset=scene.dataset, ended_at=None).update(ended_at=APRIL)
    campaign = TermsCampaign.objects.create(
        dataset=scene.dataset, terms=terms, choice=TermsChoice.ASK, note_salt="", decided_by=scene.dan
    )
    TermsConsent.objects.create(
        campaign=campaign,
        grant=grant,
        previous_terms=grant.terms,
        answer="agreed",
        answered_at=APRIL,
        document=store.save(data),
    )
    Grant.objects.filter(pk=grant.pk).update(terms=terms)
    return data


def whole(document: StoredDocument | None) -> bytes:
    """Return a stored file."""
    assert document is not None
    return store.read(document)


def told(data: bytes, at: dt.datetime = APRIL) -> str:
    """Return the whole answer as a person reads it."""
    return text_of(at_(data, at))


def at_(data: bytes, at: dt.datetime = APRIL) -> Verdict:
    """Return what is said at a moment."""
    with clock.frozen(at):
        return verify(data)


def text_of(verdict: Verdict) -> str:
    """Return the headline and the sentences, one a line."""
    return "\n".join((verdict.headline, *verdict.sentences))


def sample(folder: Path, name: str, data: bytes) -> Path:
    """Return a file with these bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name
