"""Matching two sequences of words within a number of steps, so that no two texts can keep a page waiting. Pure.

difflib has no bound of its own: on words that come again and again its time grows faster than the square of their
number. The steps counted here are those of its inner loop, so that the bound is the same on every machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate
from typing import Final

_FOR_ONE: Final = 600_000
"""Steps that one clause may take of what its comparison has: the clauses after it are compared word by word, too."""


class TooMuch(Exception):
    """The steps are used up."""


@dataclass(slots=True)
class Steps:
    """How many steps are left."""

    left: int

    def take(self, steps: int) -> None:
        """Take so many steps. Raises TooMuch, before they are made, where there are not as many."""
        if steps > self.left:
            raise TooMuch
        self.left -= steps


@dataclass(slots=True)
class Budget:
    """What one comparison of two versions may cost: 2,000,000 steps take about a second."""

    words: Steps
    paragraphs: Steps

    @classmethod
    def new(cls) -> Budget:
        return cls(words=Steps(2_000_000), paragraphs=Steps(200_000))


class Matcher(SequenceMatcher[str]):
    """A SequenceMatcher of all words, also of frequent ones, whose methods raise TooMuch."""

    def __init__(self, before: Sequence[str], after: Sequence[str], steps: Steps) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._end = len(before)
        self._steps = steps
        self._own = Steps(_FOR_ONE)
        # Before each word of `before`: how many steps all the words in front of it take.
        there = Counter(after)
        self._cost = list(accumulate((1 + there[word] for word in before), initial=0))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """Return the same as SequenceMatcher does, after taking the steps that it will need."""
        cost = self._cost[self._end if ahi is None else ahi] - self._cost[alo]
        self._own.take(cost)
        self._steps.take(cost)
        return super().find_longest_match(alo, ahi, blo, bhi)
