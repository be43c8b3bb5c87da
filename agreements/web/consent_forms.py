"""The holder's form about new terms: a tick for each clause that is new to them, and one for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.catalog.terms_changes import Change, ClauseChange
from agreements.grants.models import TermsConsent

_PREFIX: Final = "clause-"


class ConsentForm(forms.Form):
    """Every changed and every new clause is ticked by itself; `seen` is the SHA-256 of the text on the screen."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    accept = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick this if you agree; or say below that you do not.")}
    )

    def __init__(self, data: Any = None, *, consent: TermsConsent, changes: Sequence[ClauseChange]) -> None:
        terms = consent.campaign.terms
        super().__init__(data, initial={"seen": terms.sha256})
        last = self.fields.pop("accept")
        last.label = _(
            "I have read terms %(new)s and agree to them, in place of %(old)s, for access %(reference)s."
        ) % {
            "new": terms.version,
            "old": consent.grant.terms.version,
            "reference": consent.grant.reference,
        }
        for change in changes:
            self.fields[f"{_PREFIX}{change.id}"] = forms.BooleanField(
                label=_label(change),
                error_messages={
                    "required": _("Tick “%(heading)s” if you agree to it.") % {"heading": _heading(change)},
                },
            )
        self.fields["accept"] = last

    @property
    def boxes(self) -> dict[str, forms.BoundField]:
        """Return the ticks by the id of the clause that each is for."""
        return {name.removeprefix(_PREFIX): self[name] for name in self.fields if name.startswith(_PREFIX)}

    @property
    def has_ticks(self) -> bool:
        """Return whether anything was ticked when the form was sent."""
        return any(self[name].value() for name in self.fields if name != "seen")


class NoForm(forms.Form):
    """What says on the page of new terms that the holder does not agree to them."""

    action = forms.CharField(widget=forms.HiddenInput, initial="decline")


def _heading(change: ClauseChange) -> str:
    return str(change.new["heading"]) if change.new else ""


def _label(change: ClauseChange) -> str:
    if change.kind is Change.ADDED:
        return _("I agree to the new clause “%(heading)s”.") % {"heading": _heading(change)}
    return _("I agree to “%(heading)s” as it reads now.") % {"heading": _heading(change)}
