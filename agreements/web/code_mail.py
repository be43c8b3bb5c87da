"""Sending a code, and checking what was typed: the part that signing in and proving again share."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.core.actors import Actor
from agreements.core.addresses import comparison_key
from agreements.mail import dead_addresses, immediate
from agreements.people import emailed_codes
from agreements.people.emailed_codes import Purpose
from agreements.web import limits


class CodeForm(forms.Form):
    """The code, as typed; dashes, spaces and case do not matter."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
        error_messages={"required": gettext_lazy("Type the code from the mail we sent you.")},
    )


def send_code(
    request: HttpRequest,
    *,
    address: str,
    purpose: Purpose,
    language: str,
    about: Mapping[str, object] | None = None,
) -> str:
    """Mail a code within this request and return its handle. Raises TooMany, or mail's NotSent.

    `about` is what the mail names of the thing that the code confirms.
    """
    limits.consume(request, "emailed_code", key=comparison_key(address))
    issued = emailed_codes.issue(address=address, purpose=purpose)
    site = urlsplit(settings.SITE_URL).netloc
    # Addresses in mails come from the settings: the Host header is whatever the asker sent.
    context = {
        "code": issued.text,
        "site": site,
        "site_url": settings.SITE_URL,
        "purpose": str(purpose),
        **(about or {}),
    }
    try:
        with translation.override(language):
            immediate.send_now(
                kind=f"{purpose}-code",
                recipient=address,
                language=language,
                subject=_("Your code for %(site)s") % {"site": site},
                text=render_to_string("people/mail/code.txt", context),
                html=render_to_string("people/mail/code.html", context),
            )
    except Exception:
        emailed_codes.withdraw(issued.handle)
        raise
    return issued.handle


def check_code(request: HttpRequest, *, handle: str, address: str, purpose: Purpose, code: str) -> None:
    """Spend the code. Raises Invalid for a wrong one, CodeSpent if another must be asked for, TooMany.

    That mail arrives there is shown by it, so an address that was dead is sent to again; by whoever signs in, that is
    told once it is known who they are (`note_arrival`).
    """
    limits.consume(request, "code_try", key=comparison_key(address))
    emailed_codes.check(handle=handle, address=address, purpose=purpose, code=code)
    if request.user.is_authenticated:
        note_arrival(address, by=request.user.actor, cause="code-used")


def note_arrival(address: str, *, by: Actor, cause: str) -> None:
    """Have mail sent again to an address at which a code has just been read."""
    dead_addresses.lift(address, by=by, cause=cause, as_role="person")
