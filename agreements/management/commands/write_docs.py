"""Writes the pages of docs/ that are tables of the code: states, permissions, kinds of ledger rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agreements.applications import permissions as application_rules
from agreements.applications import states as application_states
from agreements.catalog import permissions as dataset_rules
from agreements.catalog.models import Dataset
from agreements.grants import how_long
from agreements.grants import permissions as grant_rules
from agreements.grants import states as grant_states
from agreements.ledger import field_types
from agreements.ledger.kinds import Kind
from agreements.ledger.payloads import PAYLOADS
from agreements.ledger.sentences import SENTENCES

NOTE: Final = "<!-- Written by `manage.py write_docs` from the tables in the code; edit those instead. -->"


class Command(BaseCommand):
    help = "Write the generated pages of docs/, or with --check say whether one is stale."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail if a page is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.BASE_DIR) / "docs"
        stale = []
        for name, make in PAGES.items():
            page, path = make(), folder / name
            if path.exists() and path.read_text(encoding="utf-8") == page:
                continue
            stale.append(name)
            if not options["check"]:
                path.write_text(page, encoding="utf-8")
                self.stdout.write(f"written: docs/{name}")
        if stale and options["check"]:
            raise CommandError(f"stale: {', '.join(stale)}; run manage.py write_docs")


def states_page() -> str:
    """Return docs/states.md."""
    parts = [
        "# States",
        NOTE,
        "What can happen to an application and to a grant. What is not in the table cannot happen.",
        "## Application",
        _transitions(application_states.TRANSITIONS),
        "## Grant",
        "A suspension has a cause; a grant resumes when the last one is closed.",
        _transitions(grant_states.TRANSITIONS),
    ]
    return "\n\n".join(parts) + "\n"


def permissions_page() -> str:
    """Return docs/permissions.md."""
    parts = [
        "# Permissions",
        NOTE,
        "Who may do what, per dataset. Nobody works on their own case: "
        + ", ".join(f"“{item}”" for item in sorted(application_rules.NOT_ON_ONES_OWN | grant_rules.NOT_ON_ONES_OWN))
        + " are closed to the person concerned, whatever roles they hold.",
        "## Application",
        _permissions(application_rules.TABLE, application_rules.Standing),
        "## Grant",
        _permissions(grant_rules.TABLE, grant_rules.Standing),
        "## Dataset",
        "The administrator is the site's; the system is a command run on the server.",
        _permissions(dataset_rules.TABLE, dataset_rules.Standing),
    ]
    return "\n\n".join(parts) + "\n"


def record_page() -> str:
    """Return docs/record.md."""
    rows = [(f"`{kind}`", str(kind.label), _fields(PAYLOADS[kind]), str(SENTENCES[kind])) for kind in Kind]
    named = [value for value in vars(field_types).values() if isinstance(value, field_types.FieldType)]
    types = [(type_.name, type_.words, f"`{json.dumps(type_.example)}`") for type_ in named]
    parts = [
        "# Kinds of ledger rows",
        NOTE,
        "Each row also has a sequence number, a time, an actor, the role in which they acted, the references of what "
        "it is about, the hash of the row before, and its own: SHA-256 of canonical JSON (see `ledger/chain.py`). "
        "[verifying.md](verifying.md) tells how to check an export of it without us.",
        "A row whose payload lacks a field, has another one or one of a wrong type is refused when it is written. The "
        "sentence is what people read; it is made when a page is drawn and is no part of what is hashed.",
        _table(("kind", "called", "payload", "sentence"), rows),
        "## Types of fields",
        "`or null` and `list of` are added to a type where a kind asks for it.",
        _table(("type", "is", "for example"), types),
    ]
    return "\n\n".join(parts) + "\n"


def _fields(fields: Mapping[str, field_types.FieldType]) -> str:
    return ", ".join(f"`{name}` {type_.name}" for name, type_ in fields.items())


def lifetimes_page() -> str:
    """Return docs/lifetimes.md."""
    rows = [(row.what, row.how_long, row.since, f"`{row.key}`" if row.key else "") for row in how_long.rows(Dataset())]
    parts = [
        "# How long things last",
        NOTE,
        "As it is for a dataset that sets nothing; the last column names the key of `dataset.toml` under `[rules]` "
        "that sets it (see [datasets.md](datasets.md)). The page of each dataset shows its own table.",
        _table(("what", "how long", "counted", "set by"), rows),
    ]
    return "\n\n".join(parts) + "\n"


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "states.md": states_page,
    "permissions.md": permissions_page,
    "record.md": record_page,
    "lifetimes.md": lifetimes_page,
}


def _transitions(table: Mapping[tuple[Any, Any], Any]) -> str:
    rows = [(f"`{state}`", str(step), f"`{target}`") for (state, step), target in table.items()]
    return _table(("from", "step", "to"), rows)


def _permissions(table: Mapping[Any, frozenset[Any]], standings: type[StrEnum]) -> str:
    head = ("may", *(str(standing) for standing in standings))
    rows = [(str(may), *("yes" if item in who else "" for item in standings)) for may, who in table.items()]
    return _table(head, rows)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(head), *([list(row) for row in rows])]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
