"""The holder's answer to new terms: what is different, a tick for each clause, a mailed code; or no."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from agreements.catalog.terms_changes import kept_changes, to_agree
from agreements.core.errors import DomainError
from agreements.documents import certifying
from agreements.grants.ends import due
from agreements.grants.models import ConsentAnswer, Grant, TermsConsent
from agreements.grants.permissions import Permission, held_by
from agreements.grants.terms_change import consenting
from agreements.keys.signing_keys import NoSigningKey
from agreements.people.emailed_codes import Purpose
from agreements.web import access, access_terms, address_codes
from agreements.web.code_page import answer
from agreements.web.consent_forms import ConsentForm, NoForm
from agreements.web.papers import paper
from agreements.web.posted import posted
from agreements.web.refusals import IntoMessages
from agreements.web.terms_comparison import compare

DECLINE: Final = "decline"
CONFIRM: Final = "confirm"
_KEPT: Final = "new_terms"
_ABOUT_THE_CODE: Final = {address_codes.SEND, address_codes.CHECK, CONFIRM}
_AGREES: Final = {address_codes.CHECK, CONFIRM}


@login_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def new_terms(request: HttpRequest, reference: str) -> HttpResponse:
    """Show what is different in the new terms; take the ticks, then a code, and agree; or take a no."""
    grant = access.shared_grant(request, reference, needs=Permission.ANSWER_TERMS)
    consent = consenting.asked_of(grant)
    if consent is None:
        return _nothing_asked(request, grant)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if action == DECLINE:
        return _decline(request, consent)
    if request.method == "POST" and action not in _ABOUT_THE_CODE:
        return _tick(request, consent)
    if "again" in request.GET:
        request.session.pop(_KEPT, None)
    if not _has_ticked(request, consent):
        if request.method == "POST":
            return redirect("grant-terms", reference=reference)
        return _show(request, consent, _form(request, consent))
    return _confirm(request, consent)


@login_required
@never_cache
@require_safe
def consent_pdf(request: HttpRequest, reference: str, consent_id: int) -> HttpResponse:
    """Give the holder the certified page that says that they agreed."""
    mine = held_by(access.person(request).pk).filter(holder=access.person(request))
    found = access_terms.consent(mine, reference, consent_id)
    assert found.document is not None, "it was asked for"
    return paper(request, found.document, access_terms.file_name(found))


def _nothing_asked(request: HttpRequest, grant: Grant) -> HttpResponse:
    if request.method == "POST" and not consenting.agreed_of(grant):
        messages.info(request, _("Nothing is asked about the terms of this access any more."))
    if request.method == "POST":
        return redirect("grant-terms", reference=grant.reference)
    return render(request, "grants/terms.html", {"grant": grant, "agreed": consenting.agreed_of(grant)})


def _tick(request: HttpRequest, consent: TermsConsent) -> HttpResponse:
    """Note that every clause was ticked, and mail the code that confirms it."""
    form = _form(request, consent)
    if form.is_valid() and form.cleaned_data["seen"] != consent.campaign.terms.sha256:
        messages.error(request, _("The terms have changed again since you opened the page. Read them once more."))
        return redirect("grant-terms", reference=consent.grant.reference)
    if not form.is_valid():
        return _show(request, consent, form)
    request.session[_KEPT] = _about(consent)
    address = due.address_of(consent.grant)
    if not address_codes.is_proven(request, address, **_proof(consent)):
        proof = address_codes.step(request, address, **_proof(consent))
        if not proof.sent:
            proof = _mail_code(request, consent)
        if proof.refusal is not None:
            return _show_code(request, consent, proof)
    return redirect("grant-terms", reference=consent.grant.reference)


def _confirm(request: HttpRequest, consent: TermsConsent) -> HttpResponse:
    """Take the code; with it the access goes over to the new terms at once. Nothing but a POST agrees to anything."""
    address = due.address_of(consent.grant)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if not address_codes.is_proven(request, address, **_proof(consent)):
        is_wanted = action == address_codes.SEND
        proof = _mail_code(request, consent) if is_wanted else address_codes.step(request, address, **_proof(consent))
        if not address_codes.is_proven(request, address, **_proof(consent)):
            if proof.moved:
                return redirect("grant-terms", reference=consent.grant.reference)
            return _show_code(request, consent, proof)
    if action not in _AGREES:
        return _show_confirmed(request, consent)
    return _agree(request, consent)


def _mail_code(request: HttpRequest, consent: TermsConsent) -> address_codes.Proof:
    """Mail a code; not while nothing could be certified, for then it would lead nowhere."""
    address = due.address_of(consent.grant)
    try:
        certifying.check_ready()
    except NoSigningKey as refused:
        return address_codes.refused(address, refused)
    return address_codes.send(request, address, **_code(consent))


def _agree(request: HttpRequest, consent: TermsConsent) -> HttpResponse:
    was_suspended = due.waits_for_terms(consent.grant)
    # The text that was ticked, which the session kept; whether it is the one that is asked for is told there.
    seen = request.session[_KEPT]["new"]
    try:
        agreed = consenting.agree(consent=consent, seen_sha256=seen, by=access.actor(request))
    except DomainError as refused:
        return _show_confirmed(request, consent, refused)
    _forget(request)
    messages.success(request, _agreed_words(agreed, was_suspended=was_suspended))
    return redirect("grant", reference=consent.grant.reference)


def _decline(request: HttpRequest, consent: TermsConsent) -> HttpResponse:
    with IntoMessages(request):
        declined = consenting.decline(consent=consent, by=access.actor(request))
        _forget(request)
        words = _("It is noted that you do not agree.")
        if declined.grace_ends_at is not None and not due.waits_for_terms(declined.grant):
            date = date_format(localtime(declined.grace_ends_at), "DATE_FORMAT")
            words += " " + _("The access is suspended on %(date)s; until then you can still agree.") % {"date": date}
        messages.success(request, words)
    return redirect("grant-terms", reference=consent.grant.reference)


def _form(request: HttpRequest, consent: TermsConsent) -> ConsentForm:
    changes = kept_changes(consent.grant.terms.clauses, consent.campaign.terms.clauses)
    return ConsentForm(posted(request), consent=consent, changes=to_agree(changes))


def _show(request: HttpRequest, consent: TermsConsent, form: ConsentForm) -> HttpResponse:
    comparison = compare(consent.grant.terms, consent.campaign.terms, boxes=form.boxes)
    context = _context(consent) | {"form": form, "comparison": comparison}
    return render(request, "grants/terms.html", context, status=422 if form.errors else 200)


def _show_code(request: HttpRequest, consent: TermsConsent, proof: address_codes.Proof) -> HttpResponse:
    return answer(request, "grants/terms.html", _context(consent) | {"proof": proof}, refusal=proof.refusal)


def _show_confirmed(request: HttpRequest, consent: TermsConsent, refusal: DomainError | None = None) -> HttpResponse:
    """Show that the code was right and the button that agrees; after a refusal its words, and the button once more."""
    context = _context(consent) | {
        "is_confirmed": True,
        "refusal": refusal,
        "confirm": CONFIRM,
        "address": due.address_of(consent.grant),
    }
    shown = answer(request, "grants/terms.html", context, refusal=refusal)
    if refusal is not None and shown.status_code < 400:
        shown.status_code = 409
    return shown


def _context(consent: TermsConsent) -> dict[str, Any]:
    return {
        "grant": consent.grant,
        "consent": consent,
        "terms": consent.campaign.terms,
        "declined": consent.answer == ConsentAnswer.DECLINED,
        "is_suspended": due.waits_for_terms(consent.grant),
        "agreed": consenting.agreed_of(consent.grant),
        "decline_form": NoForm(auto_id=False),
    }


def _about(consent: TermsConsent) -> dict[str, str]:
    """Return what the ticks, and then the code, are for: this access, from this text to that one."""
    grant, terms = consent.grant, consent.campaign.terms
    return {"grant": grant.reference, "old": grant.terms.sha256, "new": terms.sha256}


def _has_ticked(request: HttpRequest, consent: TermsConsent) -> bool:
    return bool(request.session.get(_KEPT) == _about(consent))


def _forget(request: HttpRequest) -> None:
    """Spend the ticks and the code: they were answered for."""
    address_codes.forget(request)
    request.session.pop(_KEPT, None)


def _proof(consent: TermsConsent) -> dict[str, Any]:
    return {"purpose": Purpose.TERMS, "text": "/".join(_about(consent).values())}


def _code(consent: TermsConsent) -> dict[str, Any]:
    about = {
        "dataset": consent.grant.dataset.title,
        "reference": consent.grant.reference,
        "version": consent.campaign.terms.version,
    }
    return _proof(consent) | {"about": about}


def _agreed_words(agreed: TermsConsent, *, was_suspended: bool) -> str:
    words = _("You agreed to terms %(version)s.") % {"version": agreed.campaign.terms.version}
    if was_suspended and not due.suspensions(agreed.grant).exists():
        return words + " " + _("The access is open again.")
    if due.suspensions(agreed.grant).exists():
        return words + " " + _("The access is still suspended, for another reason.")
    return words
