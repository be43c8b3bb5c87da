"""What is asked of the record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import Subset
from agreements.core.clock import now


class PersonForm(forms.Form):
    """Whom."""

    who = forms.CharField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        help_text=_("Or the id by which the record knows them."),
    )


class OrganizationForm(forms.Form):
    """Which organization, by its name, its domain, or both."""

    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    domain = forms.CharField(
        label=_("Domain"), required=False, max_length=253, help_text=_("Such as mit.edu; hosts below it too.")
    )


class AccessForm(forms.Form):
    """Which subset, and when (UTC)."""

    subset = forms.ChoiceField(label=_("Subset"))
    at = forms.DateTimeField(
        label=_("When (UTC)"),
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("A date alone means its first moment."),
    )

    def __init__(self, *args: Any, subsets: list[Subset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{each.dataset.slug}/{each.slug}", f"{each.dataset.title}: {each.title}") for each in subsets]
        self.fields["subset"] = forms.ChoiceField(label=_("Subset"), choices=choices)

    def clean_at(self) -> dt.datetime:
        """Return the moment in UTC, now if none was given."""
        given = self.cleaned_data["at"]
        return given.replace(tzinfo=dt.UTC) if given else now()
