"""The forms about terms on the desk: publishing a version, and deciding what it means for access that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.catalog import publishing_terms, terms_limits
from agreements.catalog.models import Dataset
from agreements.catalog.source_errors import BadSource
from agreements.catalog.terms_source import TermsSource, order
from agreements.core.errors import DomainError, Invalid
from agreements.documents.fonts import unprintable
from agreements.grants.models import TermsChoice
from agreements.grants.terms_change import campaigns
from agreements.grants.terms_change.standing import Standing
from agreements.web.campaign_rows import SUSPENDED

GRACE_DAYS: Final = 30
"""What is offered first; the steward chooses."""


class TermsForm(forms.Form):
    """A version in its parts. Valid, it has a `source` that could be published at this moment."""

    version = forms.CharField(
        label=gettext_lazy("Version"),
        max_length=terms_limits.VERSION_LIMIT,
        help_text=gettext_lazy("Higher than every version before it, such as 1.1."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=terms_limits.TITLE_LIMIT)
    effective_from = forms.DateField(
        label=gettext_lazy("In force from"),
        help_text=gettext_lazy("Whoever applies from this day on agrees to it. Leave people the time to read."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    clauses = forms.CharField(
        label=gettext_lazy("Clauses"),
        strip=False,
        help_text=gettext_lazy(
            "Each begins with a line such as “## Research only {#research-only}”; an empty line ends a paragraph. "
            "What stands in {#…} says which clause it is: keep it where the clause stays, whatever its heading."
        ),
        widget=forms.Textarea(attrs={"rows": 28, "class": "source", "spellcheck": "true"}),
    )

    def __init__(self, *args: Any, dataset: Dataset, is_hidden: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dataset = dataset
        self.source: TermsSource | None = None
        if is_hidden:
            self.fields["action"] = forms.CharField()
            for form_field in self.fields.values():
                form_field.widget = forms.HiddenInput()

    def clean_clauses(self) -> str:
        """Return the text; refuse the first line that cannot be printed, since the agreement prints every line."""
        text: str = self.cleaned_data["clauses"]
        # As the file's lines are counted: what else Unicode calls a line break is a character that cannot be printed.
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for number, line in enumerate(lines, start=1):
            if (words := _why_not_printed(line)) is not None:
                raise forms.ValidationError(_line(number, words))
        return text

    def clean_title(self) -> str:
        """Return the title; refuse what cannot be printed, since the agreement prints it on top."""
        title: str = self.cleaned_data["title"]
        if (words := _why_not_printed(title)) is not None:
            raise forms.ValidationError(capfirst(words))
        return title

    def clean(self) -> dict[str, Any]:
        """Put the version together and check all that publishing it would refuse."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        try:
            self.source = publishing_terms.compose(
                version=given["version"],
                title=given["title"],
                effective_from=given["effective_from"],
                clauses=given["clauses"],
            )
        except BadSource as bad:
            words = capfirst(bad.problem)
            self.add_error("clauses", words if bad.line is None else _line(bad.line, words))
        except Invalid as refused:
            self.add_error(refused.field, str(refused))
        if self.source is not None:
            try:
                publishing_terms.check_publishable(self._dataset, self.source)
            except BadSource as bad:
                self.add_error(None, capfirst(bad.problem))
            except DomainError as refused:
                self.add_error(getattr(refused, "field", None), str(refused))
        return given


def following(dataset: Dataset) -> dict[str, str]:
    """Return what the form of a new version begins with: the newest text, under the next number."""
    before = publishing_terms.versions(dataset)
    if not before:
        return {"version": "1.0"}
    newest = before[max(before, key=order)]
    return {
        "version": _next_version(newest.version),
        "title": newest.title,
        "clauses": publishing_terms.body_of(newest),
    }


class DecideForm(forms.Form):
    """What running access is to become, before anybody was counted."""

    choice = forms.ChoiceField(
        label=gettext_lazy("Running access under earlier terms"),
        choices=[
            (TermsChoice.ASK.value, gettext_lazy("Ask every holder to agree; whoever does not is suspended")),
            (TermsChoice.KEEP.value, gettext_lazy("Leave it under the terms it was given under")),
        ],
        widget=forms.RadioSelect,
    )
    grace_days = forms.IntegerField(
        label=gettext_lazy("Days of grace"),
        required=False,
        initial=GRACE_DAYS,
        help_text=gettext_lazy("Counted from now, or from the day on which the terms take effect if that is later."),
        widget=forms.NumberInput(attrs={"min": campaigns.GRACE_DAYS[0], "max": campaigns.GRACE_DAYS[1]}),
    )
    note = forms.CharField(
        label=gettext_lazy("Why the terms have changed"),
        required=False,
        max_length=campaigns.NOTE_LIMIT,
        help_text=gettext_lazy("The holders read this in the mail and above the changes."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any]:
        """Check the days and the reason as deciding does, both at once."""
        given: dict[str, Any] = super().clean() or {}
        if "choice" in given:
            choice = TermsChoice(given["choice"])
            self._check("grace_days", lambda days: campaigns.checked_days(days, choice))
            self._check("note", lambda note: campaigns.checked_note(note, choice))
        return given

    def _check(self, name: str, check: Callable[[Any], object]) -> None:
        if name in self.cleaned_data:
            try:
                check(self.cleaned_data[name])
            except Invalid as refused:
                self.add_error(name, str(refused))


class DecidedForm(DecideForm):
    """The same, decided: with the number of grants that was shown, typed where it is more than one."""

    action = forms.CharField(widget=forms.HiddenInput)
    expected = forms.IntegerField(min_value=0, max_value=2**31, widget=forms.HiddenInput)
    number = forms.IntegerField(
        help_text=gettext_lazy("Type the number that stands above."),
        widget=forms.NumberInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._count = count
        for name in ("choice", "grace_days", "note"):
            self.fields[name].widget = forms.HiddenInput()
        self.fields["number"].label = _("How many accesses does this reach?")
        if count < 2:
            del self.fields["number"]

    def clean_number(self) -> int:
        """Return the number typed, which is that of the accesses reached."""
        typed: int = self.cleaned_data["number"]
        if typed != self._count:
            words = ngettext("It reaches %(n)d access.", "It reaches %(n)d accesses.", self._count)
            raise forms.ValidationError(words % {"n": self._count})
        return typed


class AnswerFilterForm(forms.Form):
    """Which answers of a campaign are listed."""

    show = forms.ChoiceField(
        label=gettext_lazy("Show"),
        required=False,
        choices=[
            ("", gettext_lazy("All who were asked")),
            *Standing.choices,
            (SUSPENDED, gettext_lazy("Suspended for it")),
        ],
    )
    words = forms.CharField(
        label=gettext_lazy("Search"),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Holder, organization or reference."),
    )


def _next_version(version: str) -> str:
    """Return the next version that can be published, or an empty text where no number is left."""
    first, second, third = order(version)
    following = (f"{first}.{second + 1}", f"{first + 1}.0", f"{first}.{second}.{third + 1}")
    return next((each for each in following if terms_limits.of_version(each) is None), "")


def _why_not_printed(line: str) -> str | None:
    if (hidden := terms_limits.of_line(line)) is not None:
        return hidden
    words = _("this cannot be printed on the agreement: %(characters)s")
    return words % {"characters": ", ".join(missing)} if (missing := unprintable(line)) else None


def _line(number: int, words: str) -> str:
    return _("Line %(number)d: %(words)s") % {"number": number, "words": words}
