"""The form by which a steward opens a dataset again after a restore."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.models import Dataset

LONGEST: Final = 64 * 1024
"""Characters of a mail with a checkpoint in it, or of several."""


class ReconcilingForm(forms.Form):
    """Which checkpoint, what was found and done again, and the dataset's short name typed."""

    checkpoint = forms.CharField(
        label=gettext_lazy("Newest checkpoint that you kept"),
        required=False,
        max_length=LONGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=gettext_lazy("Paste the mail with the checkpoint, whole."),
    )
    checkpoint_file = forms.FileField(
        label=gettext_lazy("Or the file"), required=False, help_text=gettext_lazy("As downloaded, or the saved mail.")
    )
    without = forms.BooleanField(
        label=gettext_lazy("Nobody has a checkpoint: I open it without one, and the record says so."), required=False
    )
    reason = forms.CharField(
        label=gettext_lazy("What you found, and what you did again"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    typed = forms.CharField(max_length=60)

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slug = dataset.slug
        self.fields["typed"].label = _("Type %(slug)s to open it") % {"slug": dataset.slug}

    def clean_typed(self) -> str:
        """Raise ValidationError unless the dataset's short name was typed."""
        typed = str(self.cleaned_data["typed"]).strip()
        if typed != self.slug:
            raise forms.ValidationError(_("Type %(slug)s, as it stands here.") % {"slug": self.slug})
        return typed


def checkpoint_text(form: ReconcilingForm) -> str:
    """Return what was pasted, or what is in the file that was sent."""
    pasted = str(form.data.get("checkpoint") or "")[:LONGEST]
    sent = form.files.get("checkpoint_file")
    if pasted.strip() or sent is None:
        return pasted
    return bytes(sent.read(LONGEST)).decode(errors="replace")
