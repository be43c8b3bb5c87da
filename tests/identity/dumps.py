"""Dumps of ROR as tests need them: a few records, or as many as the whole registry has."""

from __future__ import annotations

import json
import random
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def ror_id(number: int) -> str:
    """Return an id of the registry's shape."""
    letters = "0123456789abcdefghjkmnpqrstvwxyz"
    middle = "".join(letters[(number >> shift) & 31] for shift in range(25, -5, -5))
    return f"0{middle}{number % 97:02d}"


def record(number: int, name: str, **more: Any) -> dict[str, Any]:
    """Return a record of schema v2.1; `more`: other_names, types, country, city, domains, website, parent, related,
    child (numbers), status."""
    names: list[dict[str, Any]] = [{"value": name, "types": ["ror_display", "label"], "lang": "en"}]
    names += [{"value": other, "types": ["alias"], "lang": None} for other in more.get("other_names", [])]
    relations = [
        {"type": kind, "label": "", "id": f"https://ror.org/{ror_id(other)}"}
        for kind in ("parent", "related", "child")
        for other in more.get(kind, [])
    ]
    website = more.get("website")
    websites = [website] if isinstance(website, str) else website or []
    return {
        "admin": {"created": {"date": "2018-11-14", "schema_version": "1.0"}},
        "domains": more.get("domains", []),
        "established": 1991,
        "external_ids": [{"type": "isni", "all": ["0000 0004 1937 1450"], "preferred": None}],
        "id": f"https://ror.org/{ror_id(number)}",
        "links": [{"type": "website", "value": each} for each in websites]
        + [{"type": "wikipedia", "value": "https://en.wikipedia.org/wiki/Somewhere"}],
        "locations": [
            {
                "geonames_id": 1819729,
                "geonames_details": {
                    "country_code": more.get("country", "HK"),
                    "country_name": "Hong Kong",
                    "name": more.get("city", "Hong Kong"),
                    "lat": 22.3,
                    "lng": 114.2,
                },
            }
        ],
        "names": names,
        "relationships": relations,
        "status": more.get("status", "active"),
        "types": more.get("types", ["education"]),
    }


def write(path: Path, records: Iterable[dict[str, Any]], *, inside: str = "") -> Path:
    """Write the records as JSON, or as a zip of such a file where the name ends in .zip."""
    if path.suffix != ".zip":
        path.write_text(json.dumps(list(records), ensure_ascii=False, indent=2), encoding="utf-8")
        return path
    member = inside or f"{path.stem}_schema_v2.json"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(member, "w") as file:
        for number, each in enumerate(records):
            file.write((b",\n" if number else b"[\n") + json.dumps(each, ensure_ascii=False, indent=4).encode())
        file.write(b"]")
    return path


def many(count: int) -> Iterator[dict[str, Any]]:
    """Yield records like the registry's: two names each, most with a domain or a website, some with a parent."""
    chance = random.Random(20250403)
    subjects = ("Technology", "Medicine", "Physics", "Agriculture", "Marine Science", "Economics", "Arts", "Law")
    for number in range(count):
        place = "".join(chance.choices("bcdfghklmnprstvz", k=1) + chance.choices("aeiou", k=1)).title() + "".join(
            chance.choices("aeioulnrst", k=6)
        )
        subject = chance.choice(subjects)
        domain = f"{place.lower()}{number}.{chance.choice(('edu', 'ac.uk', 'de', 'edu.cn', 'org', 'fr'))}"
        draw = chance.random()
        yield record(
            number,
            f"{place} {chance.choice(('University', 'Institute', 'Centre'))} of {subject} {number}",
            other_names=[f"Université de {subject} à {place}", f"{place[:2]}U{number}"],
            domains=[domain] if draw < 0.7 else [],
            website=f"https://www.{domain}/" if draw < 0.95 else None,
            country=chance.choice(("US", "GB", "DE", "CN", "FR", "JP", "IN", "BR")),
            city=place,
            parent=[number // 10] if number and draw > 0.8 else [],
            status="active" if draw < 0.99 else "withdrawn",
        )
