"""Forms about the end of an access: renewing it, and moving to another institution."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.core.addresses import parse
from agreements.core.errors import Invalid
from agreements.flows import moving
from agreements.flows.moving import REASON_LIMIT
from agreements.grants.ends.renewing import USE_LIMIT
from agreements.grants.models import Grant, GrantMember


class StillField(forms.MultipleChoiceField):
    """Ticks that may all be taken away; it is not optional to look at them."""

    def validate(self, value: list[str]) -> None:
        """Raise ValidationError for what was not offered."""
        if value:
            super().validate(value)


class RenewalForm(forms.Form):
    """What is still used, by whom and for what. What is not ticked ends; `seen_end` is the end that the page showed."""

    seen_end = forms.DateTimeField(widget=forms.HiddenInput)
    subsets = forms.MultipleChoiceField(
        label=_("What do you still use?"),
        help_text=_("What you untick leaves your access; the rest goes on."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Keep at least one. If you use none of it, let the access end.")},
    )
    members = StillField(
        label=_("Who still works with the data?"),
        help_text=_("Whom you untick is removed at once, and told so."),
        widget=forms.CheckboxSelectMultiple,
    )
    use = forms.CharField(
        label=_("What do you use the data for?"),
        max_length=USE_LIMIT,
        help_text=_("A line or two; the lab reads it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    accept = forms.BooleanField(
        error_messages={"required": _("Tick this if you agree; without it the access is not renewed.")},
    )

    def __init__(self, data: Any = None, *, grant: Grant, members: list[GrantMember], kept: dict[str, Any]) -> None:
        subsets = [(subset.slug, subset.title) for subset in grant.subsets.order_by("position")]
        people = [(str(member.pk), f"{member.display_name} ({member.email})") for member in members]
        every = {"subsets": [slug for slug, _title in subsets], "members": [pk for pk, _name in people]}
        super().__init__(data, initial={"seen_end": grant.ends_at, **every, **kept})
        self._offered = every
        self._choose("subsets", subsets)
        self._choose("members", people)
        if not people:
            del self.fields["members"]
        self.fields["accept"].label = _("I agree again to terms %(version)s, for this access.") % {
            "version": grant.terms.version
        }

    def dropped(self, name: str) -> list[str]:
        """Return what was offered and not ticked."""
        return [value for value in self._offered[name] if value not in self.cleaned_data.get(name, [])]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices


class MovingForm(forms.Form):
    """Where to, and what the lab should know."""

    email = forms.EmailField(
        label=_("Your address at the new institution"),
        max_length=254,
        help_text=_("We mail a code to it. The new application is made for this address."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    reason = forms.CharField(
        label=_("What should the lab know?"),
        max_length=REASON_LIMIT,
        help_text=_("Where you go and when, in a line or two."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, grant: Grant, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._grant = grant

    def clean_email(self) -> str:
        """Return the address in its normal form; refuse the one of the old place."""
        try:
            address = parse(self.cleaned_data["email"]).normalized
            moving.check_new(address, grant=self._grant)
            return address
        except Invalid as refused:
            raise forms.ValidationError(str(refused)) from None
