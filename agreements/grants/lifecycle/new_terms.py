"""Going on under a later version of the terms, to which the holder agreed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from agreements.catalog.models import Terms
from agreements.catalog.terms import is_later
from agreements.core.actors import Actor
from agreements.core.errors import NotPossible
from agreements.grants.ends import due
from agreements.grants.lifecycle.suspending import resume_cause
from agreements.grants.lifecycle.writing import lock, subjects
from agreements.grants.models import Cause, Grant, GrantState
from agreements.grants.permissions import Permission, check_may
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def agree_to_terms(*, grant: Grant, terms: Terms, consent_sha256: str, by: Actor) -> Grant:
    """Put a grant under later terms of its dataset; what was suspended only until then opens at once.

    `consent_sha256` is of the certified page that says so. Returns the grant as it then is. Raises NotAllowed (not the
    holder), NotPossible: ended for good, or under these terms or later ones already.
    """
    with act() as record:
        locked = lock(grant)
        standing = check_may(Permission.ANSWER_TERMS, grant=locked, by=by)
        _check_can_change(locked, terms)
        previous, locked.terms = locked.terms, terms
        locked.save(update_fields=["terms"])
        record.record(
            Kind.TERMS_AGREED,
            by=by,
            as_role=standing,
            subjects=subjects(locked),
            terms=terms.version,
            previous=previous.version,
            consent_sha256=consent_sha256,
        )
        if not due.waits_for_terms(locked):
            return locked
        return resume_cause(grant=locked, cause=Cause.TERMS, reason=_("The holder agreed to the new terms."), by=by)


def _check_can_change(grant: Grant, terms: Terms) -> None:
    names = {"reference": grant.reference, "state": grant.get_state_display(), "version": grant.terms.version}
    if grant.dataset_id != terms.dataset_id:
        raise ValueError(f"{terms} are not of the dataset of {grant}")
    if grant.state == GrantState.REVOKED or grant.closed_for:
        raise NotPossible(_("Access %(reference)s has ended for good: there is nothing to agree to.") % names)
    if not is_later(terms, grant.terms):
        raise NotPossible(_("Access %(reference)s is under terms %(version)s already.") % names)
