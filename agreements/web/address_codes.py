"""Proving an address that need not be the one with which one signs in: a code is mailed there and typed on the page.

The pages that need it ask `step` first, which takes what was posted about the code, and go on once it is proven.
A second factor is no proof here: it says who sits there, not whose mailbox it is.

Where a code stands for a yes to something, `text` names that very thing: a proof for it is worth nothing for another.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

from agreements.core.addresses import comparison_key
from agreements.core.clock import now
from agreements.core.errors import DomainError, Invalid, TooMany
from agreements.people.emailed_codes import FRESH_FOR, CodeSpent, Purpose
from agreements.people.models import normal_address
from agreements.web import access, proofs
from agreements.web.code_mail import CodeForm, check_code
from agreements.web.code_page import send_or_refusal

_PENDING: Final = "address_code"
_PROVEN: Final = "address_proven"
SEND: Final = "send"
CHECK: Final = "check"
"""What a posted `action` asks of this page; any other is not about the code."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How far the proof of `address` is. `moved`: something was done, so the page is asked for again by GET."""

    address: str
    form: CodeForm
    sent: bool = False
    moved: bool = False
    refusal: DomainError | None = None


def is_proven(request: HttpRequest, address: str, *, purpose: Purpose, text: str = "") -> bool:
    """Return whether a code mailed to an address was typed in this session within the last 15 minutes.

    For an access that also holds of the code with which the person signed in, if it went to the same mailbox.
    """
    own = access.person(request)
    same = comparison_key(own.email) == comparison_key(address)
    if purpose is Purpose.ADDRESS and same and proofs.is_mailbox_fresh(request):
        return True
    mark = request.session.get(_PROVEN)
    if not isinstance(mark, dict) or mark != mark | _about(request, address, purpose, text):
        return False
    return dt.timedelta() <= now() - dt.datetime.fromisoformat(mark["at"]) < FRESH_FOR


def step(
    request: HttpRequest,
    address: str,
    *,
    purpose: Purpose,
    text: str = "",
    about: Mapping[str, object] | None = None,
) -> Proof:
    """Mail a code if that was asked for, or take the one that was typed; return how it stands.

    `about` is what the mail names of the thing that the code confirms.
    """
    action = request.POST.get("action") if request.method == "POST" else None
    if action == SEND:
        return send(request, address, purpose=purpose, text=text, about=about)
    sent = _handle(request, _about(request, address, purpose, text)) is not None
    if action != CHECK:
        return Proof(address, CodeForm(), sent=sent)
    form = CodeForm(request.POST)
    refusal = _check(request, address, purpose, text, form) if form.is_valid() else None
    if refusal is not None:
        form.add_error("code", str(refusal))
    return Proof(address, form, sent=sent, moved=not form.errors, refusal=refusal)


def forget(request: HttpRequest) -> None:
    """Spend the proof: what it was asked for is done."""
    request.session.pop(_PROVEN, None)


def send(
    request: HttpRequest,
    address: str,
    *,
    purpose: Purpose,
    text: str = "",
    about: Mapping[str, object] | None = None,
) -> Proof:
    """Mail a code, and return how it stands; an earlier one is worth nothing any more."""
    language = access.person(request).language
    sent = send_or_refusal(request, address=address, purpose=purpose, language=language, about=about)
    if isinstance(sent, DomainError):
        return refused(address, sent)
    request.session[_PENDING] = _about(request, address, purpose, text) | {"handle": sent}
    return Proof(address, CodeForm(), sent=True, moved=True)


def refused(address: str, refusal: DomainError) -> Proof:
    """Return how it stands where no code was mailed: why, above the button that asks for one."""
    form = CodeForm({})
    form.errors.clear()
    form.add_error(None, str(refusal))
    return Proof(address, form, refusal=refusal)


def _check(request: HttpRequest, address: str, purpose: Purpose, text: str, form: CodeForm) -> DomainError | None:
    about = _about(request, address, purpose, text)
    try:
        handle = _handle(request, about)
        if handle is None:
            raise CodeSpent(_("No code has been sent yet. Ask for one."))
        check_code(request, handle=handle, address=address, purpose=purpose, code=form.cleaned_data["code"])
    except (Invalid, CodeSpent, TooMany) as refused:
        return refused
    del request.session[_PENDING]
    request.session[_PROVEN] = about | {"at": now().isoformat()}
    return None


def _handle(request: HttpRequest, about: dict[str, Any]) -> str | None:
    pending = request.session.get(_PENDING)
    if not isinstance(pending, dict) or pending != pending | about:
        return None
    return str(pending["handle"])


def _about(request: HttpRequest, address: str, purpose: Purpose, text: str) -> dict[str, Any]:
    """Return what a code, and a proof, are for: worth nothing for another person, address, purpose or text."""
    who = {"user": access.person(request).pk, "address": normal_address(address), "purpose": str(purpose)}
    return who | {"text": text}
