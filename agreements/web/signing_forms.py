"""The form on which an agreement is signed: a tick for each clause, then the signature, drawn or typed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from agreements.applications.browser_signatures import clause_ids
from agreements.applications.drafting import LONGEST_NAME
from agreements.applications.models import Application, Manner
from agreements.core.errors import Invalid
from agreements.documents.strokes import LONGEST_TEXT, Strokes, parse
from agreements.flows.browser_signing import check_name

_CLAUSE: Final = "clause-"


@dataclass(frozen=True, slots=True)
class ClauseRow:
    """A clause as it is read, with its tick."""

    number: int
    id: str
    heading: str
    paragraphs: list[str]
    tick: BoundField


class SigningForm(forms.Form):
    """What is signed with. `issued` is the SHA-256 of the agreement that the page showed."""

    manner = forms.ChoiceField(
        label=gettext_lazy("How do you sign?"),
        choices=[(Manner.DRAWN, gettext_lazy("Draw it")), (Manner.TYPED, gettext_lazy("Type my name"))],
        initial=Manner.TYPED,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Draw your signature, or type your name.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Your name, as it is printed under the signature"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "name", "spellcheck": "false"}),
        error_messages={"required": gettext_lazy("Type your name: it is printed under the signature.")},
    )
    typed = forms.CharField(
        label=gettext_lazy("Type your name here: this is your signature"),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "typed-signature"}),
    )
    strokes = forms.CharField(required=False, max_length=LONGEST_TEXT, widget=forms.HiddenInput)
    issued = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, application: Application, kept: Mapping[str, str] | None = None) -> None:
        super().__init__(data, initial={"name": application.name} | dict(kept or {}))
        self.drawn: Strokes = ()
        """The signature, once the form is valid; empty for a name that was typed."""
        self._clauses = application.terms.clauses
        ids = clause_ids(application)
        for clause, clause_id in zip(self._clauses, ids, strict=True):
            self.fields[_CLAUSE + clause_id] = forms.BooleanField(
                label=clause["heading"],
                error_messages={"required": gettext_lazy("Not accepted yet: tick it once you have read it.")},
            )
        self.order_fields([_CLAUSE + clause_id for clause_id in ids])

    @property
    def clauses(self) -> Iterator[ClauseRow]:
        """Yield the clauses in order."""
        for number, clause in enumerate(self._clauses, start=1):
            tick = self[_CLAUSE + clause["id"]]
            yield ClauseRow(number, clause["id"], clause["heading"], clause["paragraphs"], tick)

    @property
    def count(self) -> int:
        """Return how many clauses there are."""
        return len(self._clauses)

    @property
    def left(self) -> int:
        """Return how many have no tick yet."""
        return sum(not row.tick.value() for row in self.clauses)

    def plain(self) -> dict[str, str]:
        """Return what was filled in, to be kept until a code has confirmed it."""
        given = {name: str(self.data[name]) for name in self.fields if name in self.data}
        return {name: value for name, value in given.items() if len(value) <= LONGEST_TEXT}

    def accepted(self) -> list[str]:
        """Return the ids of the clauses that were ticked."""
        return [row.id for row in self.clauses if self.cleaned_data.get(_CLAUSE + row.id)]

    def clean_name(self) -> str:
        """Return the name as it is printed; refuse what no font has."""
        try:
            return check_name(self.cleaned_data["name"])
        except Invalid as refused:
            raise forms.ValidationError(str(refused)) from None

    def clean(self) -> dict[str, Any]:
        """Read the drawing, or compare what was typed with the printed name."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("manner") == Manner.DRAWN:
            self._draw(cleaned.get("strokes", ""))
        elif cleaned.get("manner") == Manner.TYPED and "name" in cleaned:
            self._compare(cleaned.get("typed", ""), cleaned["name"])
        return cleaned

    def _draw(self, sent: str) -> None:
        try:
            self.drawn = parse(sent)
        except Invalid as refused:
            self.add_error("manner", str(refused))

    def _compare(self, typed: str, name: str) -> None:
        if not typed.strip():
            self.add_error("typed", _("Type your name: this is your signature."))
        elif _plain(typed) != _plain(name):
            self.add_error(
                "typed",
                _("This is not the printed name, “%(name)s”. Type it the same, or correct the printed name.")
                % {"name": name},
            )


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
