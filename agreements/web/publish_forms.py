"""The forms with which a steward publishes and withdraws archives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from agreements.catalog.models import SealKind, Subset

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class SubsetForm(forms.Form):
    """Which subset an archive belongs to."""

    subset = forms.ChoiceField(label=_("Subset"))

    def __init__(self, *args: Any, subsets: Sequence[Subset], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ChoiceField", self.fields["subset"])
        field.choices = [("", _("Choose a subset"))]
        field.choices += [(subset.slug, f"{subset.title} ({subset.get_access_display()})") for subset in subsets]


class BeginForm(forms.Form):
    """What a browser announces before it sends a file: the domain says what is wrong with it."""

    subset = forms.SlugField()
    name = forms.CharField(max_length=1000, strip=False)
    size = forms.IntegerField()


class NameForm(forms.Form):
    """Under which name the archive would be published, and which of its members are shown."""

    name = forms.CharField(
        label=_("File name as downloaded"),
        max_length=120,
        help_text=_("A name that is there already gets a new version; another name is another archive."),
    )


class MemberSearchForm(forms.Form):
    """Which members are shown."""

    words = forms.CharField(
        label=_("Search"), required=False, max_length=200, help_text=_("Part of a file's name or folder.")
    )


SEALS: dict[SealKind, StrOrPromise] = {
    SealKind.PERSONAL: _("Personal seal: each person has a password of their own, and a copy that leaks names it"),
    SealKind.SHARED: _("Shared seal: sealed once, one password for everybody; for very large audiences"),
    SealKind.NONE: _("No seal: anybody can download and open it"),
}


class PublishForm(forms.Form):
    """How it is sealed; what anybody may have is said once more. `previewed` is the digest of what the page shows."""

    seal = forms.ChoiceField(label=_("Seal"), widget=forms.RadioSelect)
    for_anybody = forms.BooleanField(label=_("Anybody may download these files"))
    previewed = forms.RegexField("^([0-9a-f]{64})?$", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, seals: Sequence[SealKind], is_open: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_open:
            del self.fields["for_anybody"]
        field = cast("forms.ChoiceField", self.fields["seal"])
        field.choices = [(seal, SEALS[seal]) for seal in seals]
        field.initial = seals[0] if seals else None


class WithdrawalForm(forms.Form):
    """Why a version is withdrawn."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=5000,
        help_text=_("Kept for the lab; the record keeps its digest."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
