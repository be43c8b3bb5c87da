"""Two versions of the terms beside each other, as pages show them: what changed in full, what stayed folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from agreements.catalog.models import Terms
from agreements.catalog.terms_changes import Change, Clause, ClauseChange, Words, counts, kept_changes, word_changes
from agreements.catalog.terms_source import TermsSource

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_TONES: Final = {
    Change.ADDED: "accent",
    Change.REMOVED: "bad",
    Change.CHANGED: "attention",
    Change.MOVED: "quiet",
    Change.SAME: "quiet",
}
_WORDS: Final[dict[Change, StrOrPromise]] = {
    Change.ADDED: gettext_lazy("New clause"),
    Change.REMOVED: gettext_lazy("Taken out"),
    Change.CHANGED: gettext_lazy("Changed"),
    Change.MOVED: gettext_lazy("Moved"),
    Change.SAME: gettext_lazy("Unchanged"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One clause. `notes` are sentences about its place and its words; `box` is the tick that a form asks for it."""

    change: ClauseChange
    word: StrOrPromise
    tone: str
    notes: tuple[str, ...] = ()
    box: forms.BoundField | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Clauses that follow one another: either all unchanged, and shown folded, or all shown."""

    is_same: bool
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What to show. `summary` says in a sentence how many clauses are what; `title` is the title in pieces."""

    old: Terms
    new: Terms | TermsSource
    changes: Sequence[ClauseChange]
    parts: list[Part]
    summary: str
    title: Words = field(default_factory=list)

    @property
    def has_new_title(self) -> bool:
        return self.old.title != self.new.title


def compare(old: Terms, new: Terms | TermsSource, *, boxes: Mapping[str, forms.BoundField] | None = None) -> Comparison:
    """Return what is different from `old` to `new`. `boxes` are ticks by the id of the clause they are for."""
    changes = kept_changes(old.clauses, new.clauses)
    before, after = ({clause["id"]: clause for clause in terms.clauses} for terms in (old, new))
    rows = [_row(change, before, after, (boxes or {}).get(change.id)) for change in changes]
    groups = groupby(rows, key=lambda row: row.change.kind is Change.SAME)
    parts = [Part(is_same, list(group)) for is_same, group in groups]
    return Comparison(old, new, changes, parts, _summary(changes), word_changes(old.title, new.title))


def _row(
    change: ClauseChange, before: Mapping[str, Clause], after: Mapping[str, Clause], box: forms.BoundField | None
) -> Row:
    notes = []
    if change.is_moved:
        notes.append(
            _("It was clause %(old)d and is clause %(new)d.") % {"old": change.old_number, "new": change.number}
        )
    if change.akin and change.kind is Change.ADDED:
        notes.append(_("Most of its words stood in “%(heading)s”.") % {"heading": before[change.akin]["heading"]})
    elif change.akin:
        notes.append(_("Most of its words stand in “%(heading)s” now.") % {"heading": after[change.akin]["heading"]})
    return Row(change, _WORDS[change.kind], _TONES[change.kind], tuple(notes), box)


def _summary(changes: Sequence[ClauseChange]) -> str:
    """Return `2 clauses changed, 1 added; 3 stay as they are.`"""
    number = counts(changes)
    said = [
        (number[Change.CHANGED], ngettext("%(n)d clause changed", "%(n)d clauses changed", number[Change.CHANGED])),
        (number[Change.ADDED], ngettext("%(n)d clause is new", "%(n)d clauses are new", number[Change.ADDED])),
        (number[Change.REMOVED], ngettext("%(n)d was taken out", "%(n)d were taken out", number[Change.REMOVED])),
        (number[Change.MOVED], ngettext("%(n)d moved", "%(n)d moved", number[Change.MOVED])),
    ]
    told = [words % {"n": count} for count, words in said if count]
    if not told:
        return _("No clause is different.")
    same = number[Change.SAME]
    rest = ngettext("%(n)d stays as it is", "%(n)d stay as they are", same) % {"n": same}
    first: Any = _(", ").join(told)
    return f"{first}; {rest}." if same else f"{first}."
