"""The forms about copies that are to be destroyed."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.revocation.attesting import LONGEST_NAME, LONGEST_REMARK, Statement, names_agree


class AttestForm(forms.Form):
    """Each point of the statement ticked, the full name typed, and what the person wants to add.

    A name that is not the one on the agreement is asked about, once, and kept as it was typed.
    """

    def __init__(self, data: Any = None, *, statement: Statement, known_as: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.statement, self.known_as = statement, known_as
        for number, point in enumerate(statement.points, start=1):
            self.fields[f"point_{number}"] = forms.BooleanField(
                label=point,
                error_messages={"required": _("Tick this if it is so. If it is not, write to the lab instead.")},
            )
        self.fields["name"] = _name_field(known_as)
        if data is not None and (typed := str(data.get("name", "")).strip()) and not names_agree(typed, known_as):
            self.fields["name_is_right"] = _name_is_right(typed, known_as)
        self.fields["remark"] = forms.CharField(
            label=_("Remark"),
            required=False,
            max_length=LONGEST_REMARK,
            help_text=_("Anything the lab should know. It is printed in the certificate."),
            widget=forms.Textarea(attrs={"rows": 4}),
        )

    @property
    def seen(self) -> str:
        """Return the SHA-256 of the statement: the page sends back which one it showed."""
        return sha256(self.statement.text.encode()).hexdigest()

    def clean(self) -> dict[str, Any]:
        """Refuse what was ticked under another statement than today's, and another name without the word that it is."""
        given = super().clean() or {}
        if self.data.get("seen") != self.seen:
            raise forms.ValidationError(_("The statement was changed while this page was open. Read it again."))
        if "name_is_right" in self.fields and not given.get("name_is_right"):
            told = _("You are known here by another name. Correct what you typed, or tick this if it is right.")
            self.add_error("name_is_right", told)
        return given


class ExcuseForm(forms.Form):
    """Why somebody need not attest."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REMARK,
        help_text=gettext_lazy("Kept beside what was owed; the dataset's staff read it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def _name_field(known_as: str) -> forms.CharField:
    told = _("It stands for your signature.")
    if known_as:
        told = _("It stands for your signature. You are known here as: %(name)s") % {"name": known_as}
    return forms.CharField(
        label=_("Your full name"),
        max_length=LONGEST_NAME,
        help_text=told,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


def _name_is_right(typed: str, known_as: str) -> forms.BooleanField:
    names = {"typed": typed[:LONGEST_NAME], "known": known_as}
    # Not required, for the browser would not send a corrected name without the tick; `clean` asks for it.
    label = _("“%(typed)s” is my name, though I am known here as “%(known)s”.") % names
    return forms.BooleanField(label=label, required=False)
