"""The site administrator's pages: people, and taking away a lost second factor.

Signing in happens on the site's own pages, and the staff gate asks for a second factor. No domain model stands
here: datasets, applications and grants change by domain functions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

# Imported first, so that what they register is there to be taken away.
import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
import django.contrib.auth.admin  # noqa: F401
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agreements.flows import accounts
from agreements.people.models import User
from agreements.people.sessions import end_sessions

if TYPE_CHECKING:
    PeopleAdmin = admin.ModelAdmin[User]
    FactorAdmin = admin.ModelAdmin[Authenticator]
else:  # Django's class is generic for the type checker only
    PeopleAdmin = FactorAdmin = admin.ModelAdmin

admin.site.site_header = admin.site.site_title = _("Countersign: site administration")
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign, no-untyped-call]
for model in (Group, EmailAddress, Authenticator, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(User)
class UserAdmin(PeopleAdmin):
    """People. Nobody is added here (they sign in) or deleted (what they signed names them): accounts are closed."""

    list_display = ("email", "name", "is_active", "is_staff", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name", "public_id")
    readonly_fields = ("email", "public_id", "name", "language", "time_zone", "date_joined", "last_login")
    fields = (*readonly_fields, "is_active", "is_staff")
    actions = ["sign_out"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Hand what was ticked to the domain, which ends sessions and writes the record."""
        assert isinstance(request.user, User)
        by = request.user.actor
        if obj.pk != by.pk:
            accounts.set_administrator(user=obj, is_administrator=obj.is_staff, by=by)
            accounts.set_open(user=obj, is_open=obj.is_active, by=by)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """One's own account is another administrator's to change."""
        own = obj is not None and obj.pk == request.user.pk
        return self.fields if own else self.readonly_fields

    @admin.action(description=_("Sign out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            end_sessions(user)


@admin.register(Authenticator)
class AuthenticatorAdmin(FactorAdmin):
    """Second factors: shown without their secrets, and deleted for somebody who lost theirs."""

    list_display = ("user", "type", "created_at", "last_used_at")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    search_fields = ("user__email",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Authenticator) -> None:
        """Delete, and sign the person out: a session that passed the lost factor must not live on."""
        user = obj.user
        super().delete_model(request, obj)
        end_sessions(user)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        users = {authenticator.user for authenticator in queryset}
        super().delete_queryset(request, queryset)
        for user in users:
            end_sessions(user)
