"""The forms of rules about addresses: what is said of a domain, then why."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.core.clock import now
from agreements.identity.models import Verdict
from agreements.identity.rules import LONGEST
from agreements.web.reason_field import ReasonField


class EndsOnField(forms.DateField):
    """The day on which a rule ends by itself; the moment at which that day begins, where the reader is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=gettext_lazy("Ends by itself on"),
            required=False,
            help_text=gettext_lazy("Leave it empty for a rule that holds until a steward ends it."),
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


class RuleForm(forms.Form):
    """What the steward says of a domain."""

    suffix = forms.CharField(
        label=gettext_lazy("Domain"),
        max_length=LONGEST,
        help_text=gettext_lazy("Such as pjlab.org.cn. It holds for every address that ends in it, hosts below it too."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    verdict = forms.ChoiceField(label=gettext_lazy("An address there is"), choices=Verdict.choices)
    until = EndsOnField()


class _GatherAgain(forms.Form):
    """Whether waiting cases are looked at anew; asked only where there are some."""

    gather_again = forms.BooleanField(required=False, initial=True)

    def ask_for(self, waiting: int) -> None:
        """Name how many cases it is about, or leave the question out."""
        if not waiting:
            del self.fields["gather_again"]
            return
        self.fields["gather_again"].label = ngettext(
            "Gather the evidence of the %(n)d waiting case again",
            "Gather the evidence of the %(n)d waiting cases again",
            waiting,
        ) % {"n": waiting}


class NewRuleForm(_GatherAgain, RuleForm):
    """The whole rule, with its reason; what was chosen before the preview stays as it was."""

    reason = ReasonField(
        label=gettext_lazy("Why"), help_text=gettext_lazy("Reviewers read it beside each case that the rule touches.")
    )
    field_order = ("suffix", "verdict", "until", "reason", "gather_again")

    def after_preview(self, waiting: int) -> NewRuleForm:
        """Return the form as it stands below the preview."""
        for name in RuleForm.base_fields:
            self.fields[name].widget = self.fields[name].hidden_widget()
        self.ask_for(waiting)
        return self


class EndRuleForm(_GatherAgain):
    """Ending a rule."""
