"""The forms of bars: who may not apply again, until when, and why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from agreements.web.day_ahead_field import DayAheadField
from agreements.web.reason_field import ReasonField


class AgainFromField(DayAheadField):
    """The first day on which somebody may apply again."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("May apply again from"),
            help_text=gettext_lazy("Leave it empty for a bar without an end; it can be lifted."),
            **kwargs,
        )


class BarForm(forms.Form):
    """Whom to bar: one field for a person's address or a domain."""

    whom = forms.CharField(
        label=gettext_lazy("E-mail address or domain"),
        max_length=254,
        help_text=gettext_lazy("The address of somebody known here, or a domain: it bars everybody below it too."),
    )
    until = AgainFromField()
    reason = ReasonField(
        help_text=gettext_lazy("Staff reads it. Who is barred learns only after submitting that they cannot apply.")
    )


class BarLiftForm(forms.Form):
    """Why a bar is lifted."""

    reason = ReasonField(label=gettext_lazy("Why"))
