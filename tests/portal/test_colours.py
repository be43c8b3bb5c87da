"""The colours of the stylesheet keep the contrast of WCAG 2.2 AA, in light and in dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = Path(settings.BASE_DIR) / "portal" / "static" / "countersign" / "countersign.css"
TONES = ("good", "attention", "bad", "quiet", "accent")
TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3", "accent") for ground in ("page", "surface", "sunken")),
    *((tone, f"{tone}-soft") for tone in TONES),
    *((tone, ground) for tone in TONES for ground in ("surface", "page")),
    *((ink, f"{tone}-soft") for ink in ("ink", "ink-2") for tone in TONES),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-bad", "bad-fill"),
    ("accent-strong", "accent-soft"),
]
EDGE_PAIRS = [(edge, ground) for edge in ("line-strong", "focus") for ground in ("surface", "page")]


def tokens(scheme: str) -> dict[str, str]:
    css = CSS.read_text()
    dark = css.index("@media (prefers-color-scheme: dark)")
    light = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css[:dark]))
    if scheme == "light":
        return light
    return light | dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", css[dark : css.index("/* ---- page", dark)]))


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(scheme: str, ink: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_the_edges_of_fields_and_the_focus_ring_can_be_seen(scheme: str, edge: str, ground: str) -> None:
    colours = tokens(scheme)
    assert contrast(colours[edge], colours[ground]) >= 3
