"""SQL that makes tables append-only, for the two databases we run on.

SQLite drops triggers when a migration rebuilds their table, so a test reads them from the catalogue after all
migrations. `INSERT OR REPLACE` deletes without firing SQLite's delete triggers, whichever unique column (or the hidden
rowid) the new row meets an old one in, hence the insert trigger.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# table -> its unique columns; those that are unique together are joined by a plus sign
APPEND_ONLY: Final[Mapping[str, tuple[str, ...]]] = {
    "agreements_ledgerentry": ("sequence", "hash"),
    "agreements_ledgersubject": ("id", "entry_id+role"),
    "agreements_downloadopened": ("id",),
    "agreements_downloadclosed": ("opened_id",),
}


def install_statements(vendor: str) -> list[str]:
    """Return the statements that put the triggers there. Raises KeyError for another database."""
    make = {"postgresql": _postgresql, "sqlite": _sqlite}[vendor]
    return [statement for table, unique in APPEND_ONLY.items() for statement in make(table, unique)]


def remove_statements(vendor: str) -> list[str]:
    """Return the statements that take them away again (a reversed migration)."""
    names = [(table, name) for table in APPEND_ONLY for name in trigger_names(vendor, table)]
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {name} ON {table}" for table, name in names]
    return [f"DROP TRIGGER IF EXISTS {name}" for _, name in names]


def trigger_names(vendor: str, table: str) -> tuple[str, ...]:
    """Return the names of the triggers that a table must have on a database."""
    acts = ("change", "truncate") if vendor == "postgresql" else ("update", "delete", "replace")
    return tuple(f"{table}_refuses_{act}" for act in acts)


def installed_query(vendor: str) -> str:
    """Return a query for the names of all triggers that exist and are enabled."""
    if vendor == "postgresql":
        return "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    return "SELECT name FROM sqlite_master WHERE type = 'trigger'"


def _postgresql(table: str, _unique: tuple[str, ...]) -> list[str]:
    change, truncate = trigger_names("postgresql", table)
    return [
        # No percent sign: the driver would take it for a placeholder.
        "CREATE OR REPLACE FUNCTION agreements_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
        f"CREATE TRIGGER {change} BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION agreements_refuse_change()",
        f"CREATE TRIGGER {truncate} BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION agreements_refuse_change()",
    ]


def _sqlite(table: str, unique: tuple[str, ...]) -> list[str]:
    update, delete, replace = trigger_names("sqlite", table)
    met = " OR ".join(
        "(" + " AND ".join(f"{column} = NEW.{column}" for column in together.split("+")) + ")"
        for together in (*unique, "rowid")
    )
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
    return [
        f"CREATE TRIGGER {update} BEFORE UPDATE ON {table} BEGIN {refuse}; END",
        f"CREATE TRIGGER {delete} BEFORE DELETE ON {table} BEGIN {refuse}; END",
        f"CREATE TRIGGER {replace} BEFORE INSERT ON {table} "
        f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {met}) BEGIN {refuse}; END",
    ]
