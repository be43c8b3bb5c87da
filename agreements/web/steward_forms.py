"""The steward's forms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import Role
from agreements.identity.models import Verdict


class GrantSearchForm(forms.Form):
    """Which grants the desk lists."""

    words = forms.CharField(
        label=_("Search"), required=False, max_length=100, help_text=_("Holder, organization or reference.")
    )


class InvitationForm(forms.Form):
    """Who is invited to which role."""

    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.REVIEWER)


class RuleForm(forms.Form):
    """What the steward says about a domain."""

    suffix = forms.CharField(
        label=_("Domain"), max_length=253, help_text=_("Such as pjlab.org.cn; hosts below it too.")
    )
    verdict = forms.ChoiceField(label=_("Means"), choices=Verdict.choices)
    reason = forms.CharField(label=_("Why"), max_length=500)
