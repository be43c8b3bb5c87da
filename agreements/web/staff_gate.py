"""Staff pages open only to a session that passed a second factor (unless `STAFF_MFA_REQUIRED` is off)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from agreements.catalog.permissions import Permission, datasets_for
from agreements.people.models import User
from agreements.web import proofs
from agreements.web.code_page import away

# Every address under which somebody acts by a role. What begins otherwise is for everyone.
STAFF_PREFIXES: Final = ("/review/", "/stewardship/", "/record/", "/mailbox/", "/admin/")


class StaffGateMiddleware:
    """Sends staff without a second factor to set one up, and staff who have not used theirs to use it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Return where to go first, or None to go on."""
        if not request.path_info.startswith(STAFF_PREFIXES) or not settings.STAFF_MFA_REQUIRED:
            return None
        user = request.user
        if not isinstance(user, User) or proofs.passed_second_factor(request) or not is_staff(user):
            return None
        if proofs.has_second_factor(user):
            messages.info(request, _("This page is for staff: confirm with your second factor first."))
            return away(request, reverse("mfa_reauthenticate"), back_after_post="/")
        messages.warning(
            request,
            _("Your role needs a second factor beside the mailed code. Set one up to go on; it takes a minute."),
        )
        return away(request, reverse("mfa_activate_totp"), back_after_post="/")


def is_staff(user: User) -> bool:
    """Return whether this person acts by a role here: for a dataset, or as site administrator."""
    return user.is_staff or datasets_for(Permission.VIEW_CASES, by=user.actor).exists()
