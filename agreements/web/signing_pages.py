"""Signing the agreement in the browser: clause by clause, drawn or typed, confirmed by a mailed code."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from agreements.applications import browser_signatures, drafting, signing
from agreements.applications.missing import DETAILS, SIGNATURE, SITE
from agreements.applications.models import Application, BrowserSignature, Manner
from agreements.core.errors import DomainError, MovedOn
from agreements.documents import strokes
from agreements.documents.models import IssuedAgreement
from agreements.flows import browser_signing
from agreements.flows.agreement_issue import issue_agreement
from agreements.people import passing
from agreements.people.emailed_codes import LIFETIME, Purpose
from agreements.web import access, address_codes, limits
from agreements.web.application_status import frame
from agreements.web.code_page import answer
from agreements.web.refusals import IntoForm, IntoMessages
from agreements.web.signature_shown import path_of
from agreements.web.signing_forms import SigningForm
from agreements.web.stepper import next_step, still_missing

MAKE: Final = "make"
CONFIRM: Final = "confirm"
_KEPT: Final = "signing"
_ABOUT_THE_CODE: Final = {address_codes.SEND, address_codes.CHECK, CONFIRM}
_SIGNS: Final = {address_codes.CHECK, CONFIRM}


@login_required
@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the agreement to be signed; keep what was filled in; have a code confirm it; sign."""
    found = access.own_application(request, reference)
    if access.is_late_form(request, found):
        return redirect("application", reference=reference)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    if action == MAKE:
        with IntoMessages(request):
            issue_agreement(application=found, by=access.actor(request))
        return redirect("application-sign", reference=reference)
    issued = browser_signatures.up_to_date(found)
    if issued is None or not drafting.is_open(found):
        return _not_ready(request, found)
    if request.method == "POST" and action not in _ABOUT_THE_CODE:
        return _fill_in(request, found, issued)
    kept = _kept(request, found)
    if kept is None or "change" in request.GET:
        return _begin(request, found, issued, kept)
    return _confirm(request, found, issued, kept)


def _not_ready(request: HttpRequest, found: Application) -> HttpResponse:
    """Say what comes first: details, or the agreement; after the end of the application, that it has ended."""
    if why := drafting.why_closed(found):
        request.session.pop(_KEPT, None)
        messages.error(request, why)
        return redirect("application", reference=found.reference)
    if request.method == "POST" and "manner" in request.POST:
        _keep(request, found, SigningForm(request.POST, application=found).plain())
    missing = still_missing(found)
    context = {
        **frame(found, at=SIGNATURE, missing=missing),
        "first": [item for item in missing if item.step in {DETAILS, SITE}],
        "has_kept": _kept(request, found) is not None,
    }
    return render(request, "applications/sign_first.html", context, status=422 if request.method == "POST" else 200)


def _begin(
    request: HttpRequest, found: Application, issued: IssuedAgreement, kept: dict[str, str] | None
) -> HttpResponse:
    signed = browser_signatures.of(signing.current(found))
    if request.method == "POST":
        # A second press of a button whose work is done finds nothing kept, and the signature in its place.
        if signed is None:
            messages.warning(request, _("What you filled in was kept for 15 minutes, which are over: sign once more."))
        return redirect("application-sign", reference=found.reference)
    if kept is None and signed is not None and signed.issued_id == issued.pk and "again" not in request.GET:
        return _signed(request, found, signed)
    return _show_form(request, found, issued, SigningForm(application=found, kept=kept), is_fresh=kept is None)


def _fill_in(request: HttpRequest, found: Application, issued: IssuedAgreement) -> HttpResponse:
    """Keep what was filled in and mail the code that confirms it."""
    form = SigningForm(request.POST, application=found)
    if form.is_valid():
        with IntoForm(form):
            seen = form.cleaned_data["issued"]
            browser_signing.check_may_sign(application=found, seen=seen, by=access.actor(request))
            _keep(request, found, form.plain())
            proof = address_codes.step(request, found.email, **_code(found, issued))
            if not (proof.sent or address_codes.is_proven(request, found.email, **_proof(found, issued))):
                proof = address_codes.send(request, found.email, **_code(found, issued))
            if proof.refusal is None:
                return redirect("application-sign", reference=found.reference)
            return _show_confirm(request, found, issued, form, proof=proof)
    return _show_form(request, found, issued, form, is_fresh=False)


def _confirm(request: HttpRequest, found: Application, issued: IssuedAgreement, kept: dict[str, str]) -> HttpResponse:
    """Take the code, and sign with what was kept; anything that moved on meanwhile leads back to the form."""
    form = SigningForm(kept, application=found)
    if not form.is_valid() or form.cleaned_data["issued"] != issued.document.sha256:
        messages.warning(request, _("A newer agreement was made meanwhile. Look it over and sign that one."))
        return _show_form(request, found, issued, SigningForm(application=found, kept=kept), is_fresh=False)
    if request.method == "POST":
        _keep(request, found, kept)  # as long as the code that is mailed or typed now
    if not address_codes.is_proven(request, found.email, **_proof(found, issued)):
        proof = _step(request, found, issued)
        if not address_codes.is_proven(request, found.email, **_proof(found, issued)):
            if proof.moved:
                return redirect("application-sign", reference=found.reference)
            return _show_confirm(request, found, issued, form, proof=proof)
    elif request.POST.get("action") not in _SIGNS:
        return _show_confirm(request, found, issued, form, proof=None)
    return _sign(request, found, issued, form)


def _step(request: HttpRequest, found: Application, issued: IssuedAgreement) -> address_codes.Proof:
    """Take the code, or mail one; not while nothing could be signed with it."""
    if request.POST.get("action") == address_codes.SEND:
        try:
            browser_signing.check_may_sign(application=found, seen=issued.document.sha256, by=access.actor(request))
        except DomainError as refused:
            return address_codes.refused(found.email, refused)
    return address_codes.step(request, found.email, **_code(found, issued))


def _sign(request: HttpRequest, found: Application, issued: IssuedAgreement, form: SigningForm) -> HttpResponse:
    """Sign with what was kept. What is refused is said on the page that signs, with the button for another try."""
    given, address = form.cleaned_data, limits.client_address(request)
    try:
        browser_signing.sign(
            application=found,
            seen=given["issued"],
            manner=Manner(given["manner"]),
            name=given["name"],
            strokes=form.drawn,
            clauses=form.accepted(),
            network_address=None if address == limits.UNKNOWN else address,
            by=access.actor(request),
        )
    except MovedOn as changed:
        messages.error(request, str(changed))
    except DomainError as refused:
        return _show_confirm(request, found, issued, form, proof=None, refusal=refused)
    else:
        request.session.pop(_KEPT, None)
        address_codes.forget(request)
        messages.success(request, _("You have signed the agreement."))
    return redirect("application-sign", reference=found.reference)


def _show_form(
    request: HttpRequest, found: Application, issued: IssuedAgreement, form: SigningForm, *, is_fresh: bool
) -> HttpResponse:
    context = {
        **frame(found, at=SIGNATURE, missing=still_missing(found)),
        "issued": issued,
        "form": form,
        "is_fresh": is_fresh,
        "pad": {"width": strokes.WIDTH, "height": strokes.HEIGHT, "points": strokes.MOST_POINTS},
    }
    return render(request, "applications/sign.html", context, status=422 if form.errors else 200)


def _show_confirm(
    request: HttpRequest,
    found: Application,
    issued: IssuedAgreement,
    form: SigningForm,
    *,
    proof: address_codes.Proof | None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    given = form.cleaned_data
    context = {
        **frame(found, at=SIGNATURE, missing=still_missing(found)),
        "issued": issued,
        "form": form,
        "name": given["name"],
        "path": strokes.svg_path(form.drawn),
        "proof": proof,
        "refusal": refusal,
    }
    shown = answer(request, "applications/sign_confirm.html", context, refusal=proof.refusal if proof else refusal)
    if refusal is not None and shown.status_code < 400:
        shown.status_code = 409
    return shown


def _signed(request: HttpRequest, found: Application, signed: BrowserSignature) -> HttpResponse:
    missing = still_missing(found)
    context = {
        **frame(found, at=SIGNATURE, missing=missing),
        "signed": signed,
        "path": path_of(signed),
        "next_step": next_step(found, missing=missing, after=SIGNATURE),
    }
    return render(request, "applications/sign_done.html", context)


def _proof(found: Application, issued: IssuedAgreement) -> dict[str, Any]:
    """Return what a code has to be for: this very text, and no other."""
    text = f"{found.reference}/{issued.issue_number}/{issued.document.sha256}"
    return {"purpose": Purpose.SIGNING, "text": text}


def _code(found: Application, issued: IssuedAgreement) -> dict[str, Any]:
    about = {"dataset": found.dataset.title, "reference": found.reference, "issue": issued.issue_number}
    return _proof(found, issued) | {"about": about}


def _keep(request: HttpRequest, found: Application, fields: dict[str, str]) -> None:
    """Keep what was filled in as long as a mailed code works; no longer, for a drawing is somebody's hand."""
    passing.keep(request.session, _KEPT, {"application": found.reference, "fields": fields}, lasting=LIFETIME)


def _kept(request: HttpRequest, found: Application) -> dict[str, str] | None:
    kept = request.session.get(_KEPT)
    if not isinstance(kept, dict) or kept.get("application") != found.reference:
        return None
    return {str(name): str(value) for name, value in kept["fields"].items()}
