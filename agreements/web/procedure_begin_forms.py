"""The forms that end or suspend access: whose, and then on what grounds."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.catalog.models import Dataset
from agreements.revocation.hits import Clause
from agreements.revocation.models import ProcedureAct, ScopeKind
from agreements.revocation.scope import choices
from agreements.web.bar_forms import AgainFromField
from agreements.web.reason_field import ReasonField

_OFFERED: Final = (
    ScopeKind.ORGANIZATION,
    ScopeKind.DOMAIN,
    ScopeKind.SITE,
    ScopeKind.SUBSET,
    ScopeKind.TERMS,
    ScopeKind.DATASET,
)
ACTS: Final = (
    (ProcedureAct.REVOKE.value, gettext_lazy("End it for good")),
    (ProcedureAct.SUSPEND.value, gettext_lazy("Suspend it; that can be lifted")),
)


class ChooseForm(forms.Form):
    """What is to happen, and to whom: chosen from what there is, or a person or an access by name."""

    act = forms.ChoiceField(label=gettext_lazy("What is to happen"), choices=ACTS, widget=forms.RadioSelect)
    target = forms.ChoiceField(label=gettext_lazy("Whose access"), required=False)
    named = forms.CharField(
        label=gettext_lazy("Or one person, or one access"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("An e-mail address, or a reference such as GB-G-7K2F9M."),
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = [(ScopeKind(kind).label, _options(dataset, kind)) for kind in _OFFERED]
        self.fields["target"] = forms.ChoiceField(
            label=self.fields["target"].label,
            required=False,
            choices=[("", "…"), *((label, options) for label, options in groups if options)],
        )

    def clean(self) -> dict[str, Any]:
        """Return what was chosen; one of the two, not both."""
        given: dict[str, Any] = super().clean() or {}
        if bool(given.get("target")) == bool((given.get("named") or "").strip()) and "target" not in self.errors:
            self.add_error("target", _("Choose from the list, or name a person or an access: one of the two."))
        return given


class GroundsForm(forms.Form):
    """The clause, the reason, what comes with it, and the number typed where more than one access is hit."""

    expected = forms.IntegerField(widget=forms.HiddenInput)
    clause_id = forms.ChoiceField(label=gettext_lazy("Clause"))
    reason = ReasonField(rows=4, help_text=gettext_lazy("The researchers read this in the notice."))
    bar = forms.ChoiceField(label=gettext_lazy("Bar from applying again"), required=False)
    until = AgainFromField()
    withdraw_dataset = forms.BooleanField(
        label=gettext_lazy("Withdraw the dataset as well"),
        required=False,
        help_text=gettext_lazy("Nobody can apply for it any more, and it is no longer listed."),
    )
    number = forms.IntegerField(required=False, widget=forms.NumberInput(attrs={"autocomplete": "off"}))

    def __init__(
        self,
        *args: Any,
        count: int,
        clauses: list[Clause],
        bars: list[tuple[str, str]],
        may_withdraw: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.count, self.no_clause = count, not clauses
        cited = [("", "…"), *((clause.id, f"{clause.heading} ({clause.id})") for clause in clauses)]
        self.fields["clause_id"] = forms.ChoiceField(label=self.fields["clause_id"].label, choices=cited)
        shown = [("", _("nobody")), *bars]
        self.fields["bar"] = forms.ChoiceField(label=self.fields["bar"].label, required=False, choices=shown)
        for name, is_asked in (
            ("bar", bool(bars)),
            ("until", bool(bars)),
            ("withdraw_dataset", may_withdraw),
            ("number", count > 1),
        ):
            if not is_asked:
                del self.fields[name]
        if count > 1:
            self.fields["number"].required = True
            self.fields["number"].label = _("How many accesses does this reach?")
            self.fields["number"].help_text = _("Type the number that stands above.")

    def clean(self) -> dict[str, Any]:
        """Return what was given; a day without anybody to bar would be lost in silence."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("until") and not given.get("bar"):
            self.add_error("bar", _("Choose who is barred until that day, or leave the day out."))
        return given

    def clean_number(self) -> int:
        """Return the number typed, which is that of the accesses hit."""
        typed: int = self.cleaned_data["number"]
        if typed != self.count:
            words = ngettext("It reaches %(n)d access.", "It reaches %(n)d accesses.", self.count)
            raise forms.ValidationError(words % {"n": self.count})
        return typed


def _options(dataset: Dataset, kind: ScopeKind) -> list[tuple[str, str]]:
    return [(f"{kind}:{each.value}", f"{each.label} ({each.grants})") for each in choices(dataset, kind)]
