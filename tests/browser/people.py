"""Who sits at the browser, and what they type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A name and the address they sign in with."""

    name: str
    address: str


DETAILS = {
    "name": "Alice Zhang 张爱丽",
    "organization": "Hong Kong University of Science and Technology",
    "position": "PhD student",
    "address_line1": "Clear Water Bay Road",
    "address_line2": "Department of Computer Science",
    "city": "Hong Kong",
    "country": "HK",
}
SITE = {
    "site_department": "Visual Computing Laboratory",
    "site_city": "Hong Kong",
    "site_country": "HK",
    "intended_use": "Training and evaluating a model that renders people from few views, for a doctoral thesis.",
}
