"""The forms of an application, one for each page of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from agreements.core.countries import country_choices
from agreements.web.several_files import SeveralFilesField, SeveralFilesInput

# Whether a phone offers its camera, its photographs or its files is left to the person: no `capture`.
_PAGES = "application/pdf,image/jpeg,image/png,image/heic,image/heif,.pdf,.jpg,.jpeg,.png,.heic,.heif"


def _countries() -> list[tuple[str, str]]:
    return [("", "…"), *country_choices()]


class DetailsForm(forms.Form):
    """Who applies, as printed in the agreement."""

    name = forms.CharField(
        label=_("Full name"),
        max_length=120,
        help_text=_("As you sign. Any script is welcome."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    organization = forms.CharField(
        label=_("Organization"),
        max_length=200,
        help_text=_("The university, institute or company for which you sign."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    position = forms.CharField(
        label=_("Position"),
        max_length=120,
        help_text=_("Such as professor, research scientist, PhD student."),
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    address_line1 = forms.CharField(
        label=_("Postal address"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "address-line1"})
    )
    address_line2 = forms.CharField(
        label=_("Postal address, second line"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "address-line2"}),
    )
    city = forms.CharField(
        label=_("City"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "address-level2"})
    )
    country = forms.ChoiceField(
        label=_("Country"), choices=_countries, widget=forms.Select(attrs={"autocomplete": "country"})
    )

    def complete_organization(self) -> None:
        """Let the organization be completed from the registry; without scripts it stays a plain field."""
        self.fields["organization"].widget.attrs |= {
            "data-complete": reverse("organizations"),
            "data-fills-city": self["city"].id_for_label,
            "data-fills-country": self["country"].id_for_label,
            "data-text-list": _("Organizations in the public registry"),
            "data-text-none": _("The registry has none by this name; what you type is taken as it is."),
            "data-text-one": _("One organization. Down arrow to choose it."),
            "data-text-many": _("{count} organizations. Up and down arrows to choose."),
            "data-text-chosen": _("{name} chosen."),
            "data-text-filled": _("{name} chosen; city and country are filled in where they were empty."),
        }


class SiteForm(forms.Form):
    """Where the copies will be, who works with them, and for what."""

    site_department = forms.CharField(
        label=_("Department or laboratory"),
        max_length=200,
        help_text=_("Copies may be kept at this one site only."),
    )
    site_city = forms.CharField(label=_("City of the site"), max_length=120)
    site_country = forms.ChoiceField(label=_("Country of the site"), choices=_countries)
    intended_use = forms.CharField(
        label=_("What will you use the data for?"),
        max_length=3000,
        help_text=_("A few sentences about the research; reviewers and the lab read this."),
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    members = forms.CharField(
        label=_("Colleagues who will work with the data"),
        required=False,
        max_length=4000,
        help_text=_("One per line: Name <address@organization>. Leave empty if it is only you."),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    def clean_members(self) -> list[tuple[str, str]]:
        """Return (name, address) pairs; each line that cannot be read is named."""
        pairs, bad = [], []
        for line in self.cleaned_data["members"].splitlines():
            if not line.strip():
                continue
            pair = _name_and_address(line)
            pairs.append(pair) if pair else bad.append(line.strip())
        if bad:
            message = _("Write each as Name <address@organization>. Not understood: %(lines)s")
            raise forms.ValidationError(message, params={"lines": "; ".join(bad)})
        return pairs


class SignedCopyForm(forms.Form):
    """The signed agreement coming back."""

    file = SeveralFilesField(
        label=_("Signed agreement"),
        allow_empty_file=True,  # the domain says it better
        widget=SeveralFilesInput(attrs={"accept": _PAGES}),
    )


class SubmitForm(forms.Form):
    """The last look before handing in."""

    accept = forms.BooleanField(
        label=_("I have read the terms, and what I wrote is true."),
        error_messages={"required": _("Confirm this to submit.")},
    )


def members_as_text(pairs: list[tuple[str, str]]) -> str:
    """Return the members as the form shows them."""
    return "\n".join(f"{name} <{email}>" for name, email in pairs)


def _name_and_address(line: str) -> tuple[str, str] | None:
    name, bracket, rest = line.strip().partition("<")
    email = rest.rstrip().removesuffix(">").strip()
    if not (name.strip() and bracket and rest.rstrip().endswith(">")):
        return None
    try:
        cleaned: Any = forms.EmailField().clean(email)
    except forms.ValidationError:
        return None
    return name.strip(), str(cleaned)
