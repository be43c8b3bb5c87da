"""Which files are papers of ours: made and kept by the portal, and found by the SHA-256 of every byte of them.

Signed copies that people sent are none: the portal cannot vouch for what it only received.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256 as hash_of
from itertools import islice
from typing import Final

from agreements.applications.models import BrowserSignature
from agreements.documents.models import IssuedAgreement, StoredDocument
from agreements.flows.vouching import standing
from agreements.flows.vouching.standing import Standing, Stands
from agreements.grants.executed.behind import papers_behind
from agreements.grants.models import ExecutedAgreement, TermsConsent
from agreements.revocation.models import AffectedGrant, Destruction


class Sort(StrEnum):
    """What a paper of ours is."""

    ISSUED = "issued"
    SIGNED_HERE = "signed-here"
    EXECUTED = "executed"
    CONSENT = "consent"
    REVOCATION = "revocation"
    DESTRUCTION = "destruction"


CERTIFICATES: Final = frozenset({Sort.REVOCATION, Sort.DESTRUCTION})
"""They state that something ended: they stand whatever follows, and are never in force."""
_END: Final = re.compile(rb"(%%EOF)(?:\r\n|\n|\r)?")
_MOST_ENDS: Final = 64
"""Papers of ours have two or three; what is added comes behind them."""


@dataclass(frozen=True, slots=True)
class Paper:
    """`made_at`: when it was issued, signed, made or attested."""

    sort: Sort
    made_at: dt.datetime
    standing: Standing


def find(sha256: str) -> Paper | None:
    """Return the paper of ours that has this SHA-256 (hex), also if our own file of it was erased; or None."""
    kept = StoredDocument.objects.filter(sha256=sha256).values_list("pk", flat=True)
    for pk in kept:
        for look in (_issued, _signed_here, _executed, _consent, _revocation, _destruction):
            if (paper := look(pk)) is not None:
                return paper
    return None


@dataclass(frozen=True, slots=True)
class Beginning:
    """That a file begins with all the bytes of a paper of ours, and goes on."""

    paper: Paper
    sha256: str
    size: int


def beginning(data: bytes) -> Beginning | None:
    """Return with which paper of ours a file begins; the longest of several, None if with none.

    A PDF is changed, filled in or signed by adding to its end (ISO 32000-2, 7.5.6), so what it began as is still there,
    whatever a program that reads signatures makes of the rest.
    """
    ends = _ends(data)
    known = set(StoredDocument.objects.filter(sha256__in=ends).values_list("sha256", flat=True))
    for digest in sorted(known, key=lambda each: -ends[each]):
        if (paper := find(digest)) is not None:
            return Beginning(paper, digest, ends[digest])
    return None


def _ends(data: bytes) -> dict[str, int]:
    """Return the SHA-256 of all that stands before each end mark (with the mark), and how many bytes that is."""
    found: dict[str, int] = {}
    digest, at = hash_of(), 0
    for mark in islice(_END.finditer(data), _MOST_ENDS):
        for end in sorted({mark.end(1), mark.end()} - {len(data)}):
            digest.update(data[at:end])
            at = end
            found[digest.hexdigest()] = end
    return found


def _issued(pk: int) -> Paper | None:
    issued = IssuedAgreement.objects.select_related("terms__dataset").filter(document=pk).first()
    if issued is None:
        return None
    grant = standing.grant_of(issued.application_reference)
    stands = (
        standing.of_grant(grant)
        if grant is not None and papers_behind(grant.application).issued == issued
        else standing.without_access(issued.terms.dataset)
    )
    return Paper(Sort.ISSUED, issued.issued_at, stands)


def _signed_here(pk: int) -> Paper | None:
    found = BrowserSignature.objects.filter(signed_copy__document=pk)
    signature = found.select_related("signed_copy__application__dataset").first()
    if signature is None:
        return None
    application = signature.signed_copy.application
    grant = standing.grant_of(application.reference)
    stands = (
        standing.of_grant(grant)
        if grant is not None and papers_behind(grant.application).copy == signature.signed_copy
        else standing.without_access(application.dataset)
    )
    return Paper(Sort.SIGNED_HERE, signature.signed_at, stands)


def _executed(pk: int) -> Paper | None:
    executed = ExecutedAgreement.objects.select_related("grant__dataset", "document").filter(document=pk).first()
    if executed is None or executed.document is None:
        return None
    made_at = executed.made_at or executed.document.created_at
    return Paper(Sort.EXECUTED, made_at, standing.of_grant(executed.grant))


def _consent(pk: int) -> Paper | None:
    consent = TermsConsent.objects.select_related("grant__dataset", "campaign", "document").filter(document=pk).first()
    if consent is None or consent.document is None:
        return None
    grant = consent.grant
    is_newest = grant.terms_id == consent.campaign.terms_id
    stands = standing.of_grant(grant) if is_newest else standing.without_access(grant.dataset)
    return Paper(Sort.CONSENT, consent.answered_at or consent.document.created_at, stands)


def _revocation(pk: int) -> Paper | None:
    found = AffectedGrant.objects.select_related("procedure", "grant__dataset", "certificate").filter(certificate=pk)
    affected = found.first()
    if affected is None or affected.certificate is None:
        return None
    is_whole = affected.member_id is None and affected.subset_id is None
    destroyed = standing.destroyed_at(affected.grant) if is_whole else None
    ended = Standing(Stands.ENDED, affected.procedure.begun_at, destroyed)
    return Paper(Sort.REVOCATION, affected.certificate.created_at, ended)


def _destruction(pk: int) -> Paper | None:
    found = Destruction.objects.select_related("affected__procedure", "certificate").filter(certificate=pk).first()
    if found is None or found.certificate is None:
        return None
    ended = Standing(Stands.ENDED, found.affected.procedure.begun_at)
    return Paper(Sort.DESTRUCTION, found.settled_at or found.certificate.created_at, ended)
