"""The forms about subsets that opened, and about earlier access."""

from __future__ import annotations

from typing import ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import OpeningChoice


class OpeningForm(forms.Form):
    """What was chosen, and the number of grants that the steward was shown."""

    choice = forms.ChoiceField(choices=OpeningChoice.choices, widget=forms.HiddenInput)
    expected = forms.IntegerField(min_value=0, max_value=2**31, widget=forms.HiddenInput)


class OfferForm(forms.Form):
    """The terms are accepted once more, for the subset that is offered."""

    accept = forms.BooleanField(label=_("I have read the terms and accept them for this subset too."))


class ConfirmForm(forms.Form):
    """The holder's word on access that was brought in."""

    right = forms.BooleanField(
        label=_("What is written above is right: it is my access, and the site where I keep it.")
    )
    accept = forms.BooleanField(label=_("I have read the terms and accept them."))


class DeclineForm(forms.Form):
    """That the data is no longer used, and what became of the copies."""

    COPIES: ClassVar[str] = "destroy"
    copies = forms.ChoiceField(
        label=_("Copies of the data"),
        choices=(
            ("none", _("I have none, and nobody at my site has: all were destroyed, or there never were any.")),
            (COPIES, _("There are copies; I will destroy all of them, derived data included.")),
        ),
        widget=forms.RadioSelect,
    )
