"""Reading `terms/<version>.md`: a title and a date on top, then clauses with ids.

---
title: GeneBody Release Agreement
effective: 2026-01-01
---

## Research only {#research-only}

A paragraph. Another one follows after an empty line.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from agreements.catalog.source_errors import BadSource

_VERSION: Final = re.compile(r"[0-9]+(\.[0-9]+){0,2}")
_HEADING: Final = re.compile(r"## (?P<heading>.+?)\s+\{#(?P<id>[a-z0-9]+(-[a-z0-9]+)*)\}\s*")
_FRONT: Final = "---"
_KEYS: Final = ("title", "effective")


@dataclass(frozen=True, slots=True)
class TermsSource:
    """`text` is the file with LF line ends; `sha256` is of that text in UTF-8."""

    version: str
    title: str
    effective_from: dt.date
    clauses: list[dict[str, Any]]
    text: str

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()


@dataclass(slots=True)
class _Clause:
    id: str
    heading: str
    line: int
    paragraphs: list[str] = field(default_factory=list)


def read_all_terms(folder: Path) -> list[TermsSource]:
    """Read every version of a `terms` folder, oldest number first. Raises BadSource."""
    files = sorted(folder.glob("*.md")) if folder.is_dir() else []
    if not files:
        raise BadSource("terms", None, _("there is no version of the terms, such as terms/1.0.md."))
    found = [read_terms(path) for path in files]
    return sorted(found, key=lambda terms: order(terms.version))


def read_terms(path: Path) -> TermsSource:
    """Read one version. Raises BadSource with the line."""
    name = f"terms/{path.name}"
    if not is_version(path.stem):
        raise BadSource(name, None, _("the file is named after its version, such as 1.0.md."))
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        raise BadSource(name, None, _("the file is not UTF-8 text.")) from None
    return parse_terms(path.stem, text)


def parse_terms(version: str, text: str) -> TermsSource:
    """Read the text of one version, as its file holds it. Raises BadSource with the line."""
    name = f"terms/{version}.md"
    # Line ends are git's affair: the same words have the same digest on every system.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    front, start = _front_matter(name, lines)
    clauses = _clauses(name, lines, start)
    title, effective = front["title"], front["effective"]
    try:
        date = dt.date.fromisoformat(effective[1])
    except ValueError:
        raise BadSource(name, effective[0], _("effective must be a date such as 2026-01-01.")) from None
    return TermsSource(
        version=version,
        title=title[1],
        effective_from=date,
        clauses=[{"id": c.id, "heading": c.heading, "paragraphs": c.paragraphs} for c in clauses],
        text=text,
    )


def is_version(text: str) -> bool:
    """Return whether this can name a version: one to three numbers, such as 1.0."""
    return _VERSION.fullmatch(text) is not None


def order(version: str) -> tuple[int, int, int]:
    """Return what sorts versions: 1.9 comes before 1.10, and 1.0 is 1.0.0."""
    first, second, third = [*(int(part) for part in version.split(".")), 0, 0][:3]
    return first, second, third


def _front_matter(name: str, lines: list[str]) -> tuple[dict[str, tuple[int, str]], int]:
    """Return key -> (line, value), and the index of the first line after it."""
    if lines[0].strip() != _FRONT:
        raise BadSource(name, 1, _("the file begins with a line ---, then title and effective, then --- again."))
    found: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines[1:], start=2):
        if line.strip() == _FRONT:
            for key in _KEYS:
                if key not in found:
                    raise BadSource(name, 1, _("%(key)s is missing between the lines ---.") % {"key": key})
            return found, number
        key, colon, value = line.partition(":")
        if key.strip() not in _KEYS or not colon or not value.strip():
            raise BadSource(name, number, _("only title: and effective: stand here, each with a value."))
        found[key.strip()] = (number, value.strip())
    raise BadSource(name, 1, _("the second line --- is missing."))


def _clauses(name: str, lines: list[str], start: int) -> list[_Clause]:
    clauses: list[_Clause] = []
    paragraph: list[str] = []

    def end_paragraph() -> None:
        if paragraph:
            clauses[-1].paragraphs.append(" ".join(paragraph))
            paragraph.clear()

    for number, line in enumerate(lines[start:], start=start + 1):
        if line.startswith("#"):
            end_paragraph() if clauses else None
            clauses.append(_heading(name, number, line, clauses))
        elif not line.strip():
            end_paragraph() if clauses else None
        elif not clauses:
            raise BadSource(name, number, _("text before the first clause; it would belong to none."))
        else:
            paragraph.append(line.strip())
    if not clauses:
        raise BadSource(name, None, _("there is no clause: ## Heading {#id}."))
    end_paragraph()
    for clause in clauses:
        if not clause.paragraphs:
            raise BadSource(name, clause.line, _("clause %(id)s has no text.") % {"id": clause.id})
    return clauses


def _heading(name: str, number: int, line: str, before: list[_Clause]) -> _Clause:
    found = _HEADING.fullmatch(line)
    if found is None:
        raise BadSource(name, number, _("a clause begins with a line such as: ## Research only {#research-only}"))
    if any(clause.id == found["id"] for clause in before):
        raise BadSource(name, number, _("the clause id %(id)s is used twice.") % {"id": found["id"]})
    return _Clause(id=found["id"], heading=found["heading"], line=number)
