"""A day that lies ahead, as a field of a form."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from agreements.core.clock import now


class DayAheadField(forms.DateField):
    """A day that may be left out; its value is the moment at which the day begins, where the reader is."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(required=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> dt.datetime | None:
        """Return the moment, or None where no day was given."""
        day = super().clean(value)
        if day is None:
            return None
        begins = timezone.make_aware(dt.datetime.combine(day, dt.time.min))
        if begins <= now():
            raise forms.ValidationError(_("Choose a day in the future."))
        return begins
