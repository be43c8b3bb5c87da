"""What is different between two versions of the terms, clause by clause and word by word. Pure: text in, lists out.

A clause is the same clause by its id, whatever its heading or its place. Words are compared within a clause alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agreements.catalog.terms_akin import akin

Clause = Mapping[str, Any]
"""As `Terms.clauses` has them: {"id", "heading", "paragraphs": [...]}."""

BREAK: Final = "\n\n"
"""Stands between two paragraphs, as a word of its own."""

# Chinese, Japanese and Korean have no spaces between words: there a character is compared like a word.
_ONE: Final = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]"
_WORD: Final = re.compile(rf"\n\n|(?:{_ONE}|(?:(?!{_ONE})\w)+(?:['’-](?:(?!{_ONE})\w)+)*|[^\w\s])[^\S\n]*|\s+")
_READABLE: Final = 0.3
"""Below this likeness single words that happen to agree help nobody: all of the old is shown, then all of the new."""
_MOST: Final = 16_000_000
"""Words of the one text times words of the other; above it whole paragraphs are compared."""


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    SAME = "same"


class Op(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


Words = list[tuple[Op, str]]


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """What became of one clause. `number` counts from 1 as the text is printed; None where it does not stand.

    `words` is the whole text of the clause in pieces, `heading` its heading in pieces. `akin` names the clause from
    which most words of an added one came, or in which most words of a removed one stand now. `is_moved`: it changed its
    place among the clauses that both versions have, be its words the same or not.
    """

    id: str
    kind: Change
    old: Clause | None
    new: Clause | None
    heading: Words
    words: Words
    old_number: int | None = None
    number: int | None = None
    is_moved: bool = False
    akin: str = ""

    @property
    def paragraphs(self) -> list[Words]:
        """Return `words` paragraph by paragraph; one that only one of the versions has is a paragraph too.

        Where nothing but the break between two paragraphs came or went, a pilcrow stands for it.
        """
        found: list[Words] = [[]]
        for op, text in self.words:
            if text == BREAK and op is not Op.SAME:
                found[-1].append((op, "¶"))
            first, *others = text.split(BREAK)
            found[-1].append((op, first))
            found.extend([(op, other)] for other in others)
        shown = ([(op, text) for op, text in paragraph if text] for paragraph in found)
        return [paragraph for paragraph in shown if paragraph]


def clause_changes(old: Sequence[Clause], new: Sequence[Clause]) -> list[ClauseChange]:
    """Return every clause of both versions, in the order of the new one; a removed one stands where it stood."""
    before = {clause["id"]: clause for clause in old}
    after = {clause["id"]: clause for clause in new}
    moved = _moved([each for each in before if each in after], [each for each in after if each in before])
    numbers = {key: number for number, key in enumerate(before, start=1)}
    found = [
        _pair(before.get(key), clause, is_moved=key in moved, numbers=(numbers.get(key), number))
        for number, (key, clause) in enumerate(after.items(), start=1)
    ]
    related = akin(_plain(before), _plain(after))
    found = [_with(change, related.get(change.id, "")) for change in found]
    for place, key in enumerate(before):
        if key not in after:
            gone = _pair(before[key], None, is_moved=False, numbers=(place + 1, None))
            found.insert(_place_of_removed(found, list(before), place), _with(gone, related.get(key, "")))
    return found


def kept_changes(old: Sequence[Clause], new: Sequence[Clause]) -> tuple[ClauseChange, ...]:
    """Return the same, computed once for each pair of texts that this process was asked for lately.

    Published texts never change, and anybody may ask for their differences as often as they like.
    """
    return _kept_changes(json.dumps(old), json.dumps(new))


@lru_cache(maxsize=64)
def _kept_changes(old: str, new: str) -> tuple[ClauseChange, ...]:
    return tuple(clause_changes(json.loads(old), json.loads(new)))


def word_changes(old: str, new: str) -> Words:
    """Return the new text in pieces, with what was taken away where it stood. Nothing is lost or written twice."""
    tokens = _paragraphs if _count(old) * _count(new) > _MOST else _words
    before, after = tokens(old), tokens(new)
    matcher = SequenceMatcher(
        None, [one.strip() or one for one in before], [one.strip() or one for one in after], False
    )
    if matcher.ratio() < _READABLE:
        return _merged([(Op.REMOVED, old), (Op.ADDED, new)])
    pieces: Words = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pieces += _equal(before[i1:i2], after[j1:j2])
        else:
            pieces += [(Op.REMOVED, "".join(before[i1:i2])), (Op.ADDED, "".join(after[j1:j2]))]
    return _merged(_without_crumbs(_merged(pieces)))


def counts(changes: Sequence[ClauseChange]) -> dict[Change, int]:
    """Return how many clauses there are of each kind."""
    counted = Counter(change.kind for change in changes)
    return {kind: counted[kind] for kind in Change}


def to_agree(changes: Sequence[ClauseChange]) -> list[ClauseChange]:
    """Return the clauses whose text somebody who agreed to the old version has not agreed to yet."""
    return [change for change in changes if change.kind in {Change.CHANGED, Change.ADDED}]


def _pair(
    old: Clause | None, new: Clause | None, *, is_moved: bool, numbers: tuple[int | None, int | None]
) -> ClauseChange:
    heading = word_changes(*(clause["heading"] if clause else "" for clause in (old, new)))
    words = word_changes(*(BREAK.join(clause["paragraphs"]) if clause else "" for clause in (old, new)))
    is_same = all(op is Op.SAME for op, _text in heading + words)
    if old is None or new is None:
        kind = Change.ADDED if old is None else Change.REMOVED
    elif not is_same:
        kind = Change.CHANGED
    else:
        kind = Change.MOVED if is_moved else Change.SAME
    one = new or old
    assert one is not None
    return ClauseChange(one["id"], kind, old, new, heading, words, *numbers, is_moved)


def _with(change: ClauseChange, akin: str) -> ClauseChange:
    return replace(change, akin=akin) if akin else change


def _moved(before: list[str], after: list[str]) -> set[str]:
    """Return the fewest clauses whose moving explains the new order: all but the longest run that kept its order."""
    place = {key: number for number, key in enumerate(before)}
    longest: list[list[str]] = []
    for key in after:
        fitting = [run for run in longest if place[run[-1]] < place[key]]
        longest.append([*_longest(fitting), key])
    return set(after) - set(_longest(longest))


def _longest(runs: Sequence[list[str]]) -> list[str]:
    return max(runs, key=len) if runs else []


def _place_of_removed(found: Sequence[ClauseChange], before: Sequence[str], place: int) -> int:
    """Return where a removed clause is shown: behind the nearest clause before it that is shown already."""
    shown = {change.id: number for number, change in enumerate(found)}
    return next((shown[key] + 1 for key in reversed(before[:place]) if key in shown), 0)


def _plain(clauses: Mapping[str, Clause]) -> dict[str, list[str]]:
    return {key: [word.strip() for word in _words(BREAK.join(each["paragraphs"]))] for key, each in clauses.items()}


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _paragraphs(text: str) -> list[str]:
    return re.split(f"({BREAK})", text)


def _count(text: str) -> int:
    return len(_words(text))


def _spoken(text: str) -> list[str]:
    """Return the words of a text without its marks."""
    return [word for word in _words(text) if word[0].isalnum()]


def _equal(before: Sequence[str], after: Sequence[str]) -> Words:
    """Return words that agree; where only one of two has a space behind it, the space is the change."""
    pieces: Words = []
    for one, other in zip(before, after, strict=True):
        if one.isspace() or one[-1:].isspace() == other[-1:].isspace():
            pieces.append((Op.SAME, other))
        else:
            word = other.rstrip()
            pieces += [(Op.SAME, word), (Op.REMOVED, one[len(word) :]), (Op.ADDED, other[len(word) :])]
    return pieces


def _merged(pieces: Words) -> Words:
    """Return pieces without empty ones, those of one kind in a row as one; of a change, what was removed stands first.

    A space that both sides of a change end with did not change.
    """
    found: Words = []
    changed = {Op.REMOVED: "", Op.ADDED: ""}

    def add(op: Op, text: str) -> None:
        if text and found and found[-1][0] is op:
            found[-1] = (op, found[-1][1] + text)
        elif text:
            found.append((op, text))

    def end_change() -> None:
        old, new = changed[Op.REMOVED], changed[Op.ADDED]
        space = " " if old.endswith(" ") and new.endswith(" ") else ""
        cut = len(space)
        add(Op.REMOVED, old[: len(old) - cut])
        add(Op.ADDED, new[: len(new) - cut])
        add(Op.SAME, space)
        changed.update({Op.REMOVED: "", Op.ADDED: ""})

    for op, text in pieces:
        if op is Op.SAME:
            end_change()
            add(op, text)
        else:
            changed[op] += text
    end_change()
    return found


def _without_crumbs(pieces: Words) -> Words:
    """Return pieces in which a lone word between two changes belongs to them: nobody reads a text in shreds."""
    found: Words = []
    for place, (op, text) in enumerate(pieces):
        is_between = 0 < place < len(pieces) - 1
        is_crumb = op is Op.SAME and is_between and BREAK not in text and len(_spoken(text)) < 2
        if is_crumb and len(_spoken(pieces[place - 1][1] + " " + pieces[place + 1][1])) >= 4:
            found += [(Op.REMOVED, text), (Op.ADDED, text)]
        else:
            found.append((op, text))
    return found
