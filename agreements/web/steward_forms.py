"""The steward's forms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import Role


class GrantSearchForm(forms.Form):
    """Which grants the desk lists."""

    words = forms.CharField(
        label=_("Search"), required=False, max_length=100, help_text=_("Holder, organization or reference.")
    )


class InvitationForm(forms.Form):
    """Who is invited to which role."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.REVIEWER)
