"""The forms about subsets that opened, and about earlier access."""

from __future__ import annotations

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
