"""Reading `dataset.toml`. Each key is documented in docs/datasets.md; every error names file, line and key."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _

from agreements.catalog.models import Access
from agreements.catalog.source_errors import BadSource
from agreements.catalog.toml_lines import TOP, Lines, Place, find_lines

FILE: Final = "dataset.toml"

_SLUG: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PREFIX: Final = re.compile(r"[A-Z]{2,4}")
_TYPE_NAMES: Final[Mapping[type, str]] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    dt.date: "a date such as 2027-06-30",
}
# Tables that occur several times: [[subsets]].
_LISTS: Final = frozenset({"subsets", "statistics", "annotations"})
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SubsetSource:
    slug: str
    title: str
    summary: str
    access: Access
    announced_for: dt.date | None


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """`fields` are those of the Dataset model; `preview` is a file name beside dataset.toml, or empty."""

    slug: str
    fields: Mapping[str, Any]
    subsets: tuple[SubsetSource, ...]
    preview: str


class Table:
    """One table of the file: hands out its keys, checked, and at the end refuses those it does not know."""

    def __init__(self, values: Mapping[str, Any], place: Place, lines: Lines) -> None:
        self._values = values
        self._place = place
        self._lines = lines
        self._known: set[str] = set()

    def need(self, key: str, kind: type[T]) -> T:
        """Return a value that must be there."""
        if key not in self._values:
            self._known.add(key)
            raise BadSource(
                FILE,
                self._lines.of_table(self._place),
                _("%(table)s has no %(key)s (%(type)s).")
                % {"table": self._name(), "key": key, "type": _TYPE_NAMES[kind]},
            )
        value = self.have(key, kind, None)
        assert value is not None
        return value

    def have(self, key: str, kind: type[T], default: T | None) -> T | None:
        """Return a value that may be there, or the default."""
        self._known.add(key)
        if key not in self._values:
            return default
        value = self._values[key]
        # In Python true is a number and a moment is a date; in this file they are not.
        if type(value) is not kind:
            self.refuse(key, _("%(key)s must be %(type)s.") % {"key": key, "type": _TYPE_NAMES[kind]})
        assert isinstance(value, kind)
        return value

    def text(self, key: str, *, most: int | None = None, empty: str | None = None) -> str:
        """Return a text without surrounding space; with `empty`, it need not be there."""
        value = (self.need(key, str) if empty is None else self.have(key, str, empty) or "").strip()
        if not value and empty is None:
            self.refuse(key, _("%(key)s is empty.") % {"key": key})
        if most is not None and len(value) > most:
            self.refuse(key, _("%(key)s has more than %(most)d characters.") % {"key": key, "most": most})
        return value

    def number(self, key: str, default: int, *, least: int = 1, most: int = 36_500) -> int:
        value = self.have(key, int, default)
        assert value is not None
        if not least <= value <= most:
            self.refuse(
                key,
                _("%(key)s must be from %(least)d to %(most)d.") % {"key": key, "least": least, "most": most},
            )
        return value

    def optional_number(self, key: str, *, most: int = 36_500) -> int | None:
        """Return a whole number from 1, or None where the key is not there."""
        given = self.have(key, int, None)
        return None if given is None else self.number(key, given, most=most)

    def matching(self, key: str, pattern: re.Pattern[str], example: str) -> str:
        value = self.text(key)
        if not pattern.fullmatch(value):
            self.refuse(key, _("%(key)s must look like %(example)s.") % {"key": key, "example": example})
        return value

    def address(self, key: str, value: str) -> str:
        try:
            validate_email(value)
        except ValidationError:
            self.refuse(key, _("%(value)s is not an e-mail address.") % {"value": repr(value)})
        return value

    def url(self, key: str) -> str:
        value = self.text(key, empty="")
        try:
            if value:
                URLValidator(schemes=["https", "http"])(value)
        except ValidationError:
            self.refuse(key, _("%(value)s is not a web address.") % {"value": repr(value)})
        return value

    def table(self, key: str, *, optional: bool = False) -> Table:
        values = (self.have(key, dict, {}) if optional else self.need(key, dict)) or {}
        return Table(values, (key, 0), self._lines)

    def tables(self, key: str) -> list[Table]:
        found = self.have(key, list, []) or []
        if any(not isinstance(item, dict) for item in found):
            self.refuse(key, _("%(key)s is written as tables: [[%(key)s]].") % {"key": key})
        return [Table(values, (key, number), self._lines) for number, values in enumerate(found)]

    def refuse(self, key: str, problem: str) -> None:
        raise BadSource(FILE, self._lines.of_key(self._place, key), problem)

    def done(self) -> None:
        """Refuse what was not asked for: a misspelt optional key would otherwise be lost without a word."""
        for key in self._values:
            if key not in self._known:
                close = get_close_matches(key, self._known, n=1)
                hint = " " + _("Is it %(key)s?") % {"key": close[0]} if close else ""
                self.refuse(key, _("%(key)s is not known in %(table)s.") % {"key": key, "table": self._name()} + hint)

    def _name(self) -> str:
        name, number = self._place
        if not name:
            return _("the file")
        return f"[[{name}]] ({number + 1})" if name in _LISTS else f"[{name}]"


def read_dataset(path: Path) -> DatasetSource:
    """Read a dataset's file. Raises BadSource."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BadSource(FILE, None, _("there is no such file in %(folder)s.") % {"folder": path.parent}) from None
    except UnicodeDecodeError:
        raise BadSource(FILE, None, _("the file is not UTF-8 text.")) from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        raise BadSource(FILE, int(line[1]) if line else None, str(error)) from None
    return _dataset(Table(values, TOP, find_lines(text)))


def _dataset(top: Table) -> DatasetSource:
    slug = top.matching("slug", _SLUG, "genebody")
    fields = {
        "reference_prefix": top.matching("reference_prefix", _PREFIX, "GB"),
        "title": top.text("title", most=120),
        "tagline": top.text("tagline", most=200, empty=""),
        "summary": top.text("summary"),
        "organization": top.text("organization", most=200),
        "citation": top.text("citation", empty=""),
        "homepage": top.url("homepage"),
        "layout": (top.have("layout", str, "") or "").strip("\n"),
        **_contact(top.table("contact")),
        **_rules(top.table("rules", optional=True)),
        "statistics": [_row(table, ("value", "label")) for table in top.tables("statistics")],
        "annotations": [_row(table, ("name", "path", "text")) for table in top.tables("annotations")],
    }
    preview = top.table("preview", optional=True)
    file = preview.text("file", empty="")
    if file and (Path(file).name != file):
        preview.refuse("file", _("the picture must lie beside dataset.toml."))
    fields["preview_alt"] = preview.text("alt", most=200) if file else ""
    preview.done()
    subsets = tuple(_subset(table) for table in top.tables("subsets"))
    _check_subsets(top, subsets)
    top.done()
    return DatasetSource(slug, fields, subsets, file)


def _contact(table: Table) -> dict[str, Any]:
    copies = table.have("copy", list, []) or []
    if any(not isinstance(item, str) for item in copies):
        table.refuse("copy", _("copy must be a list of e-mail addresses."))
    found = {
        "contact_address": table.address("address", table.text("address")),
        "copy_addresses": [table.address("copy", item) for item in copies],
        "mail_subject": table.text("mail_subject", most=120),
    }
    table.done()
    return found


def _rules(table: Table) -> dict[str, Any]:
    address_days = table.number("address_days", 365, least=0)
    found = {
        "approvals_needed": table.number("approvals_needed", 1, most=5),
        "reviewers_decide_on_own_organization": table.have("reviewers_decide_on_own_organization", bool, True),
        "link_lifetime_hours": table.number("link_lifetime_hours", 168, most=24 * 366),
        "grant_days": table.optional_number("grant_days"),
        "draft_days": table.number("draft_days", 90),
        "expected_wait_days": table.number("expected_wait_days", 7, most=365),
        "max_members": table.number("max_members", 10, least=0, most=100),
        "destroy_days": table.number("destroy_days", 14, most=365),
        "address_days": address_days or None,
        "forget_days": table.optional_number("forget_days"),
        "copy_years": table.optional_number("copy_years", most=100),
    }
    table.done()
    return found


def _subset(table: Table) -> SubsetSource:
    access = table.text("access")
    if access not in Access.values:
        table.refuse("access", _("access must be one of %(values)s.") % {"values": ", ".join(Access.values)})
    date = table.have("announced_for", dt.date, None)
    if date is not None and access != Access.ANNOUNCED:
        table.refuse("announced_for", _("announced_for belongs to a subset whose access is announced."))
    found = SubsetSource(
        slug=table.matching("slug", _SLUG, "train40"),
        title=table.text("title", most=120),
        summary=table.text("summary", empty=""),
        access=Access(access),
        announced_for=table.need("announced_for", dt.date) if access == Access.ANNOUNCED else None,
    )
    table.done()
    return found


def _check_subsets(top: Table, subsets: tuple[SubsetSource, ...]) -> None:
    if not subsets:
        top.refuse("subsets", _("the dataset has no [[subsets]]."))
    slugs = [subset.slug for subset in subsets]
    for table, slug in zip(top.tables("subsets"), slugs, strict=True):
        if slugs.count(slug) > 1:
            table.refuse("slug", _("two subsets are called %(slug)s.") % {"slug": slug})


def _row(table: Table, keys: tuple[str, ...]) -> dict[str, str]:
    row = {key: table.text(key) for key in keys}
    table.done()
    return row
