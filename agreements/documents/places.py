"""Where on the pages of an agreement something is to be signed or filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = "signature"
"""The box of the signature; other places are named as the form fields that lie in them."""


@dataclass(frozen=True, slots=True)
class Place:
    """A box: its page from 1, its corner and size in points from the lower left of the page."""

    page: int
    x: float
    y: float
    width: float
    height: float


def as_json(places: Mapping[str, Place]) -> dict[str, list[float]]:
    """Return places as `IssuedAgreement.places` keeps them, to a hundredth of a point."""
    return {
        name: [float(place.page), *(round(value, 2) for value in (place.x, place.y, place.width, place.height))]
        for name, place in places.items()
    }


def from_json(kept: Mapping[str, list[float]]) -> dict[str, Place]:
    """Return places from what was kept."""
    return {name: Place(int(page), x, y, width, height) for name, (page, x, y, width, height) in kept.items()}
