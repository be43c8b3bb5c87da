"""Where the words of a clause came from, or went, that only one of two versions of the terms has. Pure.

Every such clause is held against every clause of the other version; an index of words says first which could be meant,
so that only those are compared run by run. That ends after `_STEPS`: then the clauses that are left have no relation.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agreements.catalog.terms_matching import Steps, TooMuch

_ALIKE: Final = 0.5
"""Share of a clause's words that must stand together in another one for it to be called where they came from."""

_RUN: Final = 3
"""So many words in a row: fewer is chance."""
_STEPS: Final = 1_500_000
"""Words looked up in the index and runs compared, about a second's; terms as people write them take some thousands."""

Texts = Mapping[str, Sequence[str]]
"""The words of each clause, by its id, without the spaces around them."""


def akin(before: Texts, after: Texts) -> dict[str, str]:
    """Return where an added clause's words came from (split, or its id was changed), and where a removed one's went."""
    found: dict[str, str] = {}
    steps = Steps(_STEPS)
    try:
        for here, there in ((after, before), (before, after)):
            alone = [key for key in here if key not in there]
            index = _index(there) if alone else {}
            for key in alone:
                if nearest := _nearest(here[key], there, index, steps):
                    found[key] = nearest
    except TooMuch:
        pass
    return found


def _index(texts: Texts) -> dict[str, Counter[str]]:
    """Return for each word how often it stands in which text."""
    index: dict[str, Counter[str]] = defaultdict(Counter)
    for key, words in texts.items():
        for word in words:
            index[word][key] += 1
    return index


def _nearest(mine: Sequence[str], others: Texts, index: Mapping[str, Counter[str]], steps: Steps) -> str:
    """Return which of the texts has most of these words, or an empty text if none has enough of them."""
    shared: Counter[str] = Counter()
    for word, times in Counter(mine).items():
        holding: Mapping[str, int] = index.get(word, {})
        steps.take(1 + len(holding))
        for key, there in holding.items():
            shared[key] += min(times, there)
    nearest, best = "", 0.0
    for key, most in shared.most_common():
        if most / len(mine) < max(_ALIKE, best):
            break
        steps.take(len(mine) + len(others[key]))
        if (share := _share(mine, others[key])) >= _ALIKE and share > best:
            nearest, best = key, share
    return nearest


def _share(mine: Sequence[str], theirs: Sequence[str]) -> float:
    """Return which share of a text's words stands in another one, in runs of three and more: less is chance."""
    known = set(_runs(theirs))
    covered = bytearray(len(mine))
    for place, run in enumerate(_runs(mine)):
        if run in known:
            covered[place : place + _RUN] = b"\1" * _RUN
    return sum(covered) / len(mine)


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(_RUN)), strict=False)
