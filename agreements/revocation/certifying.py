"""Certificates: drawn outside of every transaction, stored byte for byte, never drawn again."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import override

from agreements.core import actors, sweep
from agreements.core.clock import now
from agreements.core.errors import DomainError, NotPossible
from agreements.core.wakeups import Wakeup, poke
from agreements.documents import store
from agreements.documents.certificates import render_destruction, render_end
from agreements.documents.certifying import certify
from agreements.documents.models import StoredDocument
from agreements.grants import lifecycle
from agreements.keys.signing_keys import NoSigningKey
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind
from agreements.people.accounts import known_language
from agreements.people.models import User
from agreements.revocation import certificate_values
from agreements.revocation.models import AffectedGrant, Destruction, ProcedureAct

log = logging.getLogger(__name__)

REVOCATION: Final = "revocation"
"""What the ledger calls a certificate of an end; one of a destruction is named by the row of its attestation."""

# Seconds in which one task draws; then it wakes the next, so that mail and evidence get their turns in between.
SLICE: Final = 15.0
LEASE: Final = dt.timedelta(minutes=10)
_JOB: Final = actors.job("certificates")


def certificate_of(affected: AffectedGrant) -> StoredDocument:
    """Return the certificate of an end, drawn now if it was not yet; of two who ask at once, both get the same.

    Not for a transaction. Raises NotPossible for what is no revocation, where the store is out of reach, and while
    there is no key to certify it with.
    """
    current = _known().get(pk=affected.pk)
    if current.certificate is not None:
        return current.certificate
    if current.procedure.act != ProcedureAct.REVOKE:
        raise NotPossible(_("There is no certificate of this."))
    with override(known_language(current.grant.holder.language)):
        pdf = render_end(certificate_values.ended_access(current))
    drawn = store.save(certify(pdf, permits="nothing").pdf)
    try:
        return _register(current, drawn)
    except BaseException:
        store.discard(drawn)
        raise


def draw_destruction(
    destruction: Destruction, *, name: str, known_as: str, remark: str, statement: str, at: dt.datetime
) -> StoredDocument:
    """Return the stored certificate of an attestation that is about to be registered; texts in the active language.

    It is certified, unless there is no key to do it with: nobody's attestation waits for the operator. Not for a
    transaction. Raises NotPossible where the store is out of reach.
    """
    attested = certificate_values.attestation(
        destruction, name=name, known_as=known_as, remark=remark, statement=statement, at=at
    )
    pdf = render_destruction(certificate_values.ended_access(destruction.affected), attested)
    try:
        pdf = certify(pdf, permits="nothing").pdf
    except NoSigningKey as missing:
        log.warning("a certificate of destruction was not certified: %s", missing)
    return store.save(pdf)


def work_off() -> int:
    """Draw the certificates that are due, for some seconds; return how many. Wakes itself while there are more."""
    drawn = 0
    for affected in sweep.taken(_claim_due, budget=SLICE):
        drawn += _draw(affected)
    if _due().exists():
        poke(Wakeup.CERTIFICATES)
    return drawn


def subjects(affected: AffectedGrant, person: User | None = None) -> dict[str, str]:
    """Return what a ledger row about a grant under a procedure names: `person` as a member, where they are one."""
    return lifecycle.subjects(affected.grant, person) | {"procedure": affected.procedure.reference}


def _draw(affected: AffectedGrant) -> bool:
    """Draw a claimed one; what fails is due again when its lease is over."""
    try:
        certificate_of(affected)
    except DomainError as refused:
        log.warning("certificate of %s is put off: %s", affected, refused)
        return False
    except Exception:
        log.exception("certificate of %s could not be made", affected)
        return False
    return True


def _register(affected: AffectedGrant, drawn: StoredDocument) -> StoredDocument:
    with act() as record:
        # Locked by itself: a condition on other tables is not asked again of a row that was waited for.
        free = AffectedGrant.objects.select_for_update().filter(pk=affected.pk, certificate=None).order_by().first()
        if free is not None and _unerased().filter(pk=free.pk).exists():
            AffectedGrant.objects.filter(pk=free.pk).update(certificate=drawn)
            record.record(
                Kind.CERTIFICATE_MADE,
                by=_JOB,
                as_role="system",
                subjects=subjects(affected, affected.member.person if affected.member else None),
                certificate=REVOCATION,
                sha256=drawn.sha256,
            )
            return drawn
    store.discard(drawn)
    first = _known().get(pk=affected.pk).certificate
    if first is None:
        raise NotPossible(_("The person whom this certificate would name was erased."))
    return first


def _claim_due() -> AffectedGrant | None:
    """Return the next one to draw, which no other worker takes up before its lease is over."""
    while (found := _due().order_by("certificate_due_at", "pk").first()) is not None:
        same = AffectedGrant.objects.filter(pk=found.pk, certificate=None, certificate_due_at=found.certificate_due_at)
        if same.update(certificate_due_at=now() + LEASE):
            return found
    return None


def _due() -> QuerySet[AffectedGrant]:
    waiting = AffectedGrant.objects.filter(certificate=None, certificate_due_at__lte=now())
    return waiting.filter(procedure__act=ProcedureAct.REVOKE, pk__in=_unerased())


def _unerased() -> QuerySet[AffectedGrant]:
    """Return those whose holder, and the member if it is about one, still have a name."""
    named = AffectedGrant.objects.filter(grant__holder__erased_at=None)
    return named.filter(Q(member=None) | Q(member__person=None) | Q(member__person__erased_at=None))


def _known() -> QuerySet[AffectedGrant]:
    return AffectedGrant.objects.select_related(
        "certificate",
        "procedure",
        "subset",
        "member__person",
        "grant__dataset",
        "grant__terms",
        "grant__holder",
        "grant__application",
    )
