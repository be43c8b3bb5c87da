"""The geometry of drawn charts: plain numbers, which a template turns into SVG. Colours are the stylesheet's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from django.utils.formats import localize

from agreements.flows.numbers import Figure

WIDTH: Final = 480
_LEFT, _RIGHT, _TOP, _BOTTOM = 44.0, 4.0, 10.0, 26.0
_HEIGHT: Final = 220.0
_ROW: Final = 30.0
_NAMES: Final = 150.0
_MOST_ROWS: Final = 15
_LABEL_EVERY: Final = 92.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A drawn bar: `tone` is its series', `title` is read aloud and shown on hovering."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Text:
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything to draw, in units of a box of `WIDTH` by `height`; `lines` are the heights of the grid."""

    height: float
    marks: tuple[Mark, ...]
    names: tuple[Text, ...]
    ticks: tuple[Text, ...] = ()
    lines: tuple[float, ...] = ()
    left_out: int = 0

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def left(self) -> float:
        return _LEFT


def draw(figure: Figure) -> Chart:
    """Return a chart: columns side by side over time, else one stacked bar for each label, the first fifteen."""
    return _columns(figure) if figure.over_time else _bars(figure)


def _columns(figure: Figure) -> Chart:
    top = _round_up(max((value or 0 for one in figure.series for value in one.values), default=0))
    height, step = _HEIGHT - _TOP - _BOTTOM, (WIDTH - _LEFT - _RIGHT) / len(figure.labels)
    width = min(step * 0.76 / len(figure.series), 26.0)
    marks, names = [], []
    shown_every = math.ceil(_LABEL_EVERY / step)
    for place, label in enumerate(figure.labels):
        middle = _LEFT + step * (place + 0.5)
        if (len(figure.labels) - 1 - place) % shown_every == 0:
            names.append(Text(_rounded(min(middle, WIDTH - 34)), _HEIGHT - 6, label))
        for number, one in enumerate(figure.series):
            if not (value := one.values[place]):
                continue
            tall = height * value / top
            x = middle + width * (number - len(figure.series) / 2)
            title = f"{label}, {one.name}: {localize(value)}"
            box = (_rounded(x), _rounded(_TOP + height - tall), _rounded(max(width - 1, 1)), _rounded(tall))
            marks.append(Mark(*box, one.tone, title))
    levels = [top * part / 4 for part in range(5)]
    heights = [_rounded(_TOP + height - height * level / top) for level in levels]
    ticks = [Text(_LEFT - 6, y + 4, localize(_short(level))) for level, y in zip(levels, heights, strict=True)]
    return Chart(_HEIGHT, tuple(marks), tuple(names), tuple(ticks), tuple(heights))


def _bars(figure: Figure) -> Chart:
    rows = figure.rows[:_MOST_ROWS]
    longest = max((sum(value or 0 for value in values) for _label, values in rows), default=0) or 1
    room = WIDTH - _NAMES - 44
    marks, names, ticks = [], [], []
    for place, (label, values) in enumerate(rows):
        x, y = _NAMES, _TOP + _ROW * place
        names.append(Text(_NAMES - 8, y + 15, label if len(label) <= 17 else f"{label[:16]}…"))
        for number, value in enumerate(values):
            if value:
                wide = room * value / longest
                title = f"{label}, {figure.series[number].name}: {localize(value)}"
                marks.append(Mark(_rounded(x), y, _rounded(max(wide - 1, 1)), 20, figure.series[number].tone, title))
                x += wide
        ticks.append(Text(_rounded(x + 6), y + 15, localize(_short(sum(value or 0 for value in values)))))
    left_out = max(len(figure.labels) - _MOST_ROWS, 0)
    return Chart(_TOP + _ROW * len(rows), tuple(marks), tuple(names), tuple(ticks), (), left_out)


def _round_up(value: float) -> float:
    """Return the next 4, 8, 12, 20, 40, ... (or a decimal part of these), so that a quarter of it is easily read."""
    if value <= 0:
        return 4.0
    power = 10.0 ** math.floor(math.log10(value / 4))
    for step in (1, 2, 3, 5, 10):
        if 4 * step * power >= value:
            break
    return 4 * step * power


def _short(value: float) -> float | int:
    return int(value) if value == int(value) else round(value, 3)


def _rounded(value: float) -> float:
    return round(value, 1)
