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
    """Which subset, and when (UTC): a day, or a moment of it."""

    subset = forms.ChoiceField(label=_("Subset"))
    on = forms.DateField(
        label=_("Day (UTC)"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Without a time: at any moment of that day. Without a day: now."),
    )
    time = forms.TimeField(
        label=_("Time (UTC)"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    def __init__(self, *args: Any, subsets: list[Subset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(f"{each.dataset.slug}/{each.slug}", f"{each.dataset.title}: {each.title}") for each in subsets]
        self.fields["subset"] = forms.ChoiceField(label=_("Subset"), choices=choices)

    def clean(self) -> dict[str, Any]:
        """Add `at`, the moment asked about, in UTC; None where a whole day is."""
        data = super().clean() or self.cleaned_data
        day, time = data.get("on"), data.get("time")
        if time is not None and day is None and "on" not in self.errors:
            self.add_error("on", _("Choose the day that the time is of."))
        if day is None:
            data["at"] = now()
        else:
            data["at"] = dt.datetime.combine(day, time, dt.UTC) if time is not None else None
        return data
