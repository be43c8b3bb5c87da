"""The reviewer's forms. Hidden fields carry what was on the screen, so that a decision cannot hit another case."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.applications.models import DecisionKind, Visibility
from agreements.catalog.models import Dataset
from agreements.review.decisions import Seen
from agreements.review.queue import FILTERS


class DecisionForm(forms.Form):
    """One decision with its reason."""

    kind = forms.ChoiceField(choices=DecisionKind.choices, widget=forms.HiddenInput)
    submission_number = forms.IntegerField(widget=forms.HiddenInput)
    evidence_digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Give the reason: the applicant reads it.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self["kind"].value() == DecisionKind.APPROVE:
            self.fields["reason"].required = False
            self.fields["reason"].help_text = _("Needed if the evidence is not complete.")

    @property
    def seen(self) -> Seen:
        return Seen(self.cleaned_data["submission_number"], self.cleaned_data["evidence_digest"])

    @classmethod
    def empty(cls, kind: DecisionKind, seen: Seen) -> DecisionForm:
        """Return a fresh form that is bound to what is on the screen."""
        initial = {"kind": kind, "submission_number": seen.submission_number, "evidence_digest": seen.evidence_digest}
        return cls(initial=initial, auto_id=f"{kind}-%s")

    def after_refusal(self, kind: DecisionKind, seen: Seen) -> DecisionForm:
        """Return this form with its reason and errors, bound to what is on the screen now for the next try."""
        fields = {"kind": kind, "submission_number": seen.submission_number, "evidence_digest": seen.evidence_digest}
        form = DecisionForm(fields | {"reason": self.data.get("reason", "")}, auto_id=f"{kind}-%s")
        form.full_clean()
        for name, errors in self.errors.as_data().items():
            if name != "reason" or not form.has_error("reason"):
                form.add_error(name if name == "reason" else None, errors)
        return form


class RemarkForm(forms.Form):
    """A note on the case."""

    text = forms.CharField(label=_("Remark"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))
    visibility = forms.ChoiceField(
        label=_("Who reads it"), choices=Visibility.choices, initial=Visibility.REVIEWERS, widget=forms.RadioSelect
    )


class QueueForm(forms.Form):
    """What the queue shows."""

    show = forms.ChoiceField(
        label=_("Show"),
        required=False,
        choices=[(name, chosen.label) for name, chosen in FILTERS.items()],
    )
    dataset = forms.ChoiceField(label=_("Dataset"), required=False)
    words = forms.CharField(label=_("Search"), required=False, max_length=100)

    def __init__(self, *args: Any, datasets: list[Dataset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("all")), *((item.slug, item.title) for item in datasets)]
        self.fields["dataset"] = forms.ChoiceField(label=_("Dataset"), required=False, choices=choices)
