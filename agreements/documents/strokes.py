"""A signature drawn with mouse, finger or pen, as the lines that were drawn: never a picture.

It comes from a browser as JSON, `[[[x, y], ...], ...]`: strokes of points in whole numbers, in a box of 1000 by 300
whose y goes down. Whatever else is sent is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from django.utils.translation import gettext as _

from agreements.core.errors import Invalid

WIDTH: Final = 1000
HEIGHT: Final = 300
MOST_STROKES: Final = 150
MOST_POINTS: Final = 6000
"""Of all strokes together; the page thins what a pen reports, and sends some hundreds."""
LONGEST_TEXT: Final = 80_000
"""Characters of JSON: more than the most points make."""
SHORTEST: Final = 120.0
"""The least length of all lines together, in the box's units: less is a slip of the hand."""

Point = tuple[int, int]
Strokes = tuple[tuple[Point, ...], ...]
Curve = tuple[Point | tuple[float, float], ...]


def parse(text: str) -> Strokes:
    """Return the strokes that a browser sent. Raises Invalid, also where nothing that counts was drawn."""
    if len(text) > LONGEST_TEXT:
        raise Invalid(_("The drawing has too many lines. Clear it and sign once more, as on paper."), field="strokes")
    try:
        sent = json.loads(text or "[]")
    except (ValueError, RecursionError):
        raise _not_read() from None
    return checked(sent)


def checked(sent: Any) -> Strokes:
    """Return strokes from plain values. Raises Invalid as `parse` does."""
    if not isinstance(sent, list) or not all(isinstance(stroke, list) and stroke for stroke in sent):
        raise _not_read()
    if len(sent) > MOST_STROKES or sum(map(len, sent)) > MOST_POINTS:
        raise Invalid(_("The drawing has too many lines. Clear it and sign once more, as on paper."), field="strokes")
    strokes = tuple(tuple(_point(each) for each in stroke) for stroke in sent)
    if length(strokes) < SHORTEST:
        raise Invalid(
            _("Nothing was drawn, or too little to be a signature. Draw it, or type your name."), field="strokes"
        )
    return strokes


def length(strokes: Strokes) -> float:
    """Return how long all lines are together, in the box's units."""
    return sum(math.dist(a, b) for stroke in strokes for a, b in pairwise(stroke))


def as_json(strokes: Strokes) -> list[list[list[int]]]:
    """Return strokes as `BrowserSignature.strokes` keeps them."""
    return [[[x, y] for x, y in stroke] for stroke in strokes]


def svg_path(strokes: Strokes) -> str:
    """Return the strokes as the `d` of an SVG path in the box of 1000 by 300."""
    return " ".join(_svg(stroke) for stroke in strokes)


def curves(stroke: Sequence[Point]) -> Iterator[Curve]:
    """Yield a stroke's line and curves, each as (start, control, end); smooth through the middles of its points."""
    at: tuple[float, float] = stroke[0]
    for corner, following in pairwise(stroke[1:]):
        middle = ((corner[0] + following[0]) / 2, (corner[1] + following[1]) / 2)
        yield (at, corner, middle)
        at = middle
    last = stroke[-1]
    yield (at, ((at[0] + last[0]) / 2, (at[1] + last[1]) / 2), last)


def _svg(stroke: Sequence[Point]) -> str:
    parts = [f"M{stroke[0][0]} {stroke[0][1]}"]
    parts += [f"Q{control[0]:g} {control[1]:g} {end[0]:g} {end[1]:g}" for _start, control, end in curves(stroke)]
    return "".join(parts)


def _point(sent: Any) -> Point:
    # bool is an int to Python, and none to us.
    if not isinstance(sent, list) or len(sent) != 2 or any(type(value) is not int for value in sent):
        raise _not_read()
    x, y = sent
    if not (0 <= x <= WIDTH and 0 <= y <= HEIGHT):
        raise _not_read()
    return x, y


def _not_read() -> Invalid:
    return Invalid(
        _("The drawing could not be read. Clear it and draw it once more, or type your name."), field="strokes"
    )
