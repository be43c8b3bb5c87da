"""The forms of procedures: what to list, whom to reach, on what grounds, and why one is lifted."""

from __future__ import annotations

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from agreements.revocation.listing import Progress
from agreements.revocation.models import ProcedureAct
from agreements.web.reason_field import ReasonField


class ProcedureFilterForm(forms.Form):
    """Which procedures are listed."""

    act = forms.ChoiceField(label=_("Kind"), required=False)
    progress = forms.ChoiceField(label=_("Status"), required=False)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, choices in (("act", ProcedureAct.choices), ("progress", Progress.choices)):
            shown = [("", _("all")), *((value, capfirst(str(label))) for value, label in choices)]
            field = forms.ChoiceField(label=self.fields[name].label, required=False, choices=shown)
            self.fields[name] = field


class LiftForm(forms.Form):
    """Why a suspension is lifted."""

    reason = ReasonField(help_text=_("The researchers read this in the mail that tells them."))
