"""The holder's answer: agreeing, with a certified page that says so, or not."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from agreements.catalog import holding
from agreements.core.actors import Actor
from agreements.core.clock import now
from agreements.core.errors import MovedOn, NotPossible
from agreements.documents import store
from agreements.documents.models import StoredDocument
from agreements.grants import lifecycle
from agreements.grants.ends import due, proving
from agreements.grants.models import ConsentAnswer, Grant, TermsConsent
from agreements.grants.permissions import Permission, check_may
from agreements.grants.running import shut_words
from agreements.grants.terms_change import messages, papers, reach
from agreements.ledger.act import act
from agreements.ledger.kinds import Kind


def asked_of(grant: Grant) -> TermsConsent | None:
    """Return the question that a grant's holder has not agreed to; they may have declined, and can agree still.

    None if nothing is asked, or the access has ended so that nothing is left to agree for.
    """
    return _known().filter(pk__in=reach.open_questions().filter(grant=grant).values("pk")).first()


def agreed_of(grant: Grant) -> list[TermsConsent]:
    """Return what the holder agreed to since the agreement was signed, the newest first; each has its `document`."""
    agreed = _known().filter(grant=grant, answer=ConsentAnswer.AGREED)
    return list(agreed.select_related("document").order_by("-answered_at", "-pk"))


def agree(*, consent: TermsConsent, seen_sha256: str, by: Actor) -> TermsConsent:
    """Put the access under the new terms and return the answer with its page; of a double click the second gets it too.

    Not for a transaction: the page is drawn first. The caller has taken a code that was mailed to `due.address_of`, and
    the holder's ticks; `seen_sha256` is of the new terms that were on the screen. What was suspended for it opens at
    once, unless another cause stands. Raises NotAllowed (not the holder), MovedOn (other terms, or a later decision),
    NotPossible (ended for good, or the page cannot be made).
    """
    current = _known().get(pk=consent.pk)
    check_may(Permission.ANSWER_TERMS, grant=current.grant, by=by)
    if current.answer == ConsentAnswer.AGREED:
        return current
    _check_open(current)
    if seen_sha256 != current.campaign.terms.sha256:
        raise MovedOn(_("This is not the text that you are asked to agree to. Read it again."))
    at = now()
    drawn = papers.draw(current, at=at, by=by)
    try:
        answered = _agree(current, drawn, by=by)
    except BaseException:
        store.discard(drawn)
        raise
    if answered.document_id != drawn.pk:
        store.discard(drawn)
    return answered


def decline(*, consent: TermsConsent, by: Actor) -> TermsConsent:
    """Note that the holder does not agree: suspended when the grace ends, unless they agree later after all.

    Raises NotAllowed (not the holder), MovedOn (agreed meanwhile, or a later decision), NotPossible.
    """
    with act() as record:
        holding.hold(consent.grant.dataset_id)
        grant = lifecycle.lock(consent.grant)
        standing = check_may(Permission.ANSWER_TERMS, grant=grant, by=by)
        current = _locked(consent)
        if current.answer == ConsentAnswer.AGREED:
            raise MovedOn(_("You agreed to these terms already. If you no longer want the access, give it up."))
        _check_open(current)
        if current.answer == ConsentAnswer.DECLINED:
            return current
        current.answer, current.answered_at = ConsentAnswer.DECLINED, now()
        current.save(update_fields=["answer", "answered_at"])
        terms = current.campaign.terms.version
        record.record(Kind.TERMS_REFUSED, by=by, as_role=standing, subjects=lifecycle.subjects(grant), terms=terms)
    return current


def _agree(consent: TermsConsent, drawn: StoredDocument, *, by: Actor) -> TermsConsent:
    with act() as record:
        holding.hold(consent.grant.dataset_id)
        grant = lifecycle.lock(consent.grant)
        standing = check_may(Permission.ANSWER_TERMS, grant=grant, by=by)
        current = _locked(consent)
        if current.answer == ConsentAnswer.AGREED:
            return current
        _check_open(current)
        if grant.terms_id != consent.grant.terms_id:
            raise MovedOn(_("The access is under other terms since you looked. Read it again."))
        previous = grant.terms
        grant = proving.note_proven(record, grant, by=by, as_role=standing)
        was_suspended = due.waits_for_terms(grant)
        grant = lifecycle.agree_to_terms(grant=grant, terms=current.campaign.terms, consent_sha256=drawn.sha256, by=by)
        current.grant, current.previous_terms, current.document = grant, previous, drawn
        current.answer, current.answered_at = ConsentAnswer.AGREED, now()
        current.save(update_fields=["previous_terms", "document", "answer", "answered_at"])
        messages.queue_agreed(current, was_suspended=was_suspended)
    return current


def _check_open(consent: TermsConsent) -> None:
    grant, dataset = consent.grant, consent.grant.dataset
    names = {"reference": grant.reference, "dataset": dataset.title}
    if consent.campaign.ended_at is not None:
        raise MovedOn(_("The terms of %(dataset)s have changed again since. Open the page anew.") % names)
    if not reach.goes_on(grant):
        raise NotPossible(_("Access %(reference)s has ended: there is nothing to agree to.") % names)
    if dataset.withdrawn_at is not None:
        raise NotPossible(_("%(dataset)s was withdrawn.") % names)
    if dataset.shut_at is not None:
        raise NotPossible(shut_words(dataset.title))


def _locked(consent: TermsConsent) -> TermsConsent:
    return _known().select_for_update(of=("self",)).get(pk=consent.pk)


def _known() -> QuerySet[TermsConsent]:
    return TermsConsent.objects.select_related(
        "campaign__terms",
        "campaign__dataset",
        "grant__dataset",
        "grant__terms",
        "grant__holder",
        "grant__application",
        "previous_terms",
    )
