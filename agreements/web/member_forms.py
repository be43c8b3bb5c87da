"""Forms about members."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.grants.members.membership import EXPLANATION_LIMIT


class InviteForm(forms.Form):
    """Who is invited."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("Of your own organization: the terms bind copies to one site."),
    )
    explanation = forms.CharField(
        label=_("If the address is of another organization: why"),
        max_length=EXPLANATION_LIMIT,
        required=False,
        help_text=_("Such as: works in our laboratory, paid by another institute. The lab reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RemovalForm(forms.Form):
    """Why somebody is removed."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=2000,
        help_text=_("The member reads it in the mail."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class JoinForm(forms.Form):
    """Agreeing to the terms."""

    agreed = forms.BooleanField(
        label=_("I have read the terms and agree to them for myself."),
        error_messages={"required": _("Tick this if you agree; otherwise close the page: nothing happens.")},
    )
