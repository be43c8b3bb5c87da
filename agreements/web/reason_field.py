"""The field for the reason that whoever acts for a dataset gives."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy

LONGEST_REASON: Final = 5000


class ReasonField(forms.CharField):
    """A few lines, required; `label` and `help_text` say who reads them."""

    def __init__(self, *, rows: int = 3, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Reason"))
        super().__init__(max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)
