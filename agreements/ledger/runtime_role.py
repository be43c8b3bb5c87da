"""The rights of the database role under which the site runs, as against the one that migrates. PostgreSQL only.

Whoever takes over a running process has this role: no tables made or changed, not even temporary ones, no triggers
dropped, nothing truncated, of the append-only tables nothing but reading and adding, and no decision deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from agreements.ledger.triggers import APPEND_ONLY

READ_ONLY: Final = ("django_migrations",)
NEVER_DELETED: Final = (
    "agreements_ledgerhead",
    "agreements_restoration",
    "agreements_reconciliation",
    "agreements_procedure",
    "agreements_affectedgrant",
    "agreements_destruction",
    "agreements_submission",
    "agreements_decision",
)


def statements(*, role: str, password: str, database: str, exists: bool) -> Sequence[sql.Composed]:
    """Return what the owner of the tables has to run after each migration; safe to run again."""
    name = sql.Identifier(role)
    make = sql.SQL("ALTER ROLE {} ") if exists else sql.SQL("CREATE ROLE {} ")
    limits = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD ")
    tables = [
        ("REVOKE UPDATE, DELETE ON {} FROM {}", APPEND_ONLY),
        ("REVOKE DELETE ON {} FROM {}", NEVER_DELETED),
        ("REVOKE INSERT, UPDATE, DELETE ON {} FROM {}", READ_ONLY),
    ]
    general = [
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM {}",
        "GRANT USAGE ON SCHEMA public TO {}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
    ]
    # Everybody may make temporary tables unless it is taken from everybody; the owner keeps it.
    temporary = sql.SQL("REVOKE TEMPORARY ON DATABASE {} FROM PUBLIC, {}")
    return [
        make.format(name) + limits + sql.Literal(password),
        temporary.format(sql.Identifier(database), name),
        *(sql.SQL(statement).format(name) for statement in general),
        *(sql.SQL(statement).format(sql.Identifier(table), name) for statement, names in tables for table in names),
    ]
