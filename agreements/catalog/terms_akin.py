"""Where the words of a clause came from, or went, that only one of two versions of the terms has. Pure.

Every such clause is held against every clause of the other version; an index of words says first which could be meant,
so that only those are compared run by run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Final

_ALIKE: Final = 0.5
"""Share of a clause's words that must stand together in another one for it to be called where they came from."""

Texts = Mapping[str, Sequence[str]]
"""The words of each clause, by its id, without the spaces around them."""


def akin(before: Texts, after: Texts) -> dict[str, str]:
    """Return where an added clause's words came from (split, or its id was changed), and where a removed one's went."""
    found = {}
    for here, there in ((after, before), (before, after)):
        index = _index(there)
        for key, words in here.items():
            if key not in there and (nearest := _nearest(words, there, index)):
                found[key] = nearest
    return found


def _index(texts: Texts) -> dict[str, Counter[str]]:
    """Return for each word how often it stands in which text."""
    index: dict[str, Counter[str]] = defaultdict(Counter)
    for key, words in texts.items():
        for word in words:
            index[word][key] += 1
    return index


def _nearest(mine: Sequence[str], others: Texts, index: Mapping[str, Counter[str]]) -> str:
    """Return which of the texts has most of these words, or an empty text if none has enough of them."""
    shared: Counter[str] = Counter()
    for word, times in Counter(mine).items():
        for key, there in index.get(word, {}).items():
            shared[key] += min(times, there)
    nearest, best = "", 0.0
    for key, most in shared.most_common():
        # No text has more of them in runs than it has of them at all.
        if most / len(mine) < max(_ALIKE, best):
            break
        if (share := _share(mine, others[key])) >= _ALIKE and share > best:
            nearest, best = key, share
    return nearest


def _share(mine: Sequence[str], theirs: Sequence[str]) -> float:
    """Return which share of a text's words stands in another one, in runs of three and more: less is chance."""
    blocks = SequenceMatcher(None, mine, theirs, False).get_matching_blocks()
    return sum(block.size for block in blocks if block.size >= 3) / len(mine)
