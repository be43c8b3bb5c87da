"""The forms of bars: who may not apply again, until when, and why."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.core.clock import now
from agreements.web.reason_field import ReasonField


class AgainFromField(forms.DateField):
    """The first day on which somebody may apply again; the moment at which it begins, where the reader is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("May apply again from"),
            required=False,
            help_text=gettext_lazy("Leave it empty for a bar without an end; it can be lifted."),
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **kwargs,
        )

    def clean(self, value: Any) -> dt.datetime | None:
        """Return the moment, which lies ahead."""
        day = super().clean(value)
        if day is None:
            return None
        begins = timezone.make_aware(dt.datetime.combine(day, dt.time.min))
        if begins <= now():
            raise forms.ValidationError(_("This day is not ahead."))
        return begins


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
