"""The forms of rules about addresses: what is said of a domain, then why."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from agreements.identity.models import Verdict
from agreements.identity.rules import LONGEST
from agreements.web.day_ahead_field import DayAheadField
from agreements.web.reason_field import ReasonField


class RuleForm(forms.Form):
    """What the steward says of a domain."""

    suffix = forms.CharField(
        label=gettext_lazy("Domain"),
        max_length=LONGEST,
        help_text=gettext_lazy("Such as pjlab.org.cn. It holds for every address that ends in it, hosts below it too."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    verdict = forms.ChoiceField(label=gettext_lazy("An address there is"), choices=Verdict.choices)
    until = DayAheadField(
        label=gettext_lazy("Ends by itself on"),
        help_text=gettext_lazy("Leave it empty for a rule that holds until a steward ends it."),
    )


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
