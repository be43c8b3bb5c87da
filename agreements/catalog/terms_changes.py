"""What is different between two versions of the terms, clause by clause and word by word. Pure: text in, lists out.

A clause is the same clause by its id, whatever its heading or its place. Words are compared within a clause alone.
"""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from agreements.catalog.terms_akin import akin
from agreements.catalog.terms_matching import Budget, Matcher, Steps, TooMuch

Clause = Mapping[str, Any]
"""As `Terms.clauses` has them: {"id", "heading", "paragraphs": [...]}."""

BREAK: Final = "\n\n"
"""Stands between two paragraphs, as a word of its own."""

# Chinese, Japanese and Korean have no spaces between words: there a character is compared like a word.
_ONE: Final = "[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af]"
_WORD: Final = re.compile(rf"\n\n|(?:{_ONE}|(?:(?!{_ONE})\w)+(?:['’-](?:(?!{_ONE})\w)+)*|[^\w\s])[^\S\n]*|\s+")
_READABLE: Final = 0.3
"""Below this likeness single words that happen to agree help nobody: all of the old is shown, then all of the new."""


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
    """Return every clause of both versions, in the order of the new one; a removed one stands where it stood.

    The work is bounded, whatever the texts: what costs too much is shown paragraph by paragraph, or whole.
    """
    budget = Budget.new()
    before = {clause["id"]: clause for clause in old}
    after = {clause["id"]: clause for clause in new}
    moved = _moved([each for each in before if each in after], [each for each in after if each in before])
    numbers = {key: number for number, key in enumerate(before, start=1)}
    related = akin(_plain(before), _plain(after))
    removed = _removed(before, after, related, budget)
    found = removed.get("", [])
    for number, (key, clause) in enumerate(after.items(), start=1):
        change = _pair(
            before.get(key), clause, is_moved=key in moved, numbers=(numbers.get(key), number), budget=budget
        )
        found += [replace(change, akin=related.get(key, "")), *removed.get(key, [])]
    return found


def kept_changes(old: Sequence[Clause], new: Sequence[Clause]) -> tuple[ClauseChange, ...]:
    """Return the same, computed once for each pair of texts that this process was asked for lately.

    Published texts never change, and anybody may ask for their differences as often as they like.
    """
    return _kept_changes(json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False))


@lru_cache(maxsize=32)
def _kept_changes(old: str, new: str) -> tuple[ClauseChange, ...]:
    return tuple(clause_changes(json.loads(old), json.loads(new)))


def word_changes(old: str, new: str, budget: Budget | None = None) -> Words:
    """Return the new text in pieces, with what was taken away where it stood. Nothing is lost or written twice.

    Words are compared as far as the budget goes, then paragraphs; then all of the old is shown and all of the new.
    """
    if old == new or not old or not new:
        return _merged([(Op.SAME, new)] if old == new else _whole(old, new))
    left = budget or Budget.new()
    with suppress(TooMuch):
        return _compared(old, new, _words, left.words)
    with suppress(TooMuch):
        return _compared(old, new, _paragraphs, left.paragraphs)
    return _merged(_whole(old, new))


def _compared(old: str, new: str, tokens: Callable[[str], list[str]], steps: Steps) -> Words:
    before, after = tokens(old), tokens(new)
    matcher = Matcher([one.strip() or one for one in before], [one.strip() or one for one in after], steps)
    if matcher.quick_ratio() < _READABLE or matcher.ratio() < _READABLE:
        return _merged(_whole(old, new))
    pieces: Words = []
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            pieces += _equal(before[i1:i2], after[j1:j2])
        else:
            pieces += _whole("".join(before[i1:i2]), "".join(after[j1:j2]))
    return _merged(_without_crumbs(_merged(pieces)))


def _whole(old: str, new: str) -> Words:
    return [(Op.REMOVED, old), (Op.ADDED, new)]


def counts(changes: Sequence[ClauseChange]) -> dict[Change, int]:
    """Return how many clauses there are of each kind."""
    counted = Counter(change.kind for change in changes)
    return {kind: counted[kind] for kind in Change}


def to_agree(changes: Sequence[ClauseChange]) -> list[ClauseChange]:
    """Return the clauses whose text somebody who agreed to the old version has not agreed to yet."""
    return [change for change in changes if change.kind in {Change.CHANGED, Change.ADDED}]


def _pair(
    old: Clause | None,
    new: Clause | None,
    *,
    is_moved: bool,
    numbers: tuple[int | None, int | None],
    budget: Budget,
) -> ClauseChange:
    heading = word_changes(old["heading"] if old else "", new["heading"] if new else "", budget)
    words = word_changes(_text(old), _text(new), budget)
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


def _moved(before: list[str], after: list[str]) -> set[str]:
    """Return the fewest clauses whose moving explains the new order: all but the longest run that kept its order."""
    place = {key: number for number, key in enumerate(before)}
    ends: list[int] = []  # of the runs of each length the one that ends first: its last place, and its last clause
    last: list[str] = []
    previous: dict[str, str] = {}
    for key in after:
        length = bisect(ends, place[key])
        if length:
            previous[key] = last[length - 1]
        ends[length : length + 1] = [place[key]]
        last[length : length + 1] = [key]
    stayed, key = set(), last[-1] if last else ""
    while key:
        stayed.add(key)
        key = previous.get(key, "")
    return set(after) - stayed


def _removed(
    before: Mapping[str, Clause], after: Mapping[str, Clause], related: Mapping[str, str], budget: Budget
) -> dict[str, list[ClauseChange]]:
    """Return the removed clauses by the one behind which they stood and that stands still; "" is the beginning."""
    found: dict[str, list[ClauseChange]] = {}
    behind = ""
    for place, (key, clause) in enumerate(before.items(), start=1):
        if key in after:
            behind = key
        else:
            gone = _pair(clause, None, is_moved=False, numbers=(place, None), budget=budget)
            found.setdefault(behind, []).append(replace(gone, akin=related.get(key, "")))
    return found


def _text(clause: Clause | None) -> str:
    return BREAK.join(clause["paragraphs"]) if clause else ""


def _plain(clauses: Mapping[str, Clause]) -> dict[str, list[str]]:
    return {key: [word.strip() for word in _words(_text(each))] for key, each in clauses.items()}


def _words(text: str) -> list[str]:
    return _WORD.findall(text)


def _paragraphs(text: str) -> list[str]:
    return re.split(f"({BREAK})", text)


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
    found: list[tuple[Op, list[str]]] = []
    changed: dict[Op, list[str]] = {Op.REMOVED: [], Op.ADDED: []}

    def add(op: Op, text: str) -> None:
        if text and found and found[-1][0] is op:
            found[-1][1].append(text)
        elif text:
            found.append((op, [text]))

    def end_change() -> None:
        old, new = "".join(changed[Op.REMOVED]), "".join(changed[Op.ADDED])
        space = " " if old.endswith(" ") and new.endswith(" ") else ""
        cut = len(space)
        add(Op.REMOVED, old[: len(old) - cut])
        add(Op.ADDED, new[: len(new) - cut])
        add(Op.SAME, space)
        changed.update({Op.REMOVED: [], Op.ADDED: []})

    for op, text in pieces:
        if op is Op.SAME:
            end_change()
            add(op, text)
        else:
            changed[op].append(text)
    end_change()
    return [(op, "".join(texts)) for op, texts in found]


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
